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
            self.taken = lines.position();
        }
        Ok(())
    }
}
