//! Scores how probable it is that a script subscribes, by logistic regression.
//! `README.md` is for those who use it, and says where the coefficients are from.
//!
//! The intercept is the contribution of `trade_type`: what being a subscription
//! says by itself. So the contributions of a decision add up to its logit, and
//! whoever doubts a score needs nothing but the decision.

use sandgate_sdk::model::probability;
use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// What kind of trade it is.
    #[field]
    pub trade_type: &'a str,
    /// The account's subscriptions of the last minute, this one included.
    #[window(count, by = "account", span = "1m", only(trade_type = ["subscribe", "申购", "认购"]))]
    pub last_minute: u64,
    /// The account's subscriptions of the last 30 days, this one included.
    #[window(count, by = "account", span = "30d", only(trade_type = ["subscribe", "申购", "认购"]))]
    pub last_30_days: u64,
    /// What the account did on this device before the last hour: where that is
    /// nothing, the device is new to it. Without the delay a script's own first
    /// order would make its device a known one.
    #[window(count, by("account", "device"), span = "90d", delay = "1h", default = 0)]
    pub on_device: u64,
}

/// What a tenant may set: the coefficients of the regression.
#[derive(Parameters)]
pub struct Coefficients {
    /// The logit of a subscription of which nothing else is known.
    #[parameter(default = -8.48, minimum = -100, maximum = 100)]
    pub intercept: f64,
    /// What each subscription of the last minute adds.
    #[parameter(default = 2.15, minimum = -100, maximum = 100)]
    pub per_last_minute: f64,
    /// What each subscription of the last 30 days adds.
    #[parameter(default = 0.17, minimum = -100, maximum = 100)]
    pub per_last_30_days: f64,
    /// What a device adds that is new to the account.
    #[parameter(default = 1.69, minimum = -100, maximum = 100)]
    pub new_device: f64,
}

/// Scores how probable it is that a script subscribes.
#[scoring(
    minimum = 0,
    maximum = 1,
    risky = "high",
    contributions,
    summary = "the probability of a script; contributions add up to its logit"
)]
pub fn script_detector(seen: &Seen, coefficients: &Coefficients, moved: &mut Contributions<Seen>) -> f64 {
    // the words of the windows above; another trade is no subscription of a script
    if !matches!(seen.trade_type, "subscribe" | "申购" | "认购") {
        return 0.0;
    }
    moved.trade_type = coefficients.intercept;
    moved.last_minute = coefficients.per_last_minute * seen.last_minute as f64;
    moved.last_30_days = coefficients.per_last_30_days * seen.last_30_days as f64;
    moved.on_device = if seen.on_device == 0 { coefficients.new_device } else { 0.0 };
    probability(moved.trade_type + moved.last_minute + moved.last_30_days + moved.on_device)
}

#[cfg(test)]
mod tests {
    use super::{Coefficients, Seen, script_detector};
    use sandgate_sdk::prelude::*;

    const COEFFICIENTS: Coefficients =
        Coefficients { intercept: -4.0, per_last_minute: 1.5, per_last_30_days: 0.25, new_device: 2.0 };

    fn scored(trade_type: &str, last_minute: u64, last_30_days: u64, on_device: u64) -> (f64, [f64; 4]) {
        let mut moved: Contributions<Seen> = Default::default();
        let seen = Seen { trade_type, last_minute, last_30_days, on_device };
        let score = script_detector(&seen, &COEFFICIENTS, &mut moved);
        (score, [moved.trade_type, moved.last_minute, moved.last_30_days, moved.on_device])
    }

    #[test]
    fn contributions_add_up_to_the_logit() {
        let table: [(u64, u64, u64, [f64; 4]); 4] = [
            // in the last minute, in 30 days, on the device
            (1, 1, 9, [-4.0, 1.5, 0.25, 0.0]),
            (1, 1, 0, [-4.0, 1.5, 0.25, 2.0]),
            (3, 20, 1, [-4.0, 4.5, 5.0, 0.0]),
            (0, 0, 0, [-4.0, 0.0, 0.0, 2.0]),
        ];
        for (last_minute, last_30_days, on_device, expected) in table {
            for word in ["subscribe", "申购", "认购"] {
                let (score, moved) = scored(word, last_minute, last_30_days, on_device);
                assert_eq!(moved, expected);
                let logit = (score / (1.0 - score)).ln();
                assert!((logit - moved.iter().sum::<f64>()).abs() < 1e-12, "{logit} and {moved:?}");
            }
        }
    }

    #[test]
    fn more_and_newer_is_never_less_probable() {
        let score = |minute, days, device| scored("申购", minute, days, device).0;
        for count in 0..50 {
            assert!(score(count, 5, 1) <= score(count + 1, 5, 1));
            assert!(score(1, count, 1) <= score(1, count + 1, 1));
            assert!(score(count, count, 1) <= score(count, count, 0));
            assert_eq!(score(1, 1, 1), score(1, 1, count + 1), "known is known");
        }
        assert!(score(u64::MAX, u64::MAX, 0) <= 1.0);
    }

    #[test]
    fn what_is_no_subscription_scores_nothing() {
        for word in ["赎回", "转换", "redeem", "SUBSCRIBE", ""] {
            assert_eq!(scored(word, 40, 400, 0), (0.0, [0.0; 4]), "{word}");
        }
    }

    #[test]
    fn the_manifest_looks_at_the_device_before_the_last_hour() {
        let manifest = script_detector::MANIFEST;
        assert!(manifest.contains(r#""by":["account","device"]"#), "{manifest}");
        assert!(manifest.contains(r#""delay":"1h""#), "{manifest}");
    }
}
