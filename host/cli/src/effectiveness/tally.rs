//! The counts of a comparison, and the rates that follow from them.

use super::money::Money;
use super::record::{Label, Outcome, Record};

/// Decisions by label and outcome.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Decisions that count: repeats apart.
    pub(super) decisions: u64,
    /// Of those the ones whose record has the key of the label, whatever it says.
    pub(super) labelled: u64,
    /// Of those the ones whose record says how much it moves.
    pub(super) with_amount: u64,
    /// Decisions that repeat an earlier one.
    pub(super) repeats: u64,
    /// Records without a decision: dead letters.
    pub(super) undecided: u64,
    /// Those that the labels call honest, or say nothing of.
    pub(super) honest: Outcomes,
    /// Those that are fraud, by its name, in the order of appearance.
    pub(super) frauds: Vec<(String, Outcomes)>,
}

/// Counts and money by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcomes {
    pub(super) allow: Counted,
    pub(super) review: Counted,
    pub(super) block: Counted,
}

/// How many, and how much they move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) count: u64,
    pub(super) money: Money,
}

/// How good it is to stop certain outcomes. A share of nothing is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    /// Of what was stopped, the share that is fraud.
    pub(super) precision: Option<f64>,
    /// Of the fraud, the share that was stopped.
    pub(super) recall: Option<f64>,
    /// Of the money of the fraud, the share that was stopped.
    pub(super) money: Option<f64>,
    /// Of the honest, the share that was stopped.
    pub(super) honest: Option<f64>,
}

impl Tally {
    /// The most names of frauds: more are a sign that the key is not that of a label.
    pub(super) const LABELS_MAX: usize = 64;

    /// Counts a decision; `false` where its label is one too many.
    pub(super) fn add(&mut self, outcome: Outcome, record: Record) -> bool {
        self.decisions += 1;
        self.labelled += u64::from(record.label.is_some());
        self.with_amount += u64::from(record.amount.is_some());
        let outcomes = match record.label {
            None | Some(Label::Honest) => &mut self.honest,
            Some(Label::Fraud(name)) => {
                let at = self.frauds.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                    self.frauds.push((name, Outcomes::default()));
                    self.frauds.len() - 1
                });
                match self.frauds.get_mut(at) {
                    Some((_, outcomes)) if at < Tally::LABELS_MAX => outcomes,
                    _ => return false,
                }
            }
        };
        let counted = match outcome {
            Outcome::Allow => &mut outcomes.allow,
            Outcome::Review => &mut outcomes.review,
            Outcome::Block => &mut outcomes.block,
        };
        counted.add(Counted { count: 1, money: record.amount.unwrap_or_default() });
        true
    }

    /// All frauds together.
    pub(super) fn fraud(&self) -> Outcomes {
        let mut all = Outcomes::default();
        for (_, outcomes) in &self.frauds {
            all.allow.add(outcomes.allow);
            all.review.add(outcomes.review);
            all.block.add(outcomes.block);
        }
        all
    }

    /// The rates of what was blocked, and of what was blocked or put up for review.
    pub(super) fn rates(&self) -> [Rates; 2] {
        let fraud = self.fraud();
        let rates = |stopped: fn(&Outcomes) -> Counted| {
            let (caught, harmed) = (stopped(&fraud), stopped(&self.honest));
            Rates {
                precision: share(caught.count, caught.count + harmed.count),
                recall: share(caught.count, fraud.all().count),
                money: caught.money.share_of(fraud.all().money),
                honest: share(harmed.count, self.honest.all().count),
            }
        };
        [rates(|outcomes| outcomes.block), rates(Outcomes::stopped)]
    }
}

impl Outcomes {
    /// What was blocked or put up for review.
    pub(super) fn stopped(&self) -> Counted {
        let mut stopped = self.block;
        stopped.add(self.review);
        stopped
    }

    /// Everything.
    pub(super) fn all(&self) -> Counted {
        let mut all = self.stopped();
        all.add(self.allow);
        all
    }
}

impl Counted {
    fn add(&mut self, other: Counted) {
        self.count += other.count;
        self.money += other.money;
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::{Rates, Tally};
    use crate::effectiveness::money::Money;
    use crate::effectiveness::record::{Label, Outcome, Record};

    fn add(tally: &mut Tally, times: u32, outcome: Outcome, label: Option<&str>, amount: &str) {
        for _ in 0..times {
            let label = label.map(|name| Label::Fraud(name.to_owned()));
            let amount = Some(Money::parse(amount).unwrap());
            assert!(tally.add(outcome, Record { label, amount }));
        }
    }

    #[test]
    fn rates_are_shares_of_counts() {
        let mut tally = Tally::default();
        add(&mut tally, 6, Outcome::Block, Some("burst"), "100");
        add(&mut tally, 1, Outcome::Review, Some("slow"), "300");
        add(&mut tally, 3, Outcome::Allow, Some("slow"), "100");
        add(&mut tally, 2, Outcome::Block, None, "5");
        add(&mut tally, 1, Outcome::Review, None, "5");
        add(&mut tally, 97, Outcome::Allow, None, "5");
        let [block, stopped] = tally.rates();
        assert_eq!(block, Rates { precision: Some(0.75), recall: Some(0.6), money: Some(0.5), honest: Some(0.02) });
        assert_eq!(stopped, Rates { precision: Some(0.7), recall: Some(0.7), money: Some(0.75), honest: Some(0.03) });
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        let none = Rates { precision: None, recall: None, money: None, honest: None };
        assert_eq!(Tally::default().rates(), [none; 2]);
        let mut honest = Tally::default();
        add(&mut honest, 3, Outcome::Allow, None, "1");
        assert_eq!(honest.rates(), [Rates { honest: Some(0.0), ..none }; 2]);
    }

    #[test]
    fn names_are_bounded() {
        let mut tally = Tally::default();
        let record = |name: usize| Record { label: Some(Label::Fraud(name.to_string())), amount: None };
        assert!((0..Tally::LABELS_MAX).all(|name| tally.add(Outcome::Allow, record(name))));
        assert!(tally.add(Outcome::Block, record(0)));
        assert!(!tally.add(Outcome::Allow, record(Tally::LABELS_MAX)));
    }
}
