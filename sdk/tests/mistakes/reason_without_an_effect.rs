use sandgate_sdk::prelude::*;

#[derive(Reasons)]
enum Reason {
    #[reason("amount is large")]
    Large,
    #[reason(block)]
    Silent,
    Bare,
    #[reason(block, weight = "20", "heavy")]
    Heavy,
}

fn main() {}
