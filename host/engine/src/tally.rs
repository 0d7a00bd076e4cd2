//! Counts of what became of the records, by index, so that counting costs next
//! to nothing.

use crate::decode::Cause;
use sandgate_model::{Decimal, Fault, Outcome};

/// Counts of what happened in a batch, a lane or a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decisions by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; 3],
    /// The amounts of those decisions, in units of the amount's scale.
    pub amounts: [i128; 3],
    /// Dead letters by cause, in the order of [`Cause::ALL`].
    pub dead_letters: [u64; Cause::ALL.len()],
    /// Faults, in the order of [`Fault::WORDS`].
    pub faults: [u64; Fault::WORDS.len()],
    /// Hits by reason, in the order of [`Engine::reasons`](crate::Engine::reasons).
    pub reasons: Vec<u64>,
}

impl Tally {
    /// Counts a decision.
    pub(crate) fn decision(&mut self, outcome: Outcome, amount: Option<Decimal>) {
        self.outcomes[outcome as usize] += 1;
        self.amounts[outcome as usize] += amount.map_or(0, |amount| i128::from(amount.units));
    }

    /// Counts a fault.
    pub(crate) fn fault(&mut self, fault: &Fault) {
        let index = Fault::WORDS.iter().position(|word| *word == fault.word());
        if let Some(index) = index {
            self.faults[index] += 1;
        }
    }

    /// Counts a hit of the reason with this index.
    pub(crate) fn reason(&mut self, index: usize) {
        if self.reasons.len() <= index {
            self.reasons.resize(index + 1, 0);
        }
        self.reasons[index] += 1;
    }

    /// Adds the counts of another batch.
    pub fn add(&mut self, other: &Tally) {
        add(&mut self.outcomes, &other.outcomes);
        add(&mut self.dead_letters, &other.dead_letters);
        add(&mut self.faults, &other.faults);
        self.amounts.iter_mut().zip(&other.amounts).for_each(|(sum, amount)| *sum += amount);
        if self.reasons.len() < other.reasons.len() {
            self.reasons.resize(other.reasons.len(), 0);
        }
        add(&mut self.reasons, &other.reasons);
    }

    /// How many records ended as a decision.
    pub fn decided(&self) -> u64 {
        self.outcomes.iter().sum()
    }
}

fn add(sums: &mut [u64], others: &[u64]) {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
}
