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

#[rules]
fn large(seen: &Seen, hits: &mut Hits<Reason>) {
    hits.when(seen.amount > 5, Reason::Large);
}

fn main() {}
