use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(count, by = "account")]
    recent: u64,
    #[window(count, by = "account", span = "1m", tumbling = "1h")]
    twice: u64,
    #[window(count, by = "account", tumbling = "1h", closed)]
    edge: u64,
}

fn main() {}
