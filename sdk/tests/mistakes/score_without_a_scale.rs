use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    amount: f64,
}

/// Scores amounts.
#[scoring(minimum = 1, maximum = 0, risky = "up", contributions)]
fn upside_down(seen: &Seen) -> f64 {
    seen.amount
}

/// Scores amounts.
#[scoring]
fn bare(seen: &Seen) -> f64 {
    seen.amount
}

fn main() {}
