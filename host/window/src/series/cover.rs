//! Ways down the tree: what lies inside an interval, and what is the first or the
//! last in it.

use super::fold::Piece;
use super::monoid::{Gaps, Monoid, silence};
use super::table::Table;
use super::tree::{Node, event};
use crate::shape::{Column, Event, Interval, Read, Shape};

impl Node {
    /// Shows the pieces inside (after, upto], from left to right. An edge beyond
    /// which nothing lies may be `None`: that saves the way down to it.
    pub(super) fn cover<'a>(&'a self, after: Option<i64>, upto: Option<i64>, show: &mut impl FnMut(Piece<'a>)) {
        let table = self.table();
        let start = after.map_or(0, |after| table.upto(after));
        let end = upto.map_or(table.len(), |upto| table.upto(upto));
        let inner = match self {
            Node::Leaf(_) if start < end => return show(Piece::Events(table, start..end)),
            Node::Leaf(_) => return,
            Node::Inner(inner) => inner,
        };
        // the child before the first one that lies wholly behind the left edge
        let left = start.checked_sub(1).filter(|at| *at < end);
        // the last child that begins before the right edge, and may reach over it
        let right = end.checked_sub(1).filter(|_| upto.is_some());
        if let Some(at) = left {
            inner.children[at].cover(after, upto.filter(|_| left == right), show);
        }
        let whole = start..right.unwrap_or(end);
        if !whole.is_empty() {
            show(Piece::Rows(table, whole));
        }
        if let Some(at) = right.filter(|_| left != right) {
            inner.children[at].cover(None, upto, show);
        }
    }

    /// Shows each event inside the interval, in order.
    pub(super) fn each_inside(&self, shape: &Shape, inside: Interval, show: &mut impl FnMut(Event<'_>)) {
        let table = self.table();
        let (start, end) = (table.upto(inside.after), table.upto(inside.upto));
        match self {
            Node::Leaf(_) => (start..end).for_each(|row| show(event(shape.word_column(), table, row))),
            Node::Inner(inner) => {
                let children = inner.children.iter().take(end).skip(start.saturating_sub(1));
                children.for_each(|child| child.each_inside(shape, inside, show));
            }
        }
    }

    /// How many events there are up to a time, whatever their classes.
    pub(super) fn rank(&self, time: i64) -> u64 {
        let end = self.table().upto(time);
        match self {
            Node::Leaf(_) => end as u64,
            Node::Inner(inner) => {
                let Some(last) = end.checked_sub(1) else { return 0 };
                let whole: u64 = inner.rows.part(Column::TOTAL, &(0..last)).iter().sum();
                whole + inner.children[last].rank(time)
            }
        }
    }

    /// The first event of a class inside the interval: its leaf and row.
    pub(super) fn oldest(&self, class: u32, read: &Read, inside: Interval) -> Option<(&Table, usize)> {
        let table = self.table();
        let begins = |row: &usize| table.time(*row) <= inside.upto;
        let start = table.upto(inside.after);
        match self {
            Node::Leaf(_) => {
                (start..table.len()).take_while(begins).find(|row| is_of(table, *row, class)).map(|row| (table, row))
            }
            Node::Inner(inner) => (start.saturating_sub(1)..table.len())
                .take_while(begins)
                .filter(|row| table.cell(read.count, *row)[0] > 0)
                .find_map(|row| inner.children[row].oldest(class, read, inside)),
        }
    }

    /// The last event of a class inside the interval: its leaf and row.
    pub(super) fn newest(&self, class: u32, read: &Read, inside: Interval) -> Option<(&Table, usize)> {
        let table = self.table();
        let (start, end) = (table.upto(inside.after), table.upto(inside.upto));
        match self {
            Node::Leaf(_) => (start..end).rev().find(|row| is_of(table, *row, class)).map(|row| (table, row)),
            Node::Inner(inner) => (start.saturating_sub(1)..end)
                .rev()
                .filter(|row| table.cell(read.count, *row)[0] > 0)
                .find_map(|row| inner.children[row].newest(class, read, inside)),
        }
    }

    /// Where a session begins: the time of the last event of the class that is
    /// followed by a silence longer than `gap`, if there is one inside. `next` is
    /// the event or moment behind which nothing is left to look at.
    pub(super) fn silence(&self, class: u32, read: &Read, gap: u64, inside: Interval, next: &mut i64) -> Option<i64> {
        let table = self.table();
        let (start, end) = (table.upto(inside.after), table.upto(inside.upto));
        match self {
            Node::Leaf(_) => (start..end).rev().filter(|row| is_of(table, *row, class)).find_map(|row| {
                let time = table.time(row);
                let is_longer = silence(time, *next) > gap;
                *next = time;
                is_longer.then_some(time)
            }),
            Node::Inner(inner) => (start.saturating_sub(1)..end).rev().find_map(|row| {
                let gaps = Gaps::read(table.cell(read.gaps, row));
                if gaps.is_empty() {
                    return None;
                }
                let ends_inside = gaps.last <= inside.upto;
                if ends_inside && gaps.longest <= gap && silence(gaps.last, *next) <= gap {
                    *next = gaps.first;
                    return None;
                }
                inner.children[row].silence(class, read, gap, inside, next)
            }),
        }
    }

    fn table(&self) -> &Table {
        match self {
            Node::Leaf(leaf) => leaf,
            Node::Inner(inner) => &inner.rows,
        }
    }
}

fn is_of(leaf: &Table, row: usize, class: u32) -> bool {
    leaf.cell(Column::CLASSES, row)[0] >> class & 1 == 1
}
