//! Counts of what became of the records, by index, so that counting costs next
//! to nothing.

use crate::circumstance::What;
use crate::decode::Cause;
use sandgate_model::{Decimal, Fault, Outcome};

/// Counts of what happened in a batch, a lane or a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decisions by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; 3],
    /// The amounts of those decisions, in units of the amount's scale.
    pub amounts: [i128; 3],
    /// Decisions that repeat an earlier one; they are in no other count.
    pub repeats: u64,
    /// Records that were observed and not judged, in the order of [`Aside::ALL`].
    pub observed: [u64; Aside::ALL.len()],
    /// Decisions with that circumstance, in the order of [`What::ALL`].
    pub circumstances: [u64; What::ALL.len()],
    /// Dead letters by cause, in the order of [`Cause::ALL`].
    pub dead_letters: [u64; Cause::ALL.len()],
    /// Records whose key says otherwise than the record, whatever became of them.
    pub wrong_keys: u64,
    /// Faults, in the order of [`Fault::WORDS`].
    pub faults: [u64; Fault::WORDS.len()],
    /// Hits by reason, in the order of [`Engine::reasons`](crate::Engine::reasons).
    pub reasons: Vec<u64>,
    /// What those reasons are, as [`Engine::reasons_hash`](crate::Engine::reasons_hash) says.
    pub named: u64,
}

/// What became of an observed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// It is an event.
    TakenUp,
    /// It came before.
    Repeat,
    /// Its id was used before with another content.
    Reused,
    /// The tenant's bound on events refused it.
    Refused,
}

impl Aside {
    /// All of them.
    pub const ALL: [Aside; 4] = [Aside::TakenUp, Aside::Repeat, Aside::Reused, Aside::Refused];

    /// The word for it in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Aside::TakenUp => "taken-up",
            Aside::Repeat => "repeat",
            Aside::Reused => "id-reused",
            Aside::Refused => "refused",
        }
    }

    /// The words for it in a summary.
    pub fn words(self) -> &'static str {
        match self {
            Aside::TakenUp => "taken up",
            Aside::Repeat => "repeats",
            Aside::Reused => "id reused",
            Aside::Refused => "refused by the bound",
        }
    }
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

    /// Counts a circumstance of a decision.
    pub(crate) fn circumstance(&mut self, what: What) {
        self.circumstances[what as usize] += 1;
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
        self.repeats += other.repeats;
        self.wrong_keys += other.wrong_keys;
        add(&mut self.observed, &other.observed);
        add(&mut self.circumstances, &other.circumstances);
        self.amounts.iter_mut().zip(&other.amounts).for_each(|(sum, amount)| *sum += amount);
        if self.reasons.len() < other.reasons.len() {
            self.reasons.resize(other.reasons.len(), 0);
        }
        add(&mut self.reasons, &other.reasons);
        self.named = other.named;
    }

    /// The counts as bytes, for a run that goes on later: every number in the
    /// order of the fields, 16 bytes each, least significant first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = self
            .outcomes
            .into_iter()
            .chain([self.named, self.repeats, self.wrong_keys])
            .chain(self.circumstances)
            .chain(self.observed);
        let counts = counts.chain(self.dead_letters).chain(self.faults).map(i128::from);
        let all = self.amounts.into_iter().chain(counts).chain(self.reasons.iter().map(|count| i128::from(*count)));
        all.flat_map(i128::to_le_bytes).collect()
    }

    /// The counts of such bytes, unless they are none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Tally> {
        let (chunks, rest) = bytes.as_chunks::<16>();
        let mut all = chunks.iter().map(|chunk| i128::from_le_bytes(*chunk));
        let mut tally = Tally::default();
        for amount in &mut tally.amounts {
            *amount = all.next()?;
        }
        let mut counts = all.map(u64::try_from);
        let Tally { outcomes, named, repeats, wrong_keys, circumstances, observed, dead_letters, faults, .. } =
            &mut tally;
        let fixed = outcomes.iter_mut().chain([named, repeats, wrong_keys]).chain(circumstances).chain(observed);
        let fixed = fixed.chain(dead_letters).chain(faults);
        for count in fixed {
            *count = counts.next()?.ok()?;
        }
        tally.reasons = counts.collect::<Result<_, _>>().ok()?;
        rest.is_empty().then_some(tally)
    }

    /// How many records ended as a decision.
    pub fn decided(&self) -> u64 {
        self.outcomes.iter().sum()
    }
}

fn add(sums: &mut [u64], others: &[u64]) {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn counts_survive_as_bytes() {
        let mut tally = Tally {
            outcomes: [1, 2, u64::MAX],
            amounts: [-5, i128::MAX, 0],
            repeats: 3,
            wrong_keys: 2,
            observed: [4, 0, 1, 2],
            circumstances: [5, 0, 0, 1, 0, 0, 0, 0],
            reasons: vec![6, 0, 7],
            named: 77,
            ..Tally::default()
        };
        tally.dead_letters[1] = 8;
        tally.faults[2] = 9;
        let bytes = tally.to_bytes();
        assert_eq!(Tally::from_bytes(&bytes), Some(tally));
        assert_eq!(Tally::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Tally::from_bytes(&[]), None);
    }
}
