use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(count, by = "account", spam = "1m")]
    recent: u64,
    #[window(cuont, by = "account", span = "1m")]
    misspelt: u64,
}

fn main() {}
