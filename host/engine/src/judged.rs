//! What goes into the engine and what comes out of it: a batch of records, and
//! the bytes and counts that a lane writes down.

use crate::decode::Unusable;
use crate::repeat::RepeatLine;
use crate::tally::Tally;
use crate::{dead_letter, decision};
use sandgate_model::Instant;
use sandgate_state::replay::Sieve;
use sandgate_state::{Closed, Settled};

/// A record as it came.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its source, by its place in the configuration.
    pub source: usize,
    /// Its offset in the source; of a file that of its first byte, uncompressed.
    pub offset: u64,
    /// Its bytes, without the end of its line; of a record over the size of its
    /// source only as many as that and a few more, which is how it is known.
    pub bytes: &'a [u8],
    /// How many bytes it had.
    pub size: u64,
}

/// Whatever judges the batches of one lane.
pub trait Judge: Send + Sync {
    /// Appends a decision or a dead letter for each record that is judged, in
    /// order. Is called by several threads at once, each with batches of its
    /// own: they are numbered from 0 without gaps in the order of the lane, and
    /// what must see records in that order waits for its turn in here.
    ///
    /// # Errors
    /// Where the lane was closed while the batch waited for its turn.
    fn judge(&self, number: u64, records: &[Record<'_>], out: &mut Judged) -> Result<(), Closed>;

    /// Completes what depends on the outcomes of batches before: is called for
    /// every batch in the order of the lane, before its bytes are written.
    fn settle(&self, judged: &mut Judged);

    /// Everything up to and with this batch is durable.
    fn committed(&self, through: u64);

    /// The commit of everything behind the last durable batch was aborted: what it
    /// did to series, ids and clock is taken back, and the next batch has the number
    /// behind the last durable one. Files cannot abort; a sink that can calls this.
    fn abort(&self);

    /// What a snapshot of the state needs, as of the last commit: its front, and
    /// what still matters. Nothing where there is no state.
    fn compaction(&self) -> Option<(Vec<u8>, Box<dyn Sieve>)>;

    /// Nobody will write down any more: whoever waits for a turn gives up.
    fn close(&self);

    /// When a record happened, if it can be used: records of several sources
    /// are merged by it.
    fn time(&self, source: usize, bytes: &[u8]) -> Option<Instant>;
}

/// What became of a batch; the buffers are used again for the next.
#[derive(Debug, Default)]
pub struct Judged {
    /// Decisions, one JSON object a line, in the order of the records.
    pub decisions: Vec<u8>,
    /// Dead letters, likewise.
    pub dead_letters: Vec<u8>,
    /// What the journal must hold about the records.
    pub journal: Vec<u8>,
    /// Counts.
    pub tally: Tally,
    /// What an operator should know.
    pub notes: Vec<String>,
    /// Of each record whose id is remembered, what was decided about it.
    pub(crate) settled: Vec<Settled>,
    /// Decisions that stand in for an earlier one, still to be put in.
    pub(crate) repeats: Vec<RepeatLine>,
}

impl Judged {
    /// Empties it and keeps the buffers.
    pub fn clear(&mut self) {
        self.decisions.clear();
        self.dead_letters.clear();
        self.journal.clear();
        self.notes.clear();
        self.settled.clear();
        self.repeats.clear();
        self.tally = Tally { reasons: std::mem::take(&mut self.tally.reasons), ..Tally::default() };
        self.tally.reasons.fill(0);
    }

    /// Appends a dead letter and counts it.
    pub(crate) fn dead_letter(&mut self, origin: &decision::Origin<'_>, record: &Record<'_>, unusable: &Unusable) {
        dead_letter::write(origin, record.bytes, record.size, unusable, &mut self.dead_letters);
        self.tally.dead_letters[unusable.cause as usize] += 1;
    }
}
