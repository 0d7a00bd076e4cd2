use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(count, span = "1m")]
    recent: u64,
}

fn main() {}
