use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    amount: Decimal,
}

#[derive(Parameters)]
struct Limits {
    #[parameter(default = "100")]
    amount: Decimal,
}

#[derive(Reasons)]
enum Reason {
    #[reason(block, "amount {amount} is large")]
    Large,
}

/// Stops large amounts.
#[rules]
fn large(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    hits.when(seen.amount > limits.amount, Reason::Large);
}

fn main() {}
