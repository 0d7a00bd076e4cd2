//! The events of a key in a B+-tree whose inner nodes know the measures of each
//! child.
//!
//! It answers any interval from at most two leaves and the summaries of O(log n)
//! nodes, takes late events in O(log n), and events in order by writing at its
//! right end; after Tangwongsan, Hirzel, Schneider: *Optimal and general
//! out-of-order sliding-window aggregation* (VLDB 2019), whose fingers it does
//! without: it is shallow, and an insertion has to touch a summary on each level
//! anyway.
//!
//! Leaves that fill up in order stay full, for at the right end of the tree it is
//! the new event alone that goes into the next leaf; elsewhere a full leaf is
//! halved. Nodes are never merged: events leave at the left,
//! where whole nodes go, or are taken out again by an undo, which empties no more
//! than the insertions before it had filled.

use super::fold::{self, Piece};
use super::table::Table;
use crate::shape::{Column, Event, Shape};

/// Events of a leaf, at most.
pub(super) const LEAF_MAX: usize = 64;
/// Children of an inner node, at most.
const CHILDREN_MAX: usize = 16;

/// A tree of events. One leaf alone has no summary above it: a short series is
/// no more than its events.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Leaf(Table),
    Inner(Box<Inner>),
}

/// A node with children, and a row of summary for each.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub(super) rows: Table,
    pub(super) children: Vec<Node>,
}

impl Default for Node {
    fn default() -> Node {
        Node::Leaf(Table::default())
    }
}

/// The event in a row of a leaf.
pub(super) fn event(words: Column, leaf: &Table, row: usize) -> Event<'_> {
    Event { time: leaf.time(row), classes: leaf.cell(Column::CLASSES, row)[0], words: leaf.cell(words, row) }
}

impl Node {
    /// Adds an event behind all that are not newer.
    pub(super) fn insert(&mut self, shape: &Shape, event: Event<'_>) {
        let Some(right) = self.put(shape, event, true) else { return };
        let left = std::mem::take(self);
        let mut rows = Table::with_capacity(shape.summary().layout(), 2);
        for (at, child) in [&left, &right].into_iter().enumerate() {
            rows.open(shape.summary().layout(), at);
            child.summarize(shape, &mut rows, at);
        }
        *self = Node::Inner(Box::new(Inner { rows, children: vec![left, right] }));
    }

    /// Adds an event; what no longer fits becomes the node's right neighbour.
    /// `is_last` says that it has none so far.
    fn put(&mut self, shape: &Shape, event: Event<'_>, is_last: bool) -> Option<Node> {
        let inner = match self {
            Node::Leaf(leaf) => return put_into_leaf(leaf, shape, event, is_last),
            Node::Inner(inner) => inner,
        };
        let at = inner.rows.upto(event.time).saturating_sub(1);
        let is_last = is_last && at + 1 == inner.children.len();
        let child = inner.children.get_mut(at)?;
        let Some(right) = child.put(shape, event, is_last) else {
            inner.absorb(shape, at, event);
            return None;
        };
        // an event that opened a node of its own left this one as it was
        if right.count() > 1 {
            child.summarize(shape, &mut inner.rows, at);
        }
        if inner.children.len() < CHILDREN_MAX {
            inner.adopt(shape, at + 1, right);
            return None;
        }
        let middle = if is_last { CHILDREN_MAX } else { CHILDREN_MAX / 2 };
        let mut next = Inner {
            rows: inner.rows.split_off(shape.summary().layout(), middle),
            children: inner.children.split_off(middle),
        };
        if at < middle && middle < CHILDREN_MAX {
            inner.adopt(shape, at + 1, right);
        } else {
            next.adopt(shape, at + 1 - middle, right);
        }
        Some(Node::Inner(Box::new(next)))
    }

    /// Reads the way to the newest events.
    pub(super) fn warm(&self) -> u64 {
        match self {
            Node::Leaf(leaf) => leaf.warm(),
            Node::Inner(inner) => inner.rows.warm() ^ inner.children.last().map_or(0, Node::warm),
        }
    }

    /// Takes out the event that arrived last among those at `time`, if there is
    /// one, and shows it.
    pub(super) fn remove(&mut self, shape: &Shape, time: i64, taken: &mut impl FnMut(Event<'_>)) -> bool {
        let found = self.pull(shape, time, taken);
        self.lower();
        found
    }

    fn pull(&mut self, shape: &Shape, time: i64, taken: &mut impl FnMut(Event<'_>)) -> bool {
        match self {
            Node::Leaf(leaf) => {
                let Some(row) = leaf.upto(time).checked_sub(1).filter(|row| leaf.time(*row) == time) else {
                    return false;
                };
                taken(event(shape.word_column(), leaf, row));
                leaf.remove(shape.events(), row..row + 1);
                true
            }
            Node::Inner(inner) => {
                let Some(at) = inner.rows.upto(time).checked_sub(1) else { return false };
                let found = inner.children.get_mut(at).is_some_and(|child| child.pull(shape, time, taken));
                if found {
                    inner.refresh(shape, at);
                }
                found
            }
        }
    }

    /// Takes out events up to `time` from the left, and shows them. If `thrifty`,
    /// a leaf that would keep most of its events keeps all of them.
    pub(super) fn take(&mut self, shape: &Shape, time: i64, thrifty: bool, taken: &mut impl FnMut(Event<'_>)) {
        self.cut(shape, time, thrifty, taken);
        self.lower();
    }

    fn cut(&mut self, shape: &Shape, time: i64, thrifty: bool, taken: &mut impl FnMut(Event<'_>)) -> bool {
        match self {
            Node::Leaf(leaf) => {
                let rows = leaf.upto(time);
                if rows == 0 || thrifty && rows < leaf.len().div_ceil(2) {
                    return false;
                }
                (0..rows).for_each(|row| taken(event(shape.word_column(), leaf, row)));
                leaf.remove(shape.events(), 0..rows);
                true
            }
            Node::Inner(inner) => {
                // all of a child is older than the first event of the next one
                let Some(last) = inner.rows.upto(time).checked_sub(1) else { return false };
                for child in inner.children.drain(..last) {
                    child.each(shape, &mut |event| taken(event));
                }
                inner.rows.remove(shape.summary().layout(), 0..last);
                let changed = inner.children.first_mut().is_some_and(|child| child.cut(shape, time, thrifty, taken));
                if changed {
                    inner.refresh(shape, 0);
                }
                last > 0 || changed
            }
        }
    }

    /// Takes away inner nodes that have but one child.
    fn lower(&mut self) {
        while let Node::Inner(inner) = self
            && inner.children.len() < 2
        {
            *self = inner.children.pop().unwrap_or_default();
        }
    }

    /// Writes what is known of the events here into a row.
    pub(super) fn summarize(&self, shape: &Shape, to: &mut Table, row: usize) {
        to.cell_mut(Column::TIME, row)[0] = self.first().unwrap_or(i64::MIN) as u64;
        to.cell_mut(Column::TOTAL, row)[0] = self.count();
        self.whole().summarize(shape, shape.summary(), to, row);
    }

    /// All events here, as one piece.
    pub(super) fn whole(&self) -> Piece<'_> {
        match self {
            Node::Leaf(leaf) => Piece::Events(leaf, 0..leaf.len()),
            Node::Inner(inner) => Piece::Rows(&inner.rows, 0..inner.rows.len()),
        }
    }

    /// How many events are here.
    pub(super) fn count(&self) -> u64 {
        match self {
            Node::Leaf(leaf) => leaf.len() as u64,
            Node::Inner(inner) => inner.rows.column(Column::TOTAL).iter().sum(),
        }
    }

    /// The time of the first event.
    pub(super) fn first(&self) -> Option<i64> {
        let table = match self {
            Node::Leaf(leaf) => leaf,
            Node::Inner(inner) => &inner.rows,
        };
        table.column(Column::TIME).first().map(|time| *time as i64)
    }

    /// The time of the last event.
    pub(super) fn last(&self) -> Option<i64> {
        match self {
            Node::Leaf(leaf) => leaf.column(Column::TIME).last().map(|time| *time as i64),
            Node::Inner(inner) => inner.children.last().and_then(Node::last),
        }
    }

    /// Shows each event, in order.
    pub(super) fn each(&self, shape: &Shape, show: &mut impl FnMut(Event<'_>)) {
        match self {
            Node::Leaf(leaf) => (0..leaf.len()).for_each(|row| show(event(shape.word_column(), leaf, row))),
            Node::Inner(inner) => inner.children.iter().for_each(|child| child.each(shape, show)),
        }
    }

    /// The leaves, in order.
    pub(super) fn leaves<'a>(&'a self, to: &mut Vec<&'a Table>) {
        match self {
            Node::Leaf(leaf) => to.push(leaf),
            Node::Inner(inner) => inner.children.iter().for_each(|child| child.leaves(to)),
        }
    }

    /// The bytes below this node.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.heap_bytes(),
            Node::Inner(inner) => {
                let below: usize = inner.children.iter().map(Node::heap_bytes).sum();
                size_of::<Inner>() + inner.rows.heap_bytes() + inner.children.capacity() * size_of::<Node>() + below
            }
        }
    }
}

fn put_into_leaf(leaf: &mut Table, shape: &Shape, event: Event<'_>, is_last: bool) -> Option<Node> {
    let layout = shape.events();
    let len = leaf.len();
    let at = if len > 0 && leaf.time(len - 1) <= event.time { len } else { leaf.upto(event.time) };
    if len < LEAF_MAX {
        write(leaf, shape, at, event);
        return None;
    }
    let middle = if is_last && at == len { len } else { len / 2 };
    let mut right = leaf.split_off(layout, middle);
    if at <= middle && middle < len {
        write(leaf, shape, at, event);
    } else {
        write(&mut right, shape, at - middle, event);
    }
    Some(Node::Leaf(right))
}

fn write(leaf: &mut Table, shape: &Shape, at: usize, event: Event<'_>) {
    leaf.open(shape.events(), at);
    leaf.cell_mut(Column::TIME, at)[0] = event.time as u64;
    leaf.cell_mut(Column::CLASSES, at)[0] = event.classes;
    leaf.cell_mut(shape.word_column(), at).copy_from_slice(event.words);
}

impl Inner {
    /// Adds an event of a child to what is known of the child.
    fn absorb(&mut self, shape: &Shape, at: usize, event: Event<'_>) {
        let Event { time, classes, words } = event;
        let first = self.rows.time(at).min(time);
        self.rows.cell_mut(Column::TIME, at)[0] = first as u64;
        self.rows.cell_mut(Column::TOTAL, at)[0] += 1;
        if !fold::absorb(shape.summary(), &mut self.rows, at, time, classes, words)
            && let Some(child) = self.children.get(at)
        {
            child.summarize(shape, &mut self.rows, at);
        }
    }

    /// Takes in a child.
    fn adopt(&mut self, shape: &Shape, at: usize, child: Node) {
        self.rows.open(shape.summary().layout(), at);
        child.summarize(shape, &mut self.rows, at);
        self.children.insert(at, child);
    }

    /// Sums up a child that has lost events, or forgets it if it has none left.
    fn refresh(&mut self, shape: &Shape, at: usize) {
        let Some(child) = self.children.get(at) else { return };
        if child.count() > 0 {
            child.summarize(shape, &mut self.rows, at);
        } else {
            self.rows.remove(shape.summary().layout(), at..at + 1);
            self.children.remove(at);
        }
    }
}
