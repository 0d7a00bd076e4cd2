//! Stops large amounts of risky accounts: the higher the level, the lower the
//! amount that is too much. `README.md` is for those who use it.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// What is moved, of this transaction alone.
    #[field]
    pub amount: Decimal,
    /// How risky the account is.
    #[tag(account, "risk_level", default = 1, minimum = 0)]
    pub level: i64,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// A medium amount is more than this.
    #[parameter(default = "5000", minimum = "0")]
    pub medium: Decimal,
    /// A large amount is more than this.
    #[parameter(default = "10000", minimum = "0")]
    pub large: Decimal,
    /// From this level on a medium amount is stopped.
    #[parameter(default = 2, minimum = 0)]
    pub medium_level: i64,
    /// From this level on a large amount is stopped.
    #[parameter(default = 3, minimum = 0)]
    pub large_level: i64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// A large amount of an account at the higher level.
    #[reason(block, "amount {amount} is over {large}, and the account's risk level is {level}")]
    LargeAmount,
    /// A medium amount of an account at the lower level.
    #[reason(block, "amount {amount} is over {medium}, and the account's risk level is {level}")]
    MediumAmount,
    /// The tenant's limits contradict each other, so nothing can be let through.
    #[reason(block, final, "the limits contradict each other: medium {medium} is over large {large}")]
    LimitsContradict,
}

/// Stops large amounts of risky accounts.
#[rules]
pub fn account_risk(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    if limits.medium > limits.large {
        hits.add(Reason::LimitsContradict);
        return;
    }
    let large = seen.amount > limits.large;
    let medium = seen.amount > limits.medium && !large;
    hits.when(large && seen.level >= limits.large_level, Reason::LargeAmount);
    hits.when(medium && seen.level >= limits.medium_level, Reason::MediumAmount);
}

#[cfg(test)]
mod tests {
    use super::{Limits, Reason, Seen, account_risk};
    use sandgate_sdk::prelude::*;

    fn limits() -> Limits {
        Limits { medium: decimal!(5000), large: decimal!(10000), medium_level: 2, large_level: 3 }
    }

    fn codes(amount: Decimal, level: i64, limits: &Limits) -> Vec<&'static str> {
        let mut hits: Hits<Reason> = Hits::new();
        account_risk(&Seen { amount, level }, limits, &mut hits);
        hits.codes()
    }

    #[test]
    fn amounts_and_levels_are_weighed_together() {
        let table: [(Decimal, [&[&str]; 4]); 7] = [
            // level             0    1    2                   3
            (decimal!(0), [&[], &[], &[], &[]]),
            (decimal!(5000), [&[], &[], &[], &[]]),
            (decimal!(5000.0001), [&[], &[], &["MEDIUM_AMOUNT"], &["MEDIUM_AMOUNT"]]),
            (decimal!(10000), [&[], &[], &["MEDIUM_AMOUNT"], &["MEDIUM_AMOUNT"]]),
            (decimal!(10000.0001), [&[], &[], &[], &["LARGE_AMOUNT"]]),
            (decimal!(1000000), [&[], &[], &[], &["LARGE_AMOUNT"]]),
            (decimal!(-20000), [&[], &[], &[], &[]]),
        ];
        for (amount, expected) in table {
            for (level, expected) in expected.into_iter().enumerate() {
                assert_eq!(codes(amount, level as i64, &limits()), expected, "{amount} at level {level}");
            }
        }
        assert_eq!(codes(decimal!(10001), 9, &limits()), ["LARGE_AMOUNT"]);
    }

    #[test]
    fn a_tenant_moves_every_limit() {
        let strict = Limits { medium: decimal!(10), large: decimal!(20.5), medium_level: 0, large_level: 0 };
        assert_eq!(codes(decimal!(10), 0, &strict), Vec::<&str>::new());
        assert_eq!(codes(decimal!(20.5), 0, &strict), ["MEDIUM_AMOUNT"]);
        assert_eq!(codes(decimal!(20.51), 0, &strict), ["LARGE_AMOUNT"]);
    }

    #[test]
    fn limits_that_contradict_each_other_let_nothing_through() {
        let contradicting = Limits { medium: decimal!(10001), ..limits() };
        assert_eq!(codes(decimal!(1), 1, &contradicting), ["LIMITS_CONTRADICT"]);
    }

    #[test]
    fn the_manifest_names_what_it_reads() {
        for word in [r#""name":"account-risk""#, r#""attribute":"risk_level""#, r#""default":1"#] {
            assert!(account_risk::MANIFEST.contains(word), "{word}");
        }
    }
}
