//! The records of a lane's sources in one order: by time, equal times in the
//! order of the sources, a record without a usable time at once.
//!
//! A source stands at the earliest time among its next records, of which it looks
//! at a bounded number: so records from the future, which stand before others of
//! now, are taken with those and hold nothing back, and a source that is in order
//! stands at its next record. The order is a function of the sources alone,
//! wherever a run is taken up again.

use crate::batch::Batch;
use crate::lines::Lines;
use crate::source::SourceError;
use sandgate_model::Instant;
use sandgate_state::position::SourcePosition;
use std::collections::VecDeque;

/// Says when a record of a source happened, if it can be used.
pub(crate) type TimeOf<'a> = &'a dyn Fn(usize, &[u8]) -> Option<Instant>;

/// The sources of a lane.
pub(crate) struct Merge {
    lines: Vec<Lines>,
    heads: Vec<Head>,
}

/// The next records of a source.
struct Head {
    next: VecDeque<Waiting>,
    /// Bytes of them.
    bytes: usize,
    /// Of the next records those that no later one precedes in time, with their
    /// numbers: the first is the earliest of all.
    earliest: VecDeque<(u64, Instant)>,
    /// The number of the first of the next records.
    first: u64,
    /// Whether the source has come to its end.
    ended: bool,
    /// Where it stands behind the last record that was taken.
    taken: SourcePosition,
    /// Emptied batches, to be used again.
    spare: Vec<Batch>,
}

/// A record that waits for its turn.
struct Waiting {
    record: Batch,
    time: Option<Instant>,
    /// Where its source stands behind it.
    behind: SourcePosition,
}

/// How many records of a source are looked at, and how many bytes of them, before
/// one is taken; a source that may let wait shows one only.
const AHEAD: usize = 256;
const AHEAD_BYTES: usize = 1 << 20;

impl Merge {
    pub(crate) fn new(mut lines: Vec<Lines>) -> Merge {
        let heads = lines.iter_mut().map(|lines| Head::new(lines.position())).collect();
        Merge { lines, heads }
    }

    /// Fills an empty batch with at most `records` records. Answers whether there
    /// may be more.
    ///
    /// # Errors
    /// Where a source cannot be read; the batch then holds what came before.
    pub(crate) fn fill(&mut self, batch: &mut Batch, records: usize, time: TimeOf<'_>) -> Result<bool, SourceError> {
        let more = match self.lines.as_mut_slice() {
            [only] => only.fill(batch, records),
            _ => self.fill_by_time(batch, records, time),
        };
        batch.read = self.lines.iter().map(Lines::bytes_read).sum();
        batch.ends.clear();
        match self.lines.as_mut_slice() {
            [only] => batch.ends.push(only.position()),
            _ => batch.ends.extend(self.heads.iter().map(|head| head.taken)),
        }
        more
    }

    fn fill_by_time(&mut self, batch: &mut Batch, records: usize, time: TimeOf<'_>) -> Result<bool, SourceError> {
        batch.admitted = std::time::Instant::now();
        while !batch.is_full(records) {
            for (source, (lines, head)) in self.lines.iter_mut().zip(&mut self.heads).enumerate() {
                // what has come is not held back for a source that lets wait
                if head.next.is_empty() && !head.ended && lines.waits() && !batch.is_empty() {
                    return Ok(true);
                }
                head.look(lines, |bytes| time(source, bytes))?;
            }
            let standing = self.heads.iter().enumerate().filter_map(|(source, head)| Some((head.stands()?, source)));
            // `None` is less than any time
            let Some((_, source)) = standing.min() else { return Ok(false) };
            self.heads[source].take(batch);
        }
        Ok(true)
    }
}

impl Head {
    fn new(taken: SourcePosition) -> Head {
        Head {
            next: VecDeque::new(),
            bytes: 0,
            earliest: VecDeque::new(),
            first: 0,
            ended: false,
            taken,
            spare: Vec::new(),
        }
    }

    /// The time at which the source stands: none where its next record has none;
    /// nothing where there is no record.
    fn stands(&self) -> Option<Option<Instant>> {
        let head = self.next.front()?;
        Some(head.time.and_then(|_| self.earliest.front().map(|(_, time)| *time)))
    }

    /// Looks at as many records as it should, or as there are.
    fn look(&mut self, lines: &mut Lines, time: impl Fn(&[u8]) -> Option<Instant>) -> Result<(), SourceError> {
        let ahead = if lines.waits() { 1 } else { AHEAD };
        while !self.ended && self.next.len() < ahead && (self.next.is_empty() || self.bytes < AHEAD_BYTES) {
            let mut record = self.spare.pop().unwrap_or_else(Batch::new);
            let more = lines.fill(&mut record, 1)?;
            let Some(bytes) = record.first() else {
                self.ended = !more;
                continue;
            };
            let time = time(bytes);
            self.bytes += bytes.len();
            if let Some(time) = time {
                while self.earliest.pop_back_if(|(_, later)| *later > time).is_some() {}
                self.earliest.push_back((self.first + self.next.len() as u64, time));
            }
            self.next.push_back(Waiting { record, time, behind: lines.position() });
        }
        if self.ended && self.next.is_empty() {
            // empty lines behind the last record are behind it for good
            self.taken = SourcePosition { ended: true, ..lines.position() };
        }
        Ok(())
    }

    /// Moves the first record into a batch.
    fn take(&mut self, batch: &mut Batch) {
        let Some(Waiting { mut record, behind, .. }) = self.next.pop_front() else { return };
        self.bytes -= record.first().map_or(0, <[u8]>::len);
        if self.earliest.front().is_some_and(|(number, _)| *number == self.first) {
            self.earliest.pop_front();
        }
        self.first += 1;
        self.taken = behind;
        batch.append(&mut record);
        self.spare.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Lines, Merge};
    use crate::source::Source;
    use sandgate_model::Instant;
    use sandgate_state::position::SourcePosition;
    use std::fs;

    /// The number that a record begins with is its time.
    fn time(_: usize, bytes: &[u8]) -> Option<Instant> {
        let text = std::str::from_utf8(bytes).ok()?;
        Instant::from_millis(text.split(' ').next()?.parse().ok()?).ok()
    }

    fn merge(folder: &tempfile::TempDir, texts: &[&str], positions: &[SourcePosition]) -> Merge {
        let lines = texts.iter().enumerate().map(|(at, text)| {
            let path = folder.path().join(at.to_string());
            fs::write(&path, text).unwrap();
            let mut lines = Lines::new(Source::open(&path, 100).unwrap(), at);
            if let Some(position) = positions.get(at) {
                lines.resume(position, &mut |_| {}).unwrap();
            }
            lines
        });
        Merge::new(lines.collect())
    }

    /// The records in their order, and the positions behind each batch.
    fn all(merge: &mut Merge, records: usize) -> (Vec<String>, Vec<Vec<SourcePosition>>) {
        let (mut order, mut ends) = (Vec::new(), Vec::new());
        loop {
            let mut batch = Batch::new();
            let more = merge.fill(&mut batch, records, &time).unwrap();
            order.extend(batch.records().into_iter().map(|(_, text, _)| text));
            ends.push(batch.ends);
            if !more {
                return (order, ends);
            }
        }
    }

    #[test]
    fn records_come_by_time_and_equal_ones_in_the_order_of_the_sources() {
        let table: &[(&[&str], &[&str])] = &[
            (&["1 a\n3 a\n", "2 b\n4 b\n"], &["1 a", "2 b", "3 a", "4 b"]),
            (&["2 a\n", "2 b\n", "1 c\n2 c\n"], &["1 c", "2 a", "2 b", "2 c"]),
            // a record that nobody can use holds nothing up
            (&["5 a\n", "what\n6 b\n"], &["what", "5 a", "6 b"]),
            // nor does one from the future: it is taken with what stands behind it
            (&["9 a\n1 a\n6 a\n", "2 b\n5 b\n"], &["9 a", "1 a", "2 b", "5 b", "6 a"]),
            (&["8 a\n9 a\n7 a\n3 a\n", "2 b\n5 b\n"], &["2 b", "8 a", "9 a", "7 a", "3 a", "5 b"]),
            (&["", "\n\n1 b\n\n", ""], &["1 b"]),
            (&["", ""], &[]),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (texts, expected) in table {
            for records in [1, 2, 100] {
                assert_eq!(
                    all(&mut merge(&folder, texts, &[]), records).0,
                    *expected,
                    "{texts:?}, {records} at a time"
                );
            }
        }
    }

    #[test]
    fn a_few_hundred_records_from_the_future_hold_nothing_back() {
        let folder = tempfile::tempdir().unwrap();
        let future = |many: usize| "9000000 f\n".repeat(many) + "1 a\n3 a\n5 a\n";
        for many in [1, 255] {
            let (order, _) = all(&mut merge(&folder, &[&future(many), "2 b\n4 b\n6 b\n"], &[]), 7);
            assert_eq!(order[many..], ["1 a", "2 b", "3 a", "4 b", "5 a", "6 b"], "{many} of them");
        }
    }

    #[test]
    fn from_every_position_the_rest_comes_as_it_would_have_come() {
        let texts = ["1 a\n\n4 a\n4 a again\nnothing\n9 a\n", "2 b\n3 b\n4 b\n\n", "7 c\n1 c\n8 c"];
        let folder = tempfile::tempdir().unwrap();
        let (order, ends) = all(&mut merge(&folder, &texts, &[]), 1);
        assert_eq!(order.len(), 11);
        for (at, positions) in ends.iter().enumerate() {
            let done = (at + 1).min(order.len());
            let (rest, last) = all(&mut merge(&folder, &texts, positions), 3);
            assert_eq!(rest, order[done..], "after {done} records");
            assert_eq!(last.last(), ends.last());
        }
    }
}
