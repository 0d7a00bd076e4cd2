use sandgate_sdk::prelude::*;

#[derive(Reasons)]
enum Reason {
    #[reason(block, "amount is large")]
    Large(i64),
}

fn main() {}
