//! The measures of a piece of a series: of events, or of summaries.

use super::monoid::{Count, Gaps, Greatest, Latest, Least, Monoid, Sum};
use super::table::Table;
use crate::exact::Squares;
use crate::shape::{Column, Measure, Of, Shape, Summary};
use std::ops::Range;

/// Events in order: rows of a leaf, or of the summaries of a node's children.
pub(super) enum Piece<'a> {
    Events(&'a Table, Range<usize>),
    Rows(&'a Table, Range<usize>),
}

impl Piece<'_> {
    /// The measure of the class's events among these.
    pub(super) fn fold<M: Monoid>(&self, shape: &Shape, class: u32, of: Of, column: Column) -> M {
        match self {
            Piece::Events(table, rows) => {
                let times = table.part(Column::TIME, rows).iter().map(|time| *time as i64);
                let is_of = |classes: &u64| classes >> class & 1 == 1;
                let events = table.part(Column::CLASSES, rows).iter().map(is_of).zip(times);
                let column = shape.word_column();
                let words = |word: usize| {
                    let words = table.part(column, rows).get(word..).unwrap_or_default();
                    words.iter().step_by(column.width.max(1))
                };
                let add = |sum: M, (is_of, time), key| sum.plus(M::only_if(is_of, time, key));
                // the choice stands outside the loops, so that each of them is tight
                match of {
                    Of::Time => events.fold(M::EMPTY, |sum, event| add(sum, event, event.1)),
                    Of::Whole(word) => {
                        events.zip(words(word)).fold(M::EMPTY, |sum, (event, word)| add(sum, event, *word as i64))
                    }
                    Of::Number(word) => events
                        .zip(words(word))
                        .fold(M::EMPTY, |sum, (event, word)| add(sum, event, Of::number_key(*word))),
                }
            }
            Piece::Rows(table, rows) => {
                let cells = table.part(column, rows).chunks_exact(column.width.max(1));
                cells.fold(M::EMPTY, |sum, cell| sum.plus(M::read(cell)))
            }
        }
    }

    /// Writes all measures of these events into the cells of a row.
    pub(super) fn summarize(&self, shape: &Shape, summary: &Summary, to: &mut Table, row: usize) {
        for (measure, column) in summary.measures() {
            let cell = to.cell_mut(column, row);
            measure.dispatch(Folding { piece: self, shape, column, cell });
        }
    }
}

/// Adds one event to the measures of a row; says whether all could be.
pub(super) fn absorb(summary: &Summary, to: &mut Table, row: usize, time: i64, classes: u64, words: &[u64]) -> bool {
    let mut all = true;
    for (measure, column) in summary.measures() {
        if classes >> measure.class() & 1 == 1 {
            let cell = to.cell_mut(column, row);
            all &= measure.dispatch(Absorbing { time, words, cell });
        }
    }
    all
}

/// Writes the measures of no events into the cells of a row.
pub(super) fn clear(summary: &Summary, to: &mut Table, row: usize) {
    for (measure, column) in summary.measures() {
        measure.dispatch(Clearing { cell: to.cell_mut(column, row) });
    }
}

/// What is done with a measure, whatever its type.
trait Task {
    type Output;
    fn run<M: Monoid>(self, class: u32, of: Of) -> Self::Output;
}

impl Measure {
    fn class(self) -> u32 {
        match self {
            Measure::Count { class } | Measure::Gaps { class } => class,
            Measure::Sum { class, .. } | Measure::Squares { class, .. } | Measure::Latest { class, .. } => class,
            Measure::Least { class, .. } | Measure::Greatest { class, .. } => class,
        }
    }

    fn dispatch<T: Task>(self, task: T) -> T::Output {
        match self {
            Measure::Count { class } => task.run::<Count>(class, Of::Time),
            Measure::Sum { class, word } => task.run::<Sum>(class, Of::Whole(word)),
            Measure::Squares { class, word } => task.run::<Squares>(class, Of::Whole(word)),
            Measure::Least { class, of } => task.run::<Least>(class, of),
            Measure::Greatest { class, of } => task.run::<Greatest>(class, of),
            Measure::Gaps { class } => task.run::<Gaps>(class, Of::Time),
            Measure::Latest { class, word } => task.run::<Latest>(class, Of::Whole(word)),
        }
    }
}

struct Folding<'a, 'b> {
    piece: &'a Piece<'b>,
    shape: &'a Shape,
    column: Column,
    cell: &'a mut [u64],
}

impl Task for Folding<'_, '_> {
    type Output = ();

    fn run<M: Monoid>(self, class: u32, of: Of) {
        self.piece.fold::<M>(self.shape, class, of, self.column).write(self.cell);
    }
}

struct Absorbing<'a> {
    time: i64,
    words: &'a [u64],
    cell: &'a mut [u64],
}

impl Task for Absorbing<'_> {
    type Output = bool;

    fn run<M: Monoid>(self, _class: u32, of: Of) -> bool {
        let event = M::of(self.time, of.key(self.time, self.words));
        let sum = M::read(self.cell).with(event);
        if let Some(sum) = sum {
            sum.write(self.cell);
        }
        sum.is_some()
    }
}

struct Clearing<'a> {
    cell: &'a mut [u64],
}

impl Task for Clearing<'_> {
    type Output = ();

    fn run<M: Monoid>(self, _class: u32, _of: Of) {
        M::EMPTY.write(self.cell);
    }
}
