use sandgate_sdk::prelude::*;

#[derive(Parameters)]
struct Limits {
    #[parameter(default = "0.005", scale = 2)]
    least: Decimal,
    #[parameter(default = 5, scale = 2)]
    level: i64,
    #[parameter(default = "1", scale = 19)]
    fine: Decimal,
}

fn main() {}
