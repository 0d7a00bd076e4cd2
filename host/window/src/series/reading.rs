//! A window looking at the events and panes of a series.

use super::More;
use super::fold::Piece;
use super::monoid::{Count, Greatest, Latest, Least, Monoid, Sum};
use super::tree::{self, Node};
use crate::exact::{self, Squares};
use crate::shape::{Answer, Column, Event, Interval, Of, Read, Shape, Window};
use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate;

/// The events of a series that is not empty.
pub(super) struct Events<'a> {
    pub(super) root: &'a Node,
    pub(super) last: i64,
}

/// A window looking at a series.
pub(super) struct Reading<'a> {
    pub(super) events: Option<Events<'a>>,
    pub(super) more: Option<&'a More>,
    pub(super) shape: &'a Shape,
    pub(super) window: &'a Window,
    pub(super) read: &'a Read,
    pub(super) inside: Interval,
    pub(super) own: Option<Event<'a>>,
}

impl Reading<'_> {
    pub(super) fn answer(&self) -> Answer {
        let read = self.read;
        match self.window.aggregate {
            Aggregate::Count | Aggregate::Distinct => Answer::Integer(i128::from(self.count())),
            Aggregate::Sum => {
                let Sum(sum) = self.fold(read.value);
                Answer::Integer(sum)
            }
            Aggregate::Mean => {
                let (mut count, mut sum) = (Count::EMPTY, Sum::EMPTY);
                self.pieces(&mut |piece| {
                    count = count.plus(self.fold_piece(&piece, read.count));
                    sum = sum.plus(self.fold_piece(&piece, read.value));
                });
                let (count, sum) = (count.plus(self.of_own()), sum.plus(self.of_own()));
                if count.0 == 0 { Answer::Empty } else { Answer::Number(exact::mean(sum.0, count.0, self.scale())) }
            }
            Aggregate::Deviation => {
                let (mut count, mut sum, mut squares) = (Count::EMPTY, Sum::EMPTY, Squares::EMPTY);
                self.pieces(&mut |piece| {
                    count = count.plus(self.fold_piece(&piece, read.count));
                    sum = sum.plus(self.fold_piece(&piece, read.value));
                    squares = squares.plus(self.fold_piece(&piece, read.squares));
                });
                let (count, sum) = (count.plus(self.of_own()), sum.plus(self.of_own()));
                let squares = squares.plus(self.of_own());
                if count.0 == 0 {
                    return Answer::Empty;
                }
                Answer::Number(exact::deviation(count.0, sum.0, squares, self.scale()))
            }
            Aggregate::Minimum => {
                let Least(least) = self.fold(read.value);
                self.extreme(least, least == Least::EMPTY.0)
            }
            Aggregate::Maximum => {
                let Greatest(greatest) = self.fold(read.value);
                self.extreme(greatest, greatest == Greatest::EMPTY.0)
            }
            Aggregate::FirstSeen => {
                let found = self.events.as_ref().and_then(|events| {
                    let found = events.root.oldest(self.window.class, read, self.inside)?;
                    Some(found.0.time(found.1))
                });
                let Least(pane) = self.fold_panes(read.aside);
                let times = [found, self.own.map(|own| own.time)];
                let paned = (pane != Least::EMPTY.0).then_some(pane);
                let first = times.into_iter().chain([paned]).flatten().min();
                first.map_or(Answer::Empty, |time| Answer::Integer(i128::from(time)))
            }
            Aggregate::LastSeen => {
                let found = self.newest().map(|event| event.time);
                let Greatest(pane) = self.fold_panes(read.aside);
                let times = [found, self.own.map(|own| own.time)];
                let paned = (pane != Greatest::EMPTY.0).then_some(pane);
                let last = times.into_iter().chain([paned]).flatten().max();
                last.map_or(Answer::Empty, |time| Answer::Integer(i128::from(time)))
            }
            Aggregate::Latest => self.latest(),
        }
    }

    /// Among equal times a summed-up event came before one that is not, and the
    /// transaction itself comes last.
    fn latest(&self) -> Answer {
        let Some(word) = self.window.operand else { return Answer::Empty };
        let pane: Latest = self.fold_panes(self.read.aside);
        let paned = (pane.time != Latest::EMPTY.time).then_some(pane);
        let kept = [self.newest(), self.own]
            .into_iter()
            .flatten()
            .filter_map(|event| event.words.get(word).map(|word| Latest { time: event.time, word: *word }));
        paned
            .into_iter()
            .chain(kept)
            .max_by_key(|latest| latest.time)
            .map_or(Answer::Empty, |latest| Answer::Word(latest.word))
    }

    fn newest(&self) -> Option<Event<'_>> {
        let (leaf, row) = self.events.as_ref()?.root.newest(self.window.class, self.read, self.inside)?;
        Some(tree::event(self.shape.word_column(), leaf, row))
    }

    fn count(&self) -> u64 {
        let Count(count) = self.fold(self.read.count);
        count
    }

    /// An extreme, which is that of no events only if there are none.
    fn extreme(&self, key: i64, is_doubtful: bool) -> Answer {
        if is_doubtful && self.count() == 0 {
            Answer::Empty
        } else if self.window.kind == Some(Kind::Number) {
            Answer::Number(Of::number(key))
        } else {
            Answer::Integer(i128::from(key))
        }
    }

    fn scale(&self) -> u8 {
        if let Some(Kind::Decimal { scale }) = self.window.kind { scale } else { 0 }
    }

    /// The measure of everything inside and of the transaction itself.
    fn fold<M: Monoid>(&self, column: Column) -> M {
        let mut sum = M::EMPTY;
        self.pieces(&mut |piece| sum = sum.plus(self.fold_piece(&piece, column)));
        sum.plus(self.of_own())
    }

    fn fold_panes<M: Monoid>(&self, column: Column) -> M {
        let mut sum = M::EMPTY;
        self.panes(&mut |piece| sum = sum.plus(self.fold_piece(&piece, column)));
        sum
    }

    fn fold_piece<M: Monoid>(&self, piece: &Piece<'_>, column: Column) -> M {
        piece.fold(self.shape, self.window.class, self.read.of, column)
    }

    fn of_own<M: Monoid>(&self) -> M {
        self.own.map_or(M::EMPTY, |own| M::of(own.time, self.read.of.key(own.time, own.words)))
    }

    fn pieces(&self, show: &mut impl FnMut(Piece<'_>)) {
        self.panes(show);
        let Interval { after, upto } = self.inside;
        if let Some(Events { root, last }) = self.events {
            root.cover(Some(after), Some(upto).filter(|upto| *upto < last), show);
        }
    }

    fn panes(&self, show: &mut impl FnMut(Piece<'_>)) {
        if let (Some(more), Some(grid), Some(_)) = (self.more, self.shape.grid(), self.window.resolution) {
            more.panes.cover(grid, self.inside, show);
        }
    }
}
