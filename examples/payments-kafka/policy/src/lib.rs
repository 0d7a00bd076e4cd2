//! Holds what is known of an account against its payment: money that was settled,
//! payments that came back as fraud, and the price that it was quoted. Each comes
//! from a topic of its own, which is observed and not judged.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// What is to be paid.
    #[field]
    pub amount: Decimal,
    /// At which price.
    #[field]
    pub price: Option<Decimal>,
    /// What was settled in 30 days: money that moved, and not what was tried.
    #[window(sum, of = "amount", by = "account", span = "30d", sources("settlements"))]
    pub settled: Decimal,
    /// Payments that came back as fraud in 90 days.
    #[window(count, by = "account", span = "90d", sources("labels"))]
    pub charged_back: u64,
    /// The price that the account was quoted last, today.
    #[window(latest, of = "price", by = "account", span = "1d", sources("prices"))]
    pub quoted: Option<Decimal>,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// From so many payments that came back on, nothing passes.
    #[parameter(default = 2, minimum = 1)]
    pub most_charged_back: u64,
    /// An account that has settled nothing pays at most this without a look.
    #[parameter(default = "500")]
    pub largest_first: Decimal,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// Known fraud.
    #[reason(block, "{charged_back} payments came back in 90 days")]
    ChargedBack,
    /// Much, by somebody who has never paid.
    #[reason(review, "{amount} by an account that has settled {settled} in 30 days")]
    FirstMoney,
    /// Another price than was quoted.
    #[reason(review, "the price is {price}, and {quoted} was quoted")]
    OtherPrice,
}

/// Holds what is known against a payment.
#[rules]
pub fn known_money(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    hits.when(seen.charged_back >= limits.most_charged_back, Reason::ChargedBack);
    hits.when(seen.settled.is_zero() && seen.amount > limits.largest_first, Reason::FirstMoney);
    // a payment without a price, and one that nobody quoted, have nothing to differ
    let differs = matches!((seen.price, seen.quoted), (Some(price), Some(quoted)) if price != quoted);
    hits.when(differs, Reason::OtherPrice);
}
