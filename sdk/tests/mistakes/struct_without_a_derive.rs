use sandgate_sdk::prelude::*;

struct Seen {
    amount: Decimal,
}

#[derive(Reasons)]
enum Reason {
    #[reason(block, "large")]
    Large,
}

/// Stops large amounts.
#[rules]
fn large(seen: &Seen, hits: &mut Hits<Reason>) {
    hits.when(seen.amount > 5, Reason::Large);
}

fn main() {}
