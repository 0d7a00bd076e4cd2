//! The mistake: input without an origin.

use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    amount: Decimal,
}

fn main() {}
