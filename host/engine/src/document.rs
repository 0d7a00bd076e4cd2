//! A tenant's policy set as a person wrote it: names and texts, nothing looked
//! up yet. Files are read into it, and later whatever else a set comes from.

use crate::breaker::Limits;
use crate::quota::Quota;
use crate::standing::Band;
use sandgate_model::{Effect, Outcome};
use sandgate_sandbox::Policy;

/// A policy set before it is resolved.
#[derive(Clone, Debug)]
pub struct Document {
    /// The tenant's name.
    pub tenant: String,
    /// Fields that its policies may not use, in no place.
    pub deny: Vec<String>,
    /// Fields stored with every event, for windows to come.
    pub keep: Vec<String>,
    /// Whether windows that the set adds get what was before them, as far as it is kept.
    pub backfill: bool,
    /// What a tag that could not be looked up means.
    pub missing_tag: MissingTag,
    /// Outcomes over the sum of weights.
    pub bands: Vec<Band>,
    /// What is done while shared series cannot be asked.
    pub missing_state: MissingState,
    /// What it may take of each lane.
    pub quota: Quota,
    /// The stages in order.
    pub stages: Vec<Stage>,
}

/// What a tenant wants while shared series cannot be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingState {
    /// Its partitions wait until they can.
    #[default]
    Wait,
    /// It decides without them: inputs that need them are faults, and each decision says so.
    Decide,
}

impl MissingState {
    /// The one of a word in a tenant's file.
    pub fn of_word(word: &str) -> Option<MissingState> {
        match word {
            "wait" => Some(MissingState::Wait),
            "decide" => Some(MissingState::Decide),
            _ => None,
        }
    }
}

/// What a tag that could not be looked up means, because no tier could be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingTag {
    /// As if there were none: the policy's declared default stands in.
    #[default]
    Default,
    /// A fault of the policies that read it: their fallback stands in.
    Fault,
}

/// One stage: all its policies run.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name, unique in the set.
    pub name: String,
    /// The outcome from which on the stages behind it are skipped.
    pub stop_at: Option<Outcome>,
    /// Its policies in order.
    pub members: Vec<Member>,
}

/// A policy in a stage, as the tenant set it up.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name in this set, unique in the set.
    pub name: String,
    /// The component; `None` where it could not be loaded, which was reported already.
    pub policy: Option<Policy>,
    /// The budget of one transaction, in units of fuel.
    pub fuel: u64,
    /// What stands in for a verdict when the policy faults.
    pub fallback: Fallback,
    /// Parameters that are not left at their default.
    pub parameters: Vec<(String, Given)>,
    /// Reasons whose effect or weight the tenant changes.
    pub reasons: Vec<(String, Remap)>,
    /// Outcomes by score, for a scoring policy.
    pub thresholds: Thresholds,
    /// When it is taken out; `None` for never.
    pub breaker: Option<Limits>,
}

/// A value as written in a file: a number keeps its digits, so that a decimal
/// is never a float on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// True or false.
    Flag(bool),
    /// A number as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// A list of values.
    List(Vec<Given>),
}

/// What a tenant changes about a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remap {
    /// The effect in place of the policy's.
    pub effect: Option<Effect>,
    /// The weight in place of the policy's.
    pub weight: Option<i64>,
}

/// From which score on which outcome is asked for; at or beyond it on the risky
/// side of the policy's scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// The score that asks for a review.
    pub review: Option<f64>,
    /// The score that asks for a block.
    pub block: Option<f64>,
}

/// What stands in for a verdict: an outcome by the amount of the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Outcomes for amounts below a bound, the bounds rising.
    pub below: Vec<(sandgate_model::Decimal, Outcome)>,
    /// The outcome for every other amount, and where there is none.
    pub otherwise: Outcome,
}

impl Fallback {
    /// The same outcome whatever the amount.
    pub fn always(outcome: Outcome) -> Fallback {
        Fallback { below: Vec::new(), otherwise: outcome }
    }

    /// The weakest outcome that it can give.
    pub fn weakest(&self) -> Outcome {
        self.below.iter().map(|(_, outcome)| *outcome).fold(self.otherwise, Outcome::min)
    }

    /// The outcome for a transaction of this amount.
    pub fn outcome(&self, amount: Option<sandgate_model::Decimal>) -> Outcome {
        amount
            .and_then(|amount| self.below.iter().find(|(bound, _)| amount < *bound))
            .map_or(self.otherwise, |(_, outcome)| *outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::Fallback;
    use sandgate_model::{Decimal, Outcome};

    #[test]
    fn a_fallback_goes_by_the_amount_and_is_strict_without_one() {
        let amount = |units| Decimal { units, scale: 2 };
        let fallback = Fallback {
            below: vec![(amount(1_000), Outcome::Allow), (amount(10_000), Outcome::Review)],
            otherwise: Outcome::Block,
        };
        let table = [
            (Some(amount(-1)), Outcome::Allow),
            (Some(amount(999)), Outcome::Allow),
            (Some(amount(1_000)), Outcome::Review),
            (Some(amount(10_000)), Outcome::Block),
            (None, Outcome::Block),
        ];
        for (given, outcome) in table {
            assert_eq!(fallback.outcome(given), outcome, "{given:?}");
        }
        assert_eq!(fallback.weakest(), Outcome::Allow);
        assert_eq!(Fallback::always(Outcome::Block).weakest(), Outcome::Block);
    }
}
