use sandgate_sdk::prelude::*;

#[derive(Parameters)]
struct Limits {
    largest: Option<Decimal>,
}

fn main() {}
