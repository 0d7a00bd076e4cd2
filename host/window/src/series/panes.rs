//! Old events of a key, summed up by pane.

use super::fold::{self, Piece};
use super::table::Table;
use crate::shape::{Column, Event, Grid, Interval, Measure, Of, Shape};
use std::ops::Range;

/// How many rows are summed up in one row of the next coarser level.
const COARSER: usize = 16;

/// The panes of a key that had events, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Panes {
    /// The time of a row is the last moment before its pane.
    rows: Table,
    /// What a row cannot hold, in the order of the rows; empty if there is nothing
    /// of this sort.
    kept: Vec<Kept>,
    /// Rows of 16 rows each, then of 256 and so on; full ones only.
    coarser: Vec<Table>,
    /// From which row on a pane has changed since it was last tidied up.
    stale: usize,
}

/// What a pane knows that has no fixed size.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// The different keys of each set of the grid, sorted.
    sets: Vec<Vec<i64>>,
    /// The texts that the pane refers to, sorted; each is held once.
    texts: Vec<u64>,
}

impl Panes {
    /// Adds an event to its pane. `added` is told which set has got a new key.
    /// [`Panes::tidy`] must follow.
    pub(super) fn absorb(
        &mut self,
        shape: &Shape,
        grid: &Grid,
        event: Event<'_>,
        freed: &mut dyn FnMut(u64),
        added: &mut impl FnMut(usize, i64),
    ) {
        let Event { time, classes, words } = event;
        let row = self.row(shape, grid, grid.before(time));
        self.stale = self.stale.min(row);
        self.rows.cell_mut(Column::TOTAL, row)[0] += 1;
        fold::absorb(grid.summary(), &mut self.rows, row, time, classes, words);
        let Some(kept) = self.kept.get_mut(row) else { return shape.texts(words).for_each(freed) };
        for (at, ((class, of), set)) in grid.sets().iter().zip(&mut kept.sets).enumerate() {
            let key = of.key(time, words);
            if classes >> class & 1 == 1
                && let Err(place) = set.binary_search(&key)
            {
                set.insert(place, key);
                added(at, key);
            }
        }
        for text in shape.texts(words) {
            match kept.texts.binary_search(&text) {
                Ok(_) => freed(text),
                Err(place) => kept.texts.insert(place, text),
            }
        }
    }

    /// The row of the pane after a moment, made if there is none yet.
    fn row(&mut self, shape: &Shape, grid: &Grid, before: i64) -> usize {
        let at = self.rows.upto(before);
        if let Some(row) = at.checked_sub(1).filter(|row| self.rows.time(*row) == before) {
            return row;
        }
        self.rows.open(grid.summary().layout(), at);
        self.rows.cell_mut(Column::TIME, at)[0] = before as u64;
        self.rows.cell_mut(Column::TOTAL, at)[0] = 0;
        fold::clear(grid.summary(), &mut self.rows, at);
        if !grid.sets().is_empty() || shape.has_texts() {
            self.kept.insert(at, Kept { sets: vec![Vec::new(); grid.sets().len()], texts: Vec::new() });
        }
        at
    }

    /// Frees the texts that changed panes no longer refer to, and sums up again
    /// what has changed.
    pub(super) fn tidy(&mut self, shape: &Shape, grid: &Grid, freed: &mut dyn FnMut(u64)) {
        for (row, kept) in self.kept.iter_mut().enumerate().skip(self.stale) {
            let latest = |text: u64| {
                grid.summary().measures().any(|(measure, column)| {
                    matches!(measure, Measure::Latest { word, .. } if shape.is_text(word))
                        && self.rows.cell(column, row).last() == Some(&text)
                })
            };
            let sets = &kept.sets;
            kept.texts.retain(|text| {
                let different = grid.sets().iter().zip(sets).any(|((_, of), set)| {
                    matches!(of, Of::Whole(word) if shape.is_text(*word)) && set.binary_search(&(*text as i64)).is_ok()
                });
                let is_held = different || latest(*text);
                if !is_held {
                    freed(*text);
                }
                is_held
            });
        }
        self.sum_up(shape, grid);
        self.stale = self.rows.len();
    }

    fn sum_up(&mut self, shape: &Shape, grid: &Grid) {
        let layout = grid.summary().layout();
        let (mut finer, mut stale) = (&self.rows, self.stale);
        let mut coarser = std::mem::take(&mut self.coarser).into_iter();
        let mut levels: Vec<Table> = Vec::new();
        while finer.len() >= COARSER {
            stale /= COARSER;
            let mut level = coarser.next().unwrap_or_default();
            if stale < level.len() {
                level.remove(layout, stale..level.len());
            }
            for row in level.len()..finer.len() / COARSER {
                level.open(layout, row);
                level.cell_mut(Column::TIME, row)[0] = finer.time(row * COARSER) as u64;
                let of = row * COARSER..(row + 1) * COARSER;
                level.cell_mut(Column::TOTAL, row)[0] = finer.part(Column::TOTAL, &of).iter().sum();
                Piece::Rows(finer, of).summarize(shape, grid.summary(), &mut level, row);
            }
            levels.push(level);
            finer = &levels[levels.len() - 1];
        }
        self.coarser = levels;
    }

    /// Drops panes from the left that end at the floor or before it, once they
    /// are many enough. `removed` is told which pane lost which key of which set.
    pub(super) fn drop_upto(
        &mut self,
        grid: &Grid,
        floor: i64,
        freed: &mut dyn FnMut(u64),
        removed: &mut impl FnMut(Interval, usize, i64),
    ) {
        let rows = self.rows.upto(floor.saturating_sub(grid.width()));
        if rows * 4 < self.rows.len() || rows == 0 {
            return;
        }
        for (row, kept) in self.kept.drain(..rows.min(self.kept.len())).enumerate() {
            let before = self.rows.time(row);
            let pane = Interval { after: before, upto: before.saturating_add(grid.width()) };
            for (at, set) in kept.sets.iter().enumerate() {
                set.iter().for_each(|key| removed(pane, at, *key));
            }
            kept.texts.iter().for_each(|text| freed(*text));
        }
        self.rows.remove(grid.summary().layout(), 0..rows);
        self.stale = 0;
    }

    /// Shows the panes inside the interval, in pieces that need not be in order.
    pub(super) fn cover<'a>(&'a self, grid: &Grid, inside: Interval, show: &mut impl FnMut(Piece<'a>)) {
        let Range { mut start, mut end } = self.inside(grid, inside);
        let mut coarser = self.coarser.iter();
        let mut table = &self.rows;
        while start < end {
            let (first, last) = (start.next_multiple_of(COARSER), end / COARSER * COARSER);
            let next = coarser.next().filter(|_| first < last);
            let Some(next) = next else { return show(Piece::Rows(table, start..end)) };
            show(Piece::Rows(table, start..first));
            show(Piece::Rows(table, last..end));
            (table, start, end) = (next, first / COARSER, last / COARSER);
        }
    }

    /// Shows each pane's different keys of a set, inside the interval.
    pub(super) fn each_key(&self, grid: &Grid, set: usize, inside: Interval, show: &mut impl FnMut(i64)) {
        for kept in self.kept.get(self.inside(grid, inside)).unwrap_or_default() {
            kept.sets.get(set).into_iter().flatten().for_each(|key| show(*key));
        }
    }

    /// The rows of the panes that lie inside an interval.
    fn inside(&self, grid: &Grid, inside: Interval) -> Range<usize> {
        let start = self.rows.upto(inside.after.saturating_sub(1));
        start..self.rows.upto(inside.upto.saturating_sub(grid.width())).max(start)
    }

    /// How many events they stand for.
    pub(super) fn events(&self) -> u64 {
        self.rows.column(Column::TOTAL).iter().sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let tables = self.rows.heap_bytes() + self.coarser.iter().map(Table::heap_bytes).sum::<usize>();
        let sets = |kept: &Kept| kept.sets.iter().map(|set| size_of_val(set) + set.capacity() * 8).sum::<usize>();
        let kept = self.kept.iter().map(|kept| sets(kept) + kept.texts.capacity() * 8).sum::<usize>();
        tables + self.coarser.capacity() * size_of::<Table>() + self.kept.capacity() * size_of::<Kept>() + kept
    }
}
