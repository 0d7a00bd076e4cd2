use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[tag(account, "risk_level", default = 1)]
    risk: Option<i64>,
}

fn main() {}
