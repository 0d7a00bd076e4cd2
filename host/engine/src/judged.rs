//! What goes into the engine and what comes out of it: a batch of records, and
//! the bytes and counts that a lane writes down.

use crate::breaker::Observed;
use crate::decode::Unusable;
use crate::generation::Generation;
use crate::measured::Measured;
use crate::meters::Meters;
pub use crate::record::{Made, Record};
use crate::repeat::RepeatLine;
use crate::tally::Tally;
use crate::trials::Tried;
use crate::{dead_letter, decision};
use sandgate_model::Instant;
use sandgate_state::replay::Sieve;
use sandgate_state::{Closed, Settled};
use std::sync::Arc;

/// Whatever judges the batches of one lane.
pub trait Judge: Send + Sync {
    /// Appends a decision or a dead letter for each record that is judged, in
    /// order. Is called by several threads at once, each with batches of its
    /// own: they are numbered from 0 without gaps in the order of the lane, and
    /// what must see records in that order waits for its turn in here.
    ///
    /// # Errors
    /// Where the lane was closed while the batch waited for its turn, or what a tenant
    /// waits for cannot be asked.
    fn judge(&self, number: u64, records: &[Record<'_>], out: &mut Judged) -> Result<(), Unjudged>;

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

/// Why a batch was not judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unjudged {
    /// The lane was closed, or its open batches were aborted.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// What its windows need cannot be asked, and a tenant of it waits for that. When
    /// the batches before it are durable, and it was aborted, it may be brought again.
    #[error("{0}")]
    Waits(String),
}

/// What one record became, with its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A decision, without the end of its line.
    Decision {
        /// Whose record it was.
        account: &'a str,
        /// The JSON object.
        json: &'a [u8],
    },
    /// A dead letter, without the end of its line.
    DeadLetter {
        /// The JSON object.
        json: &'a [u8],
    },
    /// Nothing.
    Nothing,
}

/// What became of a batch; the buffers are used again for the next.
#[derive(Debug, Default)]
pub struct Judged {
    /// Decisions, one JSON object a line, in the order of the records.
    pub decisions: Vec<u8>,
    /// Dead letters, likewise.
    pub dead_letters: Vec<u8>,
    /// What each record became, in order.
    pub made: Vec<Made>,
    /// The accounts of the decisions, end to end.
    pub accounts: String,
    /// What the journal must hold about the records.
    pub journal: Vec<u8>,
    /// Counts.
    pub tally: Tally,
    /// What an operator should know.
    pub notes: Vec<String>,
    /// The generations that judge from this batch on, and did not judge the one before:
    /// what they are has to be written down before what they decided.
    pub begun: Vec<Arc<Generation>>,
    /// What it is measured by, where somebody measures.
    pub(crate) meters: Option<Arc<Meters>>,
    /// What it took and gave beyond the tally; empty where nobody measures.
    pub(crate) measured: Measured,
    /// What its canaries did, and what goes to its shadows.
    pub(crate) tried: Option<Tried>,
    /// Of each record whose id is remembered, what was decided about it.
    pub(crate) settled: Vec<Settled>,
    /// What each policy did, for its breaker.
    pub(crate) observed: Vec<Observed>,
    /// Decisions that stand in for an earlier one, still to be put in.
    pub(crate) repeats: Vec<RepeatLine>,
}

impl Judged {
    /// Empties it and keeps the buffers.
    pub fn clear(&mut self) {
        self.decisions.clear();
        self.dead_letters.clear();
        self.made.clear();
        self.accounts.clear();
        self.journal.clear();
        self.notes.clear();
        self.begun.clear();
        self.meters = None;
        self.tried = None;
        self.measured = Measured::default();
        self.settled.clear();
        self.observed.clear();
        self.repeats.clear();
        self.tally = Tally { reasons: std::mem::take(&mut self.tally.reasons), ..Tally::default() };
        self.tally.reasons.fill(0);
    }

    /// What each record became, in the order of the records: once it is settled.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let (mut decisions, mut dead_letters) = (&*self.decisions, &*self.dead_letters);
        let mut accounts = &*self.accounts;
        self.made.iter().map(move |made| match made {
            Made::Decision { account } => {
                // the accounts are cut where they were put together
                let (account, rest) = accounts.split_at_checked(*account as usize).unwrap_or((accounts, ""));
                accounts = rest;
                Line::Decision { account, json: next_line(&mut decisions) }
            }
            Made::DeadLetter => Line::DeadLetter { json: next_line(&mut dead_letters) },
            Made::Nothing => Line::Nothing,
        })
    }

    /// Notes that the next record became a decision about this account.
    pub(crate) fn decided(&mut self, account: &str) {
        self.accounts.push_str(account);
        self.made.push(Made::Decision { account: u32::try_from(account.len()).unwrap_or(u32::MAX) });
    }

    /// Appends a dead letter and counts it.
    pub(crate) fn dead_letter(&mut self, origin: &decision::Origin<'_>, record: &Record<'_>, unusable: &Unusable) {
        dead_letter::write(origin, record.bytes, record.size, unusable, &mut self.dead_letters);
        self.tally.dead_letters[unusable.cause as usize] += 1;
        self.made.push(Made::DeadLetter);
    }
}

/// Takes the first line off, without its end.
fn next_line<'a>(lines: &mut &'a [u8]) -> &'a [u8] {
    let end = memchr::memchr(b'\n', lines).unwrap_or(lines.len());
    let (line, rest) = lines.split_at(end);
    *lines = rest.get(1..).unwrap_or_default();
    line
}

/// The dead letter of a record whose decision is larger than the sink takes: as
/// much of the record as `room` bytes of JSON may hold, on no line of its own.
pub fn oversized(source: &str, partition: u32, record: &Record<'_>, decision: usize, room: usize) -> Vec<u8> {
    let detail = format!("its decision has {decision} bytes, which is more than the sink's topic takes");
    let unusable = Unusable::new(crate::decode::Cause::Output, detail);
    let origin = decision::Origin { source, partition, offset: record.offset };
    // a byte of a record takes six bytes of JSON at most
    let bytes = record.bytes.get(..room / 6).unwrap_or(record.bytes);
    let mut letter = Vec::new();
    dead_letter::write(&origin, bytes, record.size, &unusable, &mut letter);
    letter.pop();
    letter
}
