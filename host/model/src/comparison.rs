//! What two policy sets made of transactions, as counts that can be added up: of a
//! candidate beside the active set over the same transactions (a shadow), or of both
//! over accounts of their own (a canary). Hosts count apart and are added up where they
//! meet, so nothing in here is a rate.

mod money;
mod spread;

pub use money::Money;
pub use spread::Spread;

use crate::{Decimal, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most examples that are kept: the latest ones.
pub const EXAMPLES_MAX: usize = 10;
/// Most reasons that are counted one by one.
pub const REASONS_MAX: usize = 128;
/// Most bytes of a text of an example, and most reasons of one.
const TEXT_MAX: usize = 128;
const LIST_MAX: usize = 8;

/// What one set made of its transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Side {
    /// Decisions by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; 3],
    /// Their amounts.
    pub amounts: [Money; 3],
    /// Decisions in which a policy gave no verdict.
    pub faulted: u64,
    /// Of each call of all its policies: fuel for a transaction.
    pub fuel: Spread,
    /// Likewise, nanoseconds for a transaction.
    pub time: Spread,
}

/// So many transactions, and their amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// Of how much.
    pub amount: Money,
}

/// How far scores of the same policy moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Scores that both sets gave.
    pub count: u64,
    /// The sum of what the candidate's are higher by.
    pub sum: f64,
    /// The biggest difference, up or down.
    pub biggest: f64,
}

/// A transaction about which the sets differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// Its id.
    pub transaction: String,
    /// Whose it is.
    pub account: String,
    /// Its amount.
    pub amount: Option<Money>,
    /// What the active set decided.
    pub from: Outcome,
    /// What the candidate would have.
    pub to: Outcome,
    /// The reasons of the active set, as policy/code.
    pub active: Vec<String>,
    /// Those of the candidate.
    pub candidate: Vec<String>,
}

/// An active set and a candidate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Comparison {
    /// What the active set did.
    pub active: Side,
    /// What the candidate did.
    pub candidate: Side,
    /// Transactions that were not compared, for lack of time or room.
    pub dropped: u64,
    /// Transactions by what the active set decided and what the candidate would have.
    pub outcomes: [[Sum; 3]; 3],
    /// By reason (policy/code), over transactions about which the outcomes differ: those
    /// for which only the candidate gives it, and those for which only the active set does.
    pub reasons: BTreeMap<String, [Sum; 2]>,
    /// Scores.
    pub drift: Drift,
    /// The latest of those, the newest last.
    pub examples: Vec<Example>,
}

impl Side {
    /// Counts a decision.
    pub fn decided(&mut self, outcome: Outcome, amount: Option<Decimal>, is_faulted: bool) {
        self.outcomes[outcome as usize] += 1;
        if let Some(amount) = amount {
            self.amounts[outcome as usize].add(Money::from(amount));
        }
        self.faulted += u64::from(is_faulted);
    }

    /// Counts what the policies took together for some transactions.
    pub fn took(&mut self, transactions: u64, fuel: u64, nanos: u64) {
        let each = |all: u64| all.checked_div(transactions);
        each(fuel).into_iter().for_each(|fuel| self.fuel.take(fuel));
        each(nanos).into_iter().for_each(|nanos| self.time.take(nanos));
    }

    /// How many decisions.
    pub fn count(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Side) {
        self.outcomes.iter_mut().zip(&other.outcomes).for_each(|(sum, more)| *sum += more);
        self.amounts.iter_mut().zip(&other.amounts).for_each(|(sum, more)| sum.add(*more));
        self.faulted += other.faulted;
        self.fuel.add(&other.fuel);
        self.time.add(&other.time);
    }
}

impl Sum {
    /// Counts one more.
    pub fn count(&mut self, amount: Option<Decimal>) {
        self.add(&Sum { count: 1, amount: amount.map_or_else(Money::default, Money::from) });
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Sum) {
        self.count += other.count;
        self.amount.add(other.amount);
    }
}

impl Drift {
    /// Takes two scores of one transaction.
    pub fn take(&mut self, active: f64, candidate: f64) {
        let difference = candidate - active;
        if difference.is_finite() {
            self.add(&Drift { count: 1, sum: difference, biggest: difference });
        }
    }

    /// What the candidate's scores are higher by on average.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Drift) {
        self.count += other.count;
        self.sum += other.sum;
        if other.biggest.abs() > self.biggest.abs() {
            self.biggest = other.biggest;
        }
    }
}

impl Example {
    /// The same with texts that fit.
    #[must_use]
    pub fn bounded(mut self) -> Example {
        let lists = self.active.iter_mut().chain(&mut self.candidate);
        for text in [&mut self.transaction, &mut self.account].into_iter().chain(lists) {
            if text.len() > TEXT_MAX {
                text.truncate(text.floor_char_boundary(TEXT_MAX));
                text.push('…');
            }
        }
        self.active.truncate(LIST_MAX);
        self.candidate.truncate(LIST_MAX);
        self
    }
}

impl Comparison {
    /// How many transactions both have judged, where they judge the same.
    pub fn compared(&self) -> u64 {
        self.outcomes.iter().flatten().map(|sum| sum.count).sum()
    }

    /// About how many of them they agree.
    pub fn agreed(&self) -> u64 {
        (0..3).map(|at| self.outcomes[at][at].count).sum()
    }

    /// Counts a reason that only one of the sets gives.
    pub fn reason(&mut self, name: String, only_active: bool, amount: Option<Decimal>) {
        let is_full = self.reasons.len() >= REASONS_MAX && !self.reasons.contains_key(&name);
        let name = if is_full { "other".to_owned() } else { name };
        self.reasons.entry(name).or_default()[usize::from(only_active)].count(amount);
    }

    /// Keeps an example in place of the oldest.
    pub fn example(&mut self, example: Example) {
        if self.examples.len() >= EXAMPLES_MAX {
            self.examples.remove(0);
        }
        self.examples.push(example.bounded());
    }

    /// Adds what another host has counted.
    pub fn add(&mut self, other: &Comparison) {
        self.active.add(&other.active);
        self.candidate.add(&other.candidate);
        self.dropped += other.dropped;
        let more = other.outcomes.iter().flatten();
        self.outcomes.iter_mut().flatten().zip(more).for_each(|(sum, more)| sum.add(more));
        for (name, more) in &other.reasons {
            let is_full = self.reasons.len() >= REASONS_MAX && !self.reasons.contains_key(name);
            let sums = self.reasons.entry(if is_full { "other".to_owned() } else { name.clone() }).or_default();
            sums.iter_mut().zip(more).for_each(|(sum, more)| sum.add(more));
        }
        self.drift.add(&other.drift);
        self.examples.extend(other.examples.iter().cloned());
        self.examples.sort_by_key(|example| example.at);
        let surplus = self.examples.len().saturating_sub(EXAMPLES_MAX);
        self.examples.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, EXAMPLES_MAX, Example, REASONS_MAX};
    use crate::{Decimal, Outcome};

    fn example(at: i64) -> Example {
        let text = |text: &str| text.repeat(200);
        let (active, candidate) = (vec![text("é"); 20], Vec::new());
        let (from, to, amount) = (Outcome::Allow, Outcome::Block, None);
        Example { at, transaction: text("t"), account: text("a"), amount, from, to, active, candidate }
    }

    #[test]
    fn sums_of_hosts_are_exact_and_bounded_and_survive_as_json() {
        let mut host = Comparison::default();
        let amount = Some(Decimal { units: 1_005, scale: 2 });
        for number in 0..300 {
            host.active.decided(Outcome::Allow, amount, false);
            host.candidate.decided(Outcome::Block, amount, number == 0);
            host.outcomes[0][2].count(amount);
            host.reason(format!("policy/reason-{number}"), false, amount);
            host.example(example(number));
            host.drift.take(0.5, if number == 7 { 0.1 } else { 0.5 });
        }
        host.candidate.took(10, 12_345, 77);
        let other: Comparison = serde_json::from_str(&serde_json::to_string(&host).unwrap()).unwrap();
        assert_eq!(other, host);
        let mut both = host.clone();
        both.add(&other);
        assert_eq!((both.compared(), both.agreed(), both.active.count(), both.candidate.faulted), (600, 0, 600, 2));
        assert_eq!(both.outcomes[0][2].amount.to_string(), "6030.00");
        assert_eq!((both.reasons.len(), both.examples.len()), (REASONS_MAX + 1, EXAMPLES_MAX));
        assert_eq!(both.examples.last().map(|example| example.at), Some(299));
        assert!(serde_json::to_string(&both).unwrap().len() < 64 << 10);
        assert!((both.drift.biggest + 0.4).abs() < 1e-9 && both.drift.count == 600);
    }
}
