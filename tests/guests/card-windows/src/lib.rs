//! The six windows whose values a published set of card transactions carries:
//! how many payments a customer made in the last 1, 7 and 30 days, and their mean
//! amount, each with the payment itself.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// Payments of the last day.
    #[window(count, by = "customer", span = "1d")]
    pub count_1d: u64,
    /// Their mean amount.
    #[window(mean, of = "amount", by = "customer", span = "1d")]
    pub mean_1d: f64,
    /// Payments of the last 7 days.
    #[window(count, by = "customer", span = "7d")]
    pub count_7d: u64,
    /// Their mean amount.
    #[window(mean, of = "amount", by = "customer", span = "7d")]
    pub mean_7d: f64,
    /// Payments of the last 30 days.
    #[window(count, by = "customer", span = "30d")]
    pub count_30d: u64,
    /// Their mean amount.
    #[window(mean, of = "amount", by = "customer", span = "30d")]
    pub mean_30d: f64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// Far more than usual.
    #[reason(note, "{count_1d} payments in a day, {count_30d} in 30 days")]
    Busy,
}

/// Notes customers that are busy.
#[rules]
pub fn card_windows(seen: &Seen, hits: &mut Hits<Reason>) {
    hits.when(seen.count_1d > 8 && seen.mean_1d > seen.mean_30d, Reason::Busy);
    hits.when(seen.count_7d > 60 && seen.mean_7d > seen.mean_30d, Reason::Busy);
}
