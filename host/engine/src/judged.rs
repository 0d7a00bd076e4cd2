//! What goes into the engine and what comes out of it: a batch of records, and
//! the bytes and counts that a lane writes down.

use crate::decode::Unusable;
use crate::tally::Tally;
use crate::{dead_letter, decision};

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
