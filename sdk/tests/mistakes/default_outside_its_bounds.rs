use sandgate_sdk::prelude::*;

#[derive(Parameters)]
struct Limits {
    #[parameter(default = "0.5", minimum = "1")]
    largest: Decimal,
    #[parameter(default = [1, 2, 9], maximum = 5)]
    levels: Vec<i64>,
    #[parameter(default = 300)]
    level: u8,
    #[parameter(default = "c", any_of = ["a", "b"])]
    mode: String,
}

fn main() {}
