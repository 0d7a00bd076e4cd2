//! A policy that gives a score. `README.md` is for those who use it; this file is
//! all of it: what it reads, what a tenant may set, and how a score comes about.

use sandgate_sdk::model::probability;
use sandgate_sdk::prelude::*;

/// What the policy reads of a transaction, and nothing else reaches it.
#[derive(Inputs)]
pub struct Seen {
    /// A field of the transaction. A transaction without it is a fault.
    #[field(scale = 2, minimum = "0")]
    pub amount: Decimal,
    /// A window: how many transactions the account made in the hour up to this one.
    #[window(count, by = "account", span = "1h")]
    pub last_hour: u64,
    /// A window: how many the account made with this device before this one, in 90 days.
    #[window(count, by("account", "device"), span = "90d", previous, default = 0)]
    pub on_device: u64,
}

/// What a tenant may set, within these bounds, without a new build.
#[derive(Parameters)]
pub struct Weights {
    /// The logit of a transaction of which nothing is known; -4 is one in 55.
    #[parameter(default = -4.0, minimum = -100, maximum = 100)]
    pub intercept: f64,
    /// What each 1,000 of the amount add to it.
    #[parameter(default = 0.25, minimum = -100, maximum = 100)]
    pub per_thousand: f64,
    /// What each transaction of the last hour adds to it.
    #[parameter(default = 0.5, minimum = -100, maximum = 100)]
    pub per_transaction: f64,
    /// What a device adds to it that the account never used before.
    #[parameter(default = 1.5, minimum = -100, maximum = 100)]
    pub new_device: f64,
}

/// Scores how probable fraud is, by amount, pace and device.
#[scoring(minimum = 0, maximum = 1, risky = "high", contributions)]
pub fn template_scoring(seen: &Seen, weights: &Weights, moved: &mut Contributions<Seen>) -> f64 {
    moved.amount = weights.per_thousand * seen.amount.to_f64() / 1000.0;
    moved.last_hour = weights.per_transaction * seen.last_hour as f64;
    moved.on_device = if seen.on_device == 0 { weights.new_device } else { 0.0 };
    probability(weights.intercept + moved.amount + moved.last_hour + moved.on_device)
}

/// The function itself: quick, and good for tables of what a score is made of.
/// `tests/component.rs` and `cases/` are about what is shipped.
#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: Weights = Weights { intercept: -4.0, per_thousand: 0.25, per_transaction: 0.5, new_device: 1.5 };

    fn score(amount: Decimal, last_hour: u64, on_device: u64) -> f64 {
        template_scoring(&Seen { amount, last_hour, on_device }, &WEIGHTS, &mut Default::default())
    }

    #[test]
    fn an_even_logit_is_an_even_chance() {
        // -4 + 0.25 * 2 + 0.5 * 4 + 1.5 = 0
        assert_eq!(score(decimal!(2_000), 4, 0), 0.5);
    }

    #[test]
    fn more_faster_and_newer_is_more_probable() {
        let usual = score(decimal!(50), 1, 12);
        assert!(usual < 0.05, "{usual}");
        for more in [score(decimal!(5_000), 1, 12), score(decimal!(50), 9, 12), score(decimal!(50), 1, 0)] {
            assert!(more > usual, "{more}");
        }
    }

    #[test]
    fn contributions_say_what_moved_the_score() {
        let mut moved: Contributions<Seen> = Default::default();
        let seen = Seen { amount: decimal!(1_000), last_hour: 2, on_device: 0 };
        template_scoring(&seen, &WEIGHTS, &mut moved);
        assert_eq!((moved.amount, moved.last_hour, moved.on_device), (0.25, 1.0, 1.5));
    }
}
