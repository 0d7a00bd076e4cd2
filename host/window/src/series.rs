//! The events of one key, sorted by time and among equal times by arrival, and
//! the answer of each window over them.

mod cover;
mod fold;
mod monoid;
mod panes;
mod run;
mod settle;
mod table;
mod tree;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;

use crate::exact::{self, Squares};
use crate::shape::{Answer, Column, Event, Interval, Of, Read, Shape, Window};
use fold::Piece;
use monoid::{Count, Greatest, Latest, Least, Monoid, Sum};
use panes::Panes;
use run::{Run, Source};
use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate;
use table::Table;
use tree::{LEAF_MAX, Node};

/// The events of one key.
///
/// What it promises: every answer is that of a scan over all events that were ever
/// inserted, and not removed, whose time lies inside the interval. It does not
/// matter in which order they came, how often the series was settled, or what was
/// asked before.
///
/// What it costs, for n events of the key, however many of them a window covers:
///
/// | work | cost |
/// |---|---|
/// | insert in order, late | O(log n) |
/// | `count`, `sum`, `mean`, `deviation`, `minimum`, `maximum` | O(log n) |
/// | `first_seen`, `last_seen`, `latest`, where a session begins | O(log n) |
/// | `distinct` | O(log n), and amortised O(1) for each event that enters or leaves; late by k events O(k) |
/// | settle | O(log n), and amortised O(1) for each event that goes |
/// | an event in memory | 16 bytes, 8 for each operand, and 1 to 4 for what is known of it |
/// | a different value of a `distinct` window of a long series | about 20 bytes |
///
/// Up to 64 events are a single leaf, which is scanned, and cost no more than their
/// own bytes. What a series does not do: it knows no clock, does no I/O, and counts
/// no event that has no bit among its classes for the window.
#[derive(Clone, Debug)]
pub struct Series {
    root: Node,
    /// The time of the last event.
    last: i64,
    more: Option<Box<More>>,
}

/// What few series need.
#[derive(Clone, Debug, Default)]
struct More {
    runs: Vec<Run>,
    panes: Panes,
}

impl Default for Series {
    fn default() -> Series {
        Series { root: Node::default(), last: i64::MIN, more: None }
    }
}

impl Series {
    /// Adds an event behind all that are not newer than it. It has as many words
    /// as the shape says.
    pub fn insert(&mut self, shape: &Shape, event: Event<'_>) {
        self.root.insert(shape, event);
        self.last = self.last.max(event.time);
        if let Some(more) = &mut self.more {
            more.runs.iter_mut().for_each(|run| run.hear(shape, event, true));
        }
    }

    /// Takes the event out again that arrived last among those at `time`; says
    /// whether there was one. `freed` is told each text that it held.
    pub fn remove_newest_at(&mut self, shape: &Shape, time: i64, freed: &mut dyn FnMut(u64)) -> bool {
        let mut runs = self.more.as_deref_mut().map(|more| &mut more.runs);
        let found = self.root.remove(shape, time, &mut |event| {
            runs.iter_mut().flat_map(|runs| runs.iter_mut()).for_each(|run| run.hear(shape, event, false));
            shape.texts(event.words).for_each(&mut *freed);
        });
        self.last = self.root.last().unwrap_or(i64::MIN);
        found
    }

    /// What a window says of the events inside the interval; seen from `upto`, if
    /// it is a session. `own` is the event of the transaction itself where the
    /// window counts it: it need not lie inside, counts if it is of the window's
    /// class, and arrives after all others.
    ///
    /// Behind the settled horizon the edges of a window with a resolution lie on
    /// multiples of it (one millisecond before, if it is closed).
    pub fn read(&mut self, shape: &Shape, window: usize, interval: Interval, own: Option<Event<'_>>) -> Answer {
        let (Some(declared), Some(read)) = (shape.windows().get(window), shape.reads().get(window)) else {
            return Answer::Empty;
        };
        let own = own.filter(|own| own.classes >> declared.class & 1 == 1);
        let inside = Interval { upto: interval.upto.max(interval.after), ..interval };
        let inside = self.session(declared, read, inside);
        if declared.aggregate == Aggregate::Distinct {
            let own = own.map(|own| read.of.key(own.time, own.words));
            return Answer::Integer(self.different(shape, window, inside, own) as i128);
        }
        Reading { series: self, shape, window: declared, read, inside, own }.answer()
    }

    /// Frees what no window can reach: `horizon` is the committed clock less the
    /// lateness, and lower than the time of each event that may yet be removed.
    /// It may free less than it could, and never changes an answer. `freed` is told
    /// each interned text that is no longer held, once for each event that held it.
    pub fn settle(&mut self, shape: &Shape, horizon: i64, freed: &mut dyn FnMut(u64)) {
        self.free(shape, horizon, freed);
        let is_short = matches!(self.root, Node::Leaf(_));
        if is_short && self.more.as_ref().is_some_and(|more| more.panes.is_empty()) {
            self.more = None;
        }
    }

    /// The events in order, as far as they are not summed up.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let mut leaves = Vec::new();
        self.root.leaves(&mut leaves);
        leaves.into_iter().flat_map(|leaf| (0..leaf.len()).map(|row| tree::event(leaf.rest(), leaf, row)))
    }

    /// How many events are kept as such.
    pub fn len(&self) -> usize {
        self.root.count() as usize
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.root.count() == 0 && self.more.as_ref().is_none_or(|more| more.panes.is_empty())
    }

    /// The bytes that this series takes up beside itself.
    pub fn heap_bytes(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| {
            let runs = more.runs.iter().map(Run::heap_bytes).sum::<usize>();
            size_of::<More>() + more.runs.capacity() * size_of::<Run>() + runs + more.panes.heap_bytes()
        });
        self.root.heap_bytes() + more
    }

    /// The interval cut down to the session that is running at its end.
    fn session(&self, window: &Window, read: &Read, inside: Interval) -> Interval {
        let Some(gap) = window.gap else { return inside };
        let mut next = inside.upto;
        let silence = self.root.silence(window.class, read, gap.max(0) as u64, inside, &mut next);
        Interval { after: silence.unwrap_or(inside.after), ..inside }
    }

    /// How many different keys there are inside, the transaction's own among them.
    fn different(&mut self, shape: &Shape, window: usize, inside: Interval, own: Option<i64>) -> usize {
        if let Node::Leaf(leaf) = &self.root
            && self.more.is_none()
        {
            return different_in(leaf, shape, window, inside, own);
        }
        let More { runs, panes } = &mut **self.more.get_or_insert_default();
        let at = runs.iter().position(|run| run.window == window).unwrap_or_else(|| {
            runs.push(Run::new(window));
            runs.len() - 1
        });
        let panes = shape.grid().map(|grid| (&*panes, grid));
        let Some(run) = runs.get_mut(at) else { return 0 };
        run.move_to(Source { shape, events: &self.root, panes }, inside);
        run.different() + usize::from(own.is_some_and(|own| !run.contains(own)))
    }
}

/// How many different keys there are in one leaf.
fn different_in(leaf: &Table, shape: &Shape, window: usize, inside: Interval, own: Option<i64>) -> usize {
    let (Some(declared), Some(read)) = (shape.windows().get(window), shape.reads().get(window)) else { return 0 };
    let rows = leaf.upto(inside.after)..leaf.upto(inside.upto);
    let events = rows.map(|row| tree::event(shape.word_column(), leaf, row));
    let keys = events
        .filter(|event| event.classes >> declared.class & 1 == 1)
        .map(|event| read.of.key(event.time, event.words));
    let mut seen = [0; LEAF_MAX + 1];
    let mut many = 0;
    for key in keys.chain(own) {
        seen[many] = key;
        many += 1;
    }
    let seen = &mut seen[..many];
    seen.sort_unstable();
    seen.chunk_by(|a, b| a == b).count()
}

/// A window looking at a series.
struct Reading<'a> {
    series: &'a Series,
    shape: &'a Shape,
    window: &'a Window,
    read: &'a Read,
    inside: Interval,
    own: Option<Event<'a>>,
}

impl Reading<'_> {
    fn answer(&self) -> Answer {
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
                let found = self.series.root.oldest(self.window.class, read, self.inside);
                let Least(pane) = self.fold_panes(read.aside);
                let times = [found.map(|(leaf, row)| leaf.time(row)), self.own.map(|own| own.time)];
                let paned = (pane != Least::EMPTY.0).then_some(pane);
                let first = times.into_iter().chain([paned]).flatten().min();
                first.map_or(Answer::Empty, |time| Answer::Integer(i128::from(time)))
            }
            Aggregate::LastSeen => {
                let found = self.series.root.newest(self.window.class, read, self.inside);
                let Greatest(pane) = self.fold_panes(read.aside);
                let times = [found.map(|(leaf, row)| leaf.time(row)), self.own.map(|own| own.time)];
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
        let found = self.series.root.newest(self.window.class, self.read, self.inside);
        let event = found.map(|(leaf, row)| tree::event(self.shape.word_column(), leaf, row));
        let pane: Latest = self.fold_panes(self.read.aside);
        let paned = (pane.time != Latest::EMPTY.time).then_some(pane);
        let kept = [event, self.own]
            .into_iter()
            .flatten()
            .filter_map(|event| event.words.get(word).map(|word| Latest { time: event.time, word: *word }));
        paned
            .into_iter()
            .chain(kept)
            .max_by_key(|latest| latest.time)
            .map_or(Answer::Empty, |latest| Answer::Word(latest.word))
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
        let upto = Some(upto).filter(|upto| *upto < self.series.last);
        self.series.root.cover(Some(after), upto, show);
    }

    fn panes(&self, show: &mut impl FnMut(Piece<'_>)) {
        if let (Some(more), Some(grid), Some(_)) = (&self.series.more, self.shape.grid(), self.window.resolution) {
            more.panes.cover(grid, self.inside, show);
        }
    }
}
