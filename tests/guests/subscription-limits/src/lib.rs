//! The example of the contract: twenty lines that use a field, a text read in
//! place, a window, a tag, parameters and reasons. Its size is checked.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// What is moved.
    #[field]
    pub amount: Decimal,
    /// What kind of trade it is.
    #[field("trade_type")]
    pub kind: &'a str,
    /// The subscriptions of the last minute, this one included.
    #[window(count, by = "account", span = "1m", only(trade_type = "subscribe"))]
    pub recent: u64,
    /// The account's risk level.
    #[tag(account, "risk_level", default = 1)]
    pub risk: i64,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// The largest subscription.
    #[parameter(default = "1000000", minimum = "0")]
    pub largest: Decimal,
    /// How many subscriptions a minute may bring.
    #[parameter(default = 3, minimum = 1)]
    pub per_minute: u64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// One subscription is too large.
    #[reason(block, "amount {amount} is over {largest}")]
    LargeAmount,
    /// Too many subscriptions at once.
    #[reason(block, "{recent} subscriptions in a minute, {per_minute} allowed")]
    Burst,
}

/// Stops oversized subscriptions and scripted bursts.
#[rules]
pub fn subscription_limits(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    let largest = if seen.risk > 2 { decimal!(0) } else { limits.largest };
    hits.when(seen.kind == "subscribe" && seen.amount > largest, Reason::LargeAmount);
    hits.when(seen.recent > limits.per_minute, Reason::Burst);
}

#[cfg(test)]
mod tests {
    use super::{Limits, Reason, Seen, subscription_limits};
    use sandgate_sdk::prelude::*;

    #[test]
    fn both_limits_are_exclusive() {
        let limits = Limits { largest: decimal!(100), per_minute: 3 };
        let table: [(Decimal, u64, &[&str]); 4] = [
            (decimal!(100), 3, &[]),
            (decimal!(100.0001), 3, &["LARGE_AMOUNT"]),
            (decimal!(100), 4, &["BURST"]),
            (decimal!(101), 4, &["LARGE_AMOUNT", "BURST"]),
        ];
        for (amount, recent, expected) in table {
            let mut hits: Hits<Reason> = Hits::new();
            subscription_limits(&Seen { amount, kind: "subscribe", recent, risk: 1 }, &limits, &mut hits);
            assert_eq!(hits.codes(), expected, "{amount}, {recent}");
        }
    }
}
