//! Stops subscriptions that are too large or come too fast. `README.md` is for
//! those who use it.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// What is paid in, by this transaction alone.
    #[field]
    pub amount: Decimal,
    /// What kind of trade it is.
    #[field]
    pub trade_type: &'a str,
    /// The account's subscriptions of the last minute, this one included.
    #[window(count, by = "account", span = "1m", only(trade_type = ["subscribe", "申购", "认购"]))]
    pub last_minute: u64,
    /// The account's subscriptions of the running day in China, this one included.
    #[window(
        count,
        by = "account",
        calendar(day, "Asia/Shanghai"),
        only(trade_type = ["subscribe", "申购", "认购"])
    )]
    pub today: u64,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// One subscription is at most this.
    #[parameter(default = "1000000", minimum = "0")]
    pub largest: Decimal,
    /// So many subscriptions a minute are allowed.
    #[parameter(default = 3)]
    pub per_minute: u64,
    /// So many subscriptions a day are allowed.
    #[parameter(default = 5)]
    pub per_day: u64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// One subscription is too large.
    #[reason(block, "amount {amount} is over {largest}")]
    LargeAmount,
    /// Too many subscriptions at once.
    #[reason(block, "{last_minute} subscriptions in the last minute, {per_minute} allowed")]
    Burst,
    /// Too many subscriptions on one day.
    #[reason(review, "{today} subscriptions today, {per_day} allowed")]
    BusyDay,
}

/// Stops subscriptions that are too large or come too fast.
#[rules]
pub fn subscription_limits(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    // the words of the windows above: subscribed to a running fund, or to one that is being raised
    if !matches!(seen.trade_type, "subscribe" | "申购" | "认购") {
        return;
    }
    hits.when(seen.amount > limits.largest, Reason::LargeAmount);
    hits.when(seen.last_minute > limits.per_minute, Reason::Burst);
    hits.when(seen.today > limits.per_day, Reason::BusyDay);
}

#[cfg(test)]
mod tests {
    use super::{Limits, Reason, Seen, subscription_limits};
    use sandgate_sdk::prelude::*;

    const LIMITS: Limits = Limits { largest: decimal!(1000000), per_minute: 3, per_day: 5 };

    fn codes(trade_type: &str, amount: Decimal, last_minute: u64, today: u64, limits: &Limits) -> Vec<&'static str> {
        let mut hits: Hits<Reason> = Hits::new();
        subscription_limits(&Seen { amount, trade_type, last_minute, today }, limits, &mut hits);
        hits.codes()
    }

    #[test]
    fn every_limit_is_allowed_and_what_is_over_it_is_not() {
        let table: [(Decimal, u64, u64, &[&str]); 8] = [
            // amount, in the last minute, today
            (decimal!(1), 1, 1, &[]),
            (decimal!(1000000), 3, 5, &[]),
            (decimal!(1000000.0001), 1, 1, &["LARGE_AMOUNT"]),
            (decimal!(1), 4, 4, &["BURST"]),
            (decimal!(1), 1, 6, &["BUSY_DAY"]),
            (decimal!(1), 4, 6, &["BURST", "BUSY_DAY"]),
            (decimal!(1000001), 4, 4, &["LARGE_AMOUNT", "BURST"]),
            (decimal!(1000001), 40, 60, &["LARGE_AMOUNT", "BURST", "BUSY_DAY"]),
        ];
        for (amount, last_minute, today, expected) in table {
            for word in ["subscribe", "申购", "认购"] {
                let found = codes(word, amount, last_minute, today, &LIMITS);
                assert_eq!(found, expected, "{word}: {amount}, {last_minute}, {today}");
            }
        }
    }

    #[test]
    fn other_trades_are_none_of_its_business() {
        for word in ["赎回", "转换", "redeem", "Subscribe", ""] {
            assert!(codes(word, decimal!(5000000), 40, 60, &LIMITS).is_empty(), "{word}");
        }
    }

    #[test]
    fn a_tenant_moves_every_limit() {
        let strict = Limits { largest: decimal!(99.5), per_minute: 0, per_day: 1 };
        assert_eq!(codes("subscribe", decimal!(99.5), 0, 1, &strict), [""; 0]);
        assert_eq!(codes("subscribe", decimal!(99.51), 1, 2, &strict), ["LARGE_AMOUNT", "BURST", "BUSY_DAY"]);
    }

    #[test]
    fn the_manifest_counts_this_one_too_and_by_the_day_of_china() {
        let manifest = subscription_limits::MANIFEST;
        assert!(manifest.contains(r#""zone":"Asia/Shanghai""#), "{manifest}");
        assert!(!manifest.contains(r#""current":false"#), "{manifest}");
    }
}
