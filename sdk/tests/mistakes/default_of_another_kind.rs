use sandgate_sdk::prelude::*;

#[derive(Parameters)]
struct Limits {
    #[parameter(default = 1)]
    name: String,
    #[parameter(default = "yes")]
    on: bool,
    #[parameter(default = "lots")]
    largest: Decimal,
    #[parameter(default = "tomorrow")]
    from: Instant,
    #[parameter(default = 1)]
    levels: Vec<i64>,
}

fn main() {}
