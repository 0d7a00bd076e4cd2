use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(count, by = "account", span = "60")]
    recent: u64,
    #[window(count, by = "account", session("2d", longest = "1d"))]
    session: u64,
    #[window(count, by = "account", calendar(year, "UTC"))]
    year: u64,
}

fn main() {}
