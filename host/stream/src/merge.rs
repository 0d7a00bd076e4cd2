//! The records of a lane's sources in one order: by time, equal times in the
//! order of the sources, a record without a usable time at once.
//!
//! Only the first waiting record of each source is looked at, so the order is a
//! function of the sources alone, wherever a run is taken up again. A source
//! whose own records are not in order of time holds nothing back: its records
//! come in its own order.

use crate::batch::Batch;
use crate::lines::Lines;
use crate::source::SourceError;
use sandgate_model::Instant;
use sandgate_state::position::SourcePosition;

/// Says when a record of a source happened, if it can be used.
pub(crate) type TimeOf<'a> = &'a dyn Fn(usize, &[u8]) -> Option<Instant>;

/// The sources of a lane.
pub(crate) struct Merge {
    lines: Vec<Lines>,
    heads: Vec<Head>,
}

/// The first record of a source that is not taken yet.
struct Head {
    record: Batch,
    state: State,
    /// Where its source stands behind the last record that was taken.
    taken: SourcePosition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has looked.
    Unread,
    /// There is one, of this time.
    Ready(Option<Instant>),
    /// There will be no more.
    Ended,
}

impl Merge {
    pub(crate) fn new(mut lines: Vec<Lines>) -> Merge {
        let heads = lines
            .iter_mut()
            .map(|lines| Head { record: Batch::new(), state: State::Unread, taken: lines.position() })
            .collect();
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
                if head.state == State::Unread && lines.waits() && !batch.is_empty() {
                    return Ok(true);
                }
                head.look(lines, |bytes| time(source, bytes))?;
            }
            let next = self.heads.iter().enumerate().filter_map(|(source, head)| match head.state {
                State::Ready(time) => Some((time, source)),
                _ => None,
            });
            // `None` is less than any time
            let Some((_, source)) = next.min() else { return Ok(false) };
            let head = &mut self.heads[source];
            batch.append(&mut head.record);
            head.state = State::Unread;
            head.taken = self.lines[source].position();
        }
        Ok(true)
    }
}

impl Head {
    /// Has the next record of the source ready, if there is one.
    fn look(&mut self, lines: &mut Lines, time: impl Fn(&[u8]) -> Option<Instant>) -> Result<(), SourceError> {
        while self.state == State::Unread {
            let more = lines.fill(&mut self.record, 1)?;
            self.state = match self.record.first() {
                Some(bytes) => State::Ready(time(bytes)),
                None if more => State::Unread,
                None => State::Ended,
            };
        }
        if self.state == State::Ended {
            // empty lines behind the last record are behind it for good
            self.taken = SourcePosition { ended: true, ..lines.position() };
        }
        Ok(())
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
            // nor does a source whose own records are not in order
            (&["5 a\n1 a\n6 a\n", "2 b\n5 b\n"], &["2 b", "5 a", "1 a", "5 b", "6 a"]),
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
