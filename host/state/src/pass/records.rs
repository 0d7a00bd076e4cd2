//! The records of a batch, and what they bring to the series.

use super::{Fate, Warming};
use crate::entry::Entry;
use sandgate_window::{Derived, Touch, Word};
use std::ops::Range;

/// The rows of a batch with their touches.
#[derive(Debug, Default)]
pub(crate) struct Records<'a> {
    pub(crate) rows: Vec<Row>,
    pub(crate) derived: Derived<'a>,
    /// One for each touch of `derived`.
    pub(crate) marks: Vec<Mark>,
}

/// A row of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) entry: Entry,
    /// Its touches among those of the batch.
    pub(crate) touches: Range<usize>,
    /// Its stored fields among those of the batch.
    pub(crate) cells: Range<usize>,
    /// Its windows among the intervals and answers of the batch; none if it is not judged.
    pub(crate) windows: Range<usize>,
    /// The clock before it, and that less the lateness.
    pub(crate) clock: Option<i64>,
    pub(crate) horizon: Option<i64>,
    /// How a window of it reaches behind the beginning of the state.
    pub(crate) warming: Option<Warming>,
    pub(crate) fate: Fate,
}

/// What is known of a touch beside what the plan says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) row: usize,
    /// The number of its family.
    pub(crate) family: u64,
    /// Hash of family and key.
    pub(crate) hash: u64,
    /// Whether the event is added; found out in the order of the lane.
    pub(crate) added: bool,
}

/// A touch with all that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched<'p, 'a> {
    pub(crate) row: &'p Row,
    pub(crate) touch: &'p Touch,
    pub(crate) mark: &'p Mark,
    pub(crate) key: &'p [u8],
    pub(crate) words: &'p [Word<'a>],
}

impl Row {
    pub(crate) fn is_late(&self) -> bool {
        self.horizon.is_some_and(|horizon| self.entry.time < horizon)
    }

    /// Whether the journal has an entry of it: it changes something.
    pub(crate) fn has_entry(&self) -> bool {
        match self.fate {
            Fate::New | Fate::Full => true,
            Fate::Reused { .. } => self.entry.judged,
            Fate::Repeat(_) => false,
        }
    }

    /// Whether its windows are read.
    pub(crate) fn is_read(&self) -> bool {
        self.entry.judged && matches!(self.fate, Fate::New | Fate::Full)
    }
}

impl<'a> Records<'a> {
    /// A touch by its index.
    pub(crate) fn touched(&self, index: usize) -> Option<Touched<'_, 'a>> {
        let (touch, mark) = (self.derived.touches.get(index)?, self.marks.get(index)?);
        Some(Touched {
            row: self.rows.get(mark.row)?,
            touch,
            mark,
            key: self.derived.keys.get(touch.key.start as usize..touch.key.end as usize)?,
            words: self.derived.words.get(touch.words.start as usize..touch.words.end as usize)?,
        })
    }
}
