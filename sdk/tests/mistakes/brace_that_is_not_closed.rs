use sandgate_sdk::prelude::*;

#[derive(Reasons)]
enum Reason {
    #[reason(block, "amount {amount is large")]
    Large,
    #[reason(block, "amount {amount:>8} is large")]
    Padded,
}

fn main() {}
