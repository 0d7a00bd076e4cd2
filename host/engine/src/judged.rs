//! What goes into the engine and what comes out of it: a batch of records, and
//! the bytes and counts that a lane writes down.

use crate::decode::{Cause, Unusable};
use crate::{dead_letter, decision};
use sandgate_model::{Decimal, Fault, Outcome};

/// A record as it came.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its offset in the source; of a file that of its first byte, uncompressed.
    pub offset: u64,
    /// Its bytes, without the end of its line; of a record over the size of its
    /// source only as many as that and a few more, which is how it is known.
    pub bytes: &'a [u8],
    /// How many bytes it had.
    pub size: u64,
}

/// Whatever judges the batches of a lane.
pub trait Judge: Sync {
    /// Appends a decision or a dead letter for each record, in order. Is called
    /// by several threads at once, and what it appends depends on nothing but
    /// the records.
    fn judge(&self, records: &[Record<'_>], out: &mut Judged);
}

/// What became of a batch; the buffers are used again for the next.
#[derive(Debug, Default)]
pub struct Judged {
    /// Decisions, one JSON object a line, in the order of the records.
    pub decisions: Vec<u8>,
    /// Dead letters, likewise.
    pub dead_letters: Vec<u8>,
    /// Counts.
    pub tally: Tally,
}

/// Counts of what happened, by index, so that counting costs next to nothing.
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

impl Judged {
    /// Empties it and keeps the buffers.
    pub fn clear(&mut self) {
        self.decisions.clear();
        self.dead_letters.clear();
        self.tally = Tally { reasons: std::mem::take(&mut self.tally.reasons), ..Tally::default() };
        self.tally.reasons.fill(0);
    }

    /// Appends a dead letter and counts it.
    pub(crate) fn dead_letter(&mut self, origin: &decision::Origin<'_>, record: &Record<'_>, unusable: &Unusable) {
        dead_letter::write(origin, record.bytes, record.size, unusable, &mut self.dead_letters);
        self.tally.dead_letters[unusable.cause as usize] += 1;
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
