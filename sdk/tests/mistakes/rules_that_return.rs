use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    amount: Decimal,
}

/// Stops large amounts.
#[rules]
fn large(seen: &Seen) -> bool {
    seen.amount > 5
}

fn main() {}
