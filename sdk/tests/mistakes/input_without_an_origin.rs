use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    amount: Decimal,
}

fn main() {}
