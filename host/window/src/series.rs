//! The events of one key, sorted by time and among equal times by arrival, and
//! the answer of each window over them.

mod cover;
mod fold;
mod monoid;
mod panes;
mod reading;
mod run;
mod settle;
mod table;
mod tree;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;

use crate::shape::{Answer, Event, Interval, Read, Shape, Window};
use panes::Panes;
use reading::{Events, Reading};
use run::{Run, Source};
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
        Reading { events: self.inside(inside), more: self.more.as_deref(), shape, window: declared, read, inside, own }
            .answer()
    }

    /// Reads what most windows will need, so that it is in the processor's cache;
    /// the result depends on it and means nothing. Called for several series one
    /// right after the other it lets their cache misses overlap.
    pub fn warm(&self) -> u64 {
        self.root.warm()
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

    /// How many events are kept in sums only: those of [`Series::len`] come beside them.
    pub fn summed_up(&self) -> u64 {
        self.more.as_ref().map_or(0, |more| more.panes.events())
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

    /// The events, if some may lie inside: most keys are quiet for longer than a
    /// short window, and then nothing of the tree need be touched.
    fn inside(&self, inside: Interval) -> Option<Events<'_>> {
        (inside.after < self.last).then_some(Events { root: &self.root, last: self.last })
    }

    /// The interval cut down to the session that is running at its end.
    fn session(&self, window: &Window, read: &Read, inside: Interval) -> Interval {
        let (Some(gap), Some(events)) = (window.gap, self.inside(inside)) else { return inside };
        let mut next = inside.upto;
        let silence = events.root.silence(window.class, read, gap.max(0) as u64, inside, &mut next);
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
