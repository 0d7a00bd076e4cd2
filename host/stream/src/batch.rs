//! The records that go through a lane together, with the buffers for what
//! becomes of them. A batch is filled, judged, written down and filled again.

use sandgate_engine::judged::{Judged, Record};
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
    /// How many bytes of the source were read by then.
    pub(crate) read: u64,
}

/// One record of a batch.
#[derive(Clone, Copy, Debug)]
struct Span {
    offset: u64,
    start: usize,
    end: usize,
    size: u64,
}

impl Batch {
    /// A batch is full with so many bytes, whatever the number of its records.
    pub(crate) const BYTES: usize = 1 << 20;

    pub(crate) fn new() -> Batch {
        Batch { bytes: Vec::new(), spans: Vec::new(), judged: Judged::default(), admitted: Instant::now(), read: 0 }
    }

    /// Empties it. Buffers are kept, unless one record has blown them up.
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.judged.clear();
        self.bytes.clear();
        self.bytes.shrink_to(2 * Batch::BYTES);
        self.judged.decisions.shrink_to(8 * Batch::BYTES);
        self.judged.dead_letters.shrink_to(2 * Batch::BYTES);
    }

    /// Appends a record; of one over its source's size `bytes` is the beginning.
    pub(crate) fn push(&mut self, offset: u64, bytes: &[u8], size: u64) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.spans.push(Span { offset, start, end: self.bytes.len(), size });
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

    /// Hands the records to a judge.
    pub(crate) fn judge(&mut self, judge: &dyn sandgate_engine::judged::Judge) {
        let record =
            |span: &Span| Record { offset: span.offset, bytes: &self.bytes[span.start..span.end], size: span.size };
        let records: Vec<Record<'_>> = self.spans.iter().map(record).collect();
        judge.judge(&records, &mut self.judged);
    }

    #[cfg(test)]
    pub(crate) fn records(&self) -> Vec<(u64, String, u64)> {
        let text = |span: &Span| String::from_utf8_lossy(&self.bytes[span.start..span.end]).into_owned();
        self.spans.iter().map(|span| (span.offset, text(span), span.size)).collect()
    }
}
