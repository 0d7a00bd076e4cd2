//! The records of one lane on their way: with their keys and travelling headers,
//! and the buffers for what becomes of them. A payload is copied once, from the
//! client's memory into here.

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Headers as _};
use sandgate_engine::judged::{Judge, Judged, Record};
use sandgate_state::Closed;
use std::ops::Range;
use std::time::Instant;

/// A batch and its buffers.
#[derive(Debug)]
pub(super) struct Batch {
    /// Payloads, keys and the values of headers, one behind the other.
    bytes: Vec<u8>,
    spans: Vec<Span>,
    headers: Vec<(usize, Range<usize>)>,
    /// What the judge made of them.
    pub(super) judged: Judged,
    /// When its first record came.
    pub(super) admitted: Instant,
    /// Of each source, the offset behind the last of its records.
    pub(super) ends: Vec<u64>,
}

/// One record.
#[derive(Clone, Debug)]
struct Span {
    source: usize,
    offset: u64,
    payload: Range<usize>,
    key: Option<Range<usize>>,
    /// Its headers among those of the batch.
    headers: Range<usize>,
    size: u64,
}

/// One record of a batch, as the sink sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'b> {
    pub(super) source: usize,
    pub(super) record: Record<'b>,
    batch: &'b Batch,
    span: &'b Span,
}

impl Batch {
    /// A batch is full with so many bytes, whatever the number of its records.
    const BYTES: usize = 1 << 20;
    /// The most bytes of headers that travel with a record; more of them stay behind.
    const HEADERS: usize = 2 << 10;

    pub(super) fn new() -> Batch {
        Batch {
            bytes: Vec::new(),
            spans: Vec::new(),
            headers: Vec::new(),
            judged: Judged::default(),
            admitted: Instant::now(),
            ends: Vec::new(),
        }
    }

    /// Empties it. Buffers are kept, unless one record has blown them up.
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.headers.clear();
        self.judged.clear();
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(2 * Batch::BYTES);
        self.judged.decisions.shrink_to(8 * Batch::BYTES);
        self.judged.dead_letters.shrink_to(2 * Batch::BYTES);
        self.judged.journal.shrink_to(2 * Batch::BYTES);
    }

    /// Appends a record; one over its source's size only as far as shows that it is.
    pub(super) fn push(&mut self, source: usize, message: &BorrowedMessage<'_>, size_max: u64, travelling: &[String]) {
        if self.spans.is_empty() {
            self.admitted = Instant::now();
        }
        // a record without a payload cannot be used, and says so like an empty one
        let whole = message.payload().unwrap_or_default();
        let kept = usize::try_from(size_max.saturating_add(1)).unwrap_or(usize::MAX).min(whole.len());
        let payload = self.put(whole.get(..kept).unwrap_or(whole));
        let key = message.key().map(|key| self.put(key));
        let first = self.headers.len();
        if !travelling.is_empty()
            && let Some(headers) = message.headers()
        {
            let mut room = Batch::HEADERS;
            for header in headers.iter() {
                let Some(name) = travelling.iter().position(|name| name == header.key) else { continue };
                let value = header.value.unwrap_or_default();
                let Some(left) = room.checked_sub(header.key.len() + value.len()) else { break };
                room = left;
                let value = self.put(value);
                self.headers.push((name, value));
            }
        }
        let offset = u64::try_from(message.offset()).unwrap_or_default();
        let headers = first..self.headers.len();
        self.spans.push(Span { source, offset, payload, key, headers, size: whole.len() as u64 });
    }

    /// Appends a record of the first source.
    #[cfg(test)]
    pub(super) fn add(&mut self, offset: u64, key: &str, payload: &str) {
        let key = Some(self.put(key.as_bytes()));
        let range = self.put(payload.as_bytes());
        let size = payload.len() as u64;
        self.spans.push(Span { source: 0, offset, payload: range, key, headers: 0..0, size });
    }

    fn put(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(super) fn is_full(&self, records: usize) -> bool {
        self.spans.len() >= records || self.bytes.len() >= Batch::BYTES
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Bytes of the records, with their keys and headers.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    fn record(&self, span: &Span) -> Record<'_> {
        let bytes = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        Record {
            source: span.source,
            offset: span.offset,
            key: span.key.as_ref().map(bytes),
            bytes: bytes(&span.payload),
            size: span.size,
        }
    }

    /// Hands the records to a judge, as the batch with this number.
    ///
    /// # Errors
    /// Where the lane was closed.
    pub(super) fn judge(&mut self, number: u64, judge: &dyn Judge) -> Result<(), Closed> {
        // the judge borrows the records and fills what stands beside them
        let mut judged = std::mem::take(&mut self.judged);
        let records: Vec<Record<'_>> = self.spans.iter().map(|span| self.record(span)).collect();
        let done = judge.judge(number, &records, &mut judged);
        if done.is_ok() {
            judge.settle(&mut judged);
        }
        self.judged = judged;
        done
    }

    /// The records, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = Origin<'_>> {
        self.spans.iter().map(|span| Origin { source: span.source, record: self.record(span), batch: self, span })
    }
}

impl<'b> Origin<'b> {
    /// The headers that travel with it: the number of the name, and the value.
    pub(super) fn headers(&self) -> impl Iterator<Item = (usize, &'b [u8])> {
        let headers = self.batch.headers.get(self.span.headers.clone()).unwrap_or_default();
        headers.iter().map(|(name, value)| (*name, self.batch.bytes.get(value.clone()).unwrap_or_default()))
    }
}
