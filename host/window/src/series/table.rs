//! Rows stored by column, in one piece of memory.
//!
//! Leaves, summaries and panes are tables of different layouts. A scan reads the
//! two or three columns it needs and nothing else.

use crate::shape::{Column, Layout};
use std::ops::Range;

/// Words of a cache line.
const LINE: usize = 8;
/// Up to so many times are looked through line by line.
const NEAR: usize = 64;

/// Rows stored by column. A column of width w holds w words of each row.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    words: Box<[u64]>,
    len: u32,
    capacity: u32,
}

impl Table {
    pub(super) fn with_capacity(layout: &Layout, capacity: usize) -> Table {
        Table { words: vec![0; capacity * layout.width()].into_boxed_slice(), len: 0, capacity: capacity as u32 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.capacity as usize
    }

    /// Reads one word of every cache line, and gives something that depends on all.
    #[inline]
    pub(super) fn warm(&self) -> u64 {
        self.words.iter().step_by(LINE).fold(0, |all, word| all ^ word)
    }

    /// The words of a column, row by row.
    #[inline]
    pub(super) fn column(&self, column: Column) -> &[u64] {
        let from = column.start * self.capacity();
        &self.words[from..from + column.width * self.len()]
    }

    /// The words of a column in these rows.
    #[inline]
    pub(super) fn part(&self, column: Column, rows: &Range<usize>) -> &[u64] {
        let from = column.start * self.capacity();
        &self.words[from + column.width * rows.start..from + column.width * rows.end]
    }

    /// What is left of each row behind its first two words.
    pub(super) fn rest(&self) -> Column {
        let width = self.words.len().checked_div(self.capacity()).unwrap_or(0);
        Column { start: 2, width: width.saturating_sub(2) }
    }

    /// The words of a column in one row.
    #[inline]
    pub(super) fn cell(&self, column: Column, row: usize) -> &[u64] {
        let from = column.start * self.capacity() + column.width * row;
        &self.words[from..from + column.width]
    }

    #[inline]
    pub(super) fn cell_mut(&mut self, column: Column, row: usize) -> &mut [u64] {
        let from = column.start * self.capacity() + column.width * row;
        &mut self.words[from..from + column.width]
    }

    /// The time of a row.
    #[inline]
    pub(super) fn time(&self, row: usize) -> i64 {
        self.words[row] as i64
    }

    /// How many rows, from the first, have a time up to this one.
    #[inline]
    pub(super) fn upto(&self, time: i64) -> usize {
        let times = self.column(Column::TIME);
        let is_upto = |held: &u64| *held as i64 <= time;
        if times.len() > NEAR {
            return times.partition_point(is_upto);
        }
        // no load waits for another, as each step of a binary search would: it counts
        // whole cache lines, then looks into the one that is left
        let whole = times.chunks_exact(LINE).filter(|line| is_upto(&line[LINE - 1])).count() * LINE;
        whole + times[whole..].iter().take(LINE).filter(|held| is_upto(held)).count()
    }

    /// Makes room for a row, whose words are then to be written.
    pub(super) fn open(&mut self, layout: &Layout, at: usize) {
        if self.len == self.capacity {
            self.resize(layout, larger(self.capacity()));
        }
        let (len, capacity) = (self.len(), self.capacity());
        if at < len {
            for Column { start, width } in layout.columns() {
                let from = start * capacity;
                self.words.copy_within(from + at * width..from + len * width, from + (at + 1) * width);
            }
        }
        self.len += 1;
    }

    /// Takes rows out.
    pub(super) fn remove(&mut self, layout: &Layout, rows: Range<usize>) {
        let (len, capacity) = (self.len(), self.capacity());
        for Column { start, width } in layout.columns() {
            let from = start * capacity;
            self.words.copy_within(from + rows.end * width..from + len * width, from + rows.start * width);
        }
        self.len -= rows.len() as u32;
        if self.len() <= capacity / 2 {
            self.resize(layout, self.len());
        }
    }

    /// Takes the rows from `at` on into a table of their own.
    pub(super) fn split_off(&mut self, layout: &Layout, at: usize) -> Table {
        let len = self.len();
        let mut rest = Table::with_capacity(layout, larger(len - at));
        rest.len = (len - at) as u32;
        for column in layout.columns() {
            let to = column.start * rest.capacity();
            let from = self.part(*column, &(at..len));
            rest.words[to..to + from.len()].copy_from_slice(from);
        }
        self.len = at as u32;
        if at < len {
            self.resize(layout, larger(at));
        }
        rest
    }

    /// The bytes that the rows take up.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    fn resize(&mut self, layout: &Layout, capacity: usize) {
        let mut words = vec![0; capacity * layout.width()].into_boxed_slice();
        for column in layout.columns() {
            let from = self.column(*column);
            let to = column.start * capacity;
            words[to..to + from.len()].copy_from_slice(from);
        }
        self.words = words;
        self.capacity = capacity as u32;
    }
}

/// The next of 1, 2, 3, 4, 6, 8, 12, 16, 24 …: most keys have few events, so
/// doubling would waste too much.
fn larger(capacity: usize) -> usize {
    let next = if capacity.is_power_of_two() { capacity / 2 * 3 } else { capacity / 3 * 4 };
    next.max(capacity + 1)
}
