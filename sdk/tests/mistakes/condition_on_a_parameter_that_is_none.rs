use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(count, by = "account", span = "1m", only(amount < larges))]
    small: u64,
    #[window(count, by = "account", span = "1m", only(amount >= steps, amount = steps))]
    stepped: u64,
}

#[derive(Parameters)]
struct Limits {
    largest: Decimal,
    steps: Vec<Decimal>,
}

#[derive(Reasons)]
enum Reason {
    #[reason(block, "{small} small amounts")]
    Many,
}

/// Stops many small amounts.
#[rules]
fn many(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    hits.when(seen.small > limits.steps.len() as u64, Reason::Many);
}

fn main() {}
