//! A policy of rules. `README.md` is for those who use it; this file is all of
//! it: what it reads, what a tenant may set, what it may answer, and the rules.

use sandgate_sdk::prelude::*;

/// What the policy reads of a transaction, and nothing else reaches it.
#[derive(Inputs)]
pub struct Seen {
    /// A field of the transaction. A transaction without it is a fault.
    #[field(scale = 2)]
    pub amount: Decimal,
    /// A window: how many transactions the account made in the minute up to this one.
    #[window(count, by = "account", span = "1m")]
    pub last_minute: u64,
    /// A tag: what is stored about the account; an account without one has level 1.
    #[tag(account, "risk_level", default = 1, minimum = 0)]
    pub risk_level: i64,
}

/// What a tenant may set, within these bounds, without a new build.
#[derive(Parameters)]
pub struct Limits {
    /// A single amount may be this much.
    #[parameter(default = "10000", minimum = "0", scale = 2)]
    pub largest: Decimal,
    /// So many transactions in a minute are allowed.
    #[parameter(default = 5, minimum = 1)]
    pub per_minute: u64,
    /// From this level on an account is risky.
    #[parameter(default = 3, minimum = 1)]
    pub risky_from: i64,
}

/// What the policy may answer. The texts are for the people who read decisions.
#[derive(Reasons, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `LARGE_AMOUNT` in decisions.
    #[reason(block, "amount {amount} is over {largest}")]
    LargeAmount,
    /// `BURST` in decisions.
    #[reason(block, "{last_minute} transactions in the last minute, {per_minute} allowed")]
    Burst,
    /// `RISKY_ACCOUNT` in decisions.
    #[reason(review, weight = 20, "the account has risk level {risk_level}")]
    RiskyAccount,
}

/// Stops large amounts and bursts, and asks for a look at risky accounts.
#[rules]
pub fn template_rules(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    hits.when(seen.amount > limits.largest, Reason::LargeAmount);
    hits.when(seen.last_minute > limits.per_minute, Reason::Burst);
    hits.when(seen.risk_level >= limits.risky_from, Reason::RiskyAccount);
}

/// The function itself: quick, and good for tables of what is just allowed and
/// just not. `tests/component.rs` and `cases/` are about what is shipped.
#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { largest: decimal!(10_000), per_minute: 5, risky_from: 3 };

    fn codes(amount: Decimal, last_minute: u64, risk_level: i64) -> Vec<&'static str> {
        let mut hits = Hits::new();
        template_rules(&Seen { amount, last_minute, risk_level }, &LIMITS, &mut hits);
        hits.codes()
    }

    #[test]
    fn what_is_just_allowed_passes() {
        assert!(codes(decimal!(10_000), 5, 2).is_empty());
    }

    #[test]
    fn each_rule_holds_just_beyond_its_limit() {
        assert_eq!(codes(decimal!(10_000.01), 5, 2), ["LARGE_AMOUNT"]);
        assert_eq!(codes(decimal!(10_000), 6, 2), ["BURST"]);
        assert_eq!(codes(decimal!(10_000), 5, 3), ["RISKY_ACCOUNT"]);
    }

    #[test]
    fn rules_add_up() {
        assert_eq!(codes(decimal!(99_999), 6, 3), ["LARGE_AMOUNT", "BURST", "RISKY_ACCOUNT"]);
    }
}
