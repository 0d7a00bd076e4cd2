use sandgate_sdk::prelude::*;

const LARGEST: Decimal = decimal!(1e6);

fn main() {}
