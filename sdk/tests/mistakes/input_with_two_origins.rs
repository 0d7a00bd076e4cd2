use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    #[tag(account, "risk_level")]
    risk: i64,
}

fn main() {}
