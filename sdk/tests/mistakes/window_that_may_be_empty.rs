use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(last_seen, by = "account", span = "7d", previous)]
    before: Instant,
}

fn main() {}
