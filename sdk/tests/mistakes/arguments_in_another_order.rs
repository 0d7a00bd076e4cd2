use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    amount: Decimal,
}

#[derive(Reasons)]
enum Reason {
    #[reason(block, "amount {amount} is large")]
    Large,
}

/// Stops large amounts.
#[rules]
fn large(hits: &mut Hits<Reason>, seen: Seen) {
    hits.when(seen.amount > 5, Reason::Large);
}

fn main() {}
