//! The records that go through a lane together, with the buffers for what
//! becomes of them. A batch is filled, judged, written down and filled again.

use sandgate_engine::judged::{Judge, Judged, Record, Unjudged};
use sandgate_state::position::SourcePosition;
use std::time::Instant;

/// A batch and its buffers.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The records' bytes, one behind the other.
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// What the judge made of them.
    pub(crate) judged: Judged,
    /// When the batch was complete: from here on its records are in the host.
    pub(crate) admitted: Instant,
    /// How many bytes of the sources were read by then.
    pub(crate) read: u64,
    /// Where each source stands behind the last of its records.
    pub(crate) ends: Vec<SourcePosition>,
}

/// One record of a batch.
#[derive(Clone, Copy, Debug)]
struct Span {
    source: usize,
    offset: u64,
    start: usize,
    end: usize,
    size: u64,
}

impl Batch {
    /// A batch is full with so many bytes, whatever the number of its records.
    pub(crate) const BYTES: usize = 1 << 20;

    pub(crate) fn new() -> Batch {
        Batch {
            bytes: Vec::new(),
            spans: Vec::new(),
            judged: Judged::default(),
            admitted: Instant::now(),
            read: 0,
            ends: Vec::new(),
        }
    }

    /// Empties it. Buffers are kept, unless one record has blown them up.
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.judged.clear();
        self.bytes.clear();
        self.bytes.shrink_to(2 * Batch::BYTES);
        self.judged.decisions.shrink_to(8 * Batch::BYTES);
        self.judged.dead_letters.shrink_to(2 * Batch::BYTES);
        self.judged.journal.shrink_to(2 * Batch::BYTES);
    }

    /// Appends a record; of one over its source's size `bytes` is the beginning.
    pub(crate) fn push(&mut self, source: usize, offset: u64, bytes: &[u8], size: u64) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.spans.push(Span { source, offset, start, end: self.bytes.len(), size });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(crate) fn is_full(&self, records: usize) -> bool {
        self.spans.len() >= records || self.bytes.len() >= Batch::BYTES
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Moves all records of another batch behind its own.
    pub(crate) fn append(&mut self, other: &mut Batch) {
        let base = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.spans.extend(other.spans.drain(..).map(|span| Span {
            start: base + span.start,
            end: base + span.end,
            ..span
        }));
        other.clear();
    }

    /// The first record's bytes.
    pub(crate) fn first(&self) -> Option<&[u8]> {
        self.spans.first().map(|span| &self.bytes[span.start..span.end])
    }

    /// Hands the records to a judge, as the batch with this number.
    ///
    /// # Errors
    /// Where the lane was closed, or a tenant waits.
    pub(crate) fn judge(&mut self, number: u64, judge: &dyn Judge) -> Result<(), Unjudged> {
        let record = |span: &Span| Record {
            source: span.source,
            offset: span.offset,
            key: None,
            bytes: &self.bytes[span.start..span.end],
            size: span.size,
        };
        let records: Vec<Record<'_>> = self.spans.iter().map(record).collect();
        judge.judge(number, &records, &mut self.judged)
    }

    #[cfg(test)]
    pub(crate) fn records(&self) -> Vec<(u64, String, u64)> {
        let text = |span: &Span| String::from_utf8_lossy(&self.bytes[span.start..span.end]).into_owned();
        self.spans.iter().map(|span| (span.offset, text(span), span.size)).collect()
    }
}
