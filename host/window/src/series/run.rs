//! How many different values a long series has inside an interval.
//!
//! No summary of small size knows which values two neighbouring sets of events
//! share. So each such window of a long series keeps a running multiset of what it
//! last covered, and moves its edges: an event enters once and leaves once, as
//! long as time goes on. A late transaction moves the edges back by the events
//! that it is late by. Where the new interval is far away, the multiset begins
//! anew. It takes about 20 bytes for each different value.

use super::panes::Panes;
use super::tree::Node;
use crate::shape::{Event, Grid, Interval, Shape};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What a window last covered. Events and panes that are added to the series or
/// leave it must be told to it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) window: usize,
    covered: Interval,
    /// How many events (or panes) have a key; none is 0. Its order is never looked at.
    counts: HashMap<i64, u32, RandomState>,
}

/// Where events and panes are to be found.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) shape: &'a Shape,
    pub(super) events: &'a Node,
    pub(super) panes: Option<(&'a Panes, &'a Grid)>,
}

impl Run {
    pub(super) fn new(window: usize) -> Run {
        Run { window, covered: Interval { after: i64::MIN, upto: i64::MIN }, counts: HashMap::default() }
    }

    /// How many different keys there are.
    pub(super) fn different(&self) -> usize {
        self.counts.len()
    }

    pub(super) fn contains(&self, key: i64) -> bool {
        self.counts.contains_key(&key)
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        *self = Run::new(self.window);
    }

    /// The last moment covered, and the one before the first.
    pub(super) fn covered(&self) -> Interval {
        self.covered
    }

    /// Covers another interval.
    pub(super) fn move_to(&mut self, source: Source<'_>, to: Interval) {
        let Interval { after, upto } = self.covered;
        let is_apart = to.after >= upto || to.upto <= after;
        let is_back = to.after < after || to.upto < upto;
        if is_apart || is_back && self.is_far(source, to) {
            self.reset();
            self.change(source, to, true);
        } else {
            self.change(source, Interval { after: upto, upto: to.upto }, true);
            self.change(source, Interval { after: to.after, upto: after }, true);
            self.change(source, Interval { after, upto: to.after }, false);
            self.change(source, Interval { after: to.upto, upto }, false);
        }
        self.covered = to;
    }

    /// Whether it is less work to begin anew than to move.
    fn is_far(&self, source: Source<'_>, to: Interval) -> bool {
        let rank = |time| source.events.rank(time);
        let [after, upto] = [rank(self.covered.after), rank(self.covered.upto)];
        let [to_after, to_upto] = [rank(to.after), rank(to.upto)];
        after.abs_diff(to_after) + upto.abs_diff(to_upto) > to_upto.saturating_sub(to_after)
    }

    /// Adds or takes out what lies inside an interval, which may be empty.
    fn change(&mut self, source: Source<'_>, inside: Interval, is_added: bool) {
        let (Some(window), Some(read)) =
            (source.shape.windows().get(self.window), source.shape.reads().get(self.window))
        else {
            return;
        };
        if inside.after >= inside.upto {
            return;
        }
        let mut count = |key| if is_added { self.enter(key) } else { self.leave(key) };
        source.events.each_inside(source.shape, inside, &mut |event| {
            if event.classes >> window.class & 1 == 1 {
                count(read.of.key(event.time, event.words));
            }
        });
        if let Some((panes, grid)) = source.panes
            && window.resolution.is_some()
        {
            panes.each_key(grid, read.set, inside, &mut count);
        }
    }

    /// Hears of an event that was added to the series or taken out.
    pub(super) fn hear(&mut self, shape: &Shape, event: Event<'_>, is_added: bool) {
        let (Some(window), Some(read)) = (shape.windows().get(self.window), shape.reads().get(self.window)) else {
            return;
        };
        if event.classes >> window.class & 1 == 1 && self.covered.after < event.time && event.time <= self.covered.upto
        {
            let key = read.of.key(event.time, event.words);
            if is_added { self.enter(key) } else { self.leave(key) }
        }
    }

    /// Whether all of an interval is covered.
    pub(super) fn covers(&self, inside: Interval) -> bool {
        self.covered.after <= inside.after && inside.upto <= self.covered.upto
    }

    pub(super) fn enter(&mut self, key: i64) {
        *self.counts.entry(key).or_insert(0) += 1;
    }

    pub(super) fn leave(&mut self, key: i64) {
        if let Entry::Occupied(mut held) = self.counts.entry(key) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        // a table of pairs and a byte each, at most 7/8 full
        let slots = (self.counts.capacity() * 8 / 7).next_power_of_two();
        if self.counts.capacity() == 0 { 0 } else { slots * (size_of::<(i64, u32)>() + 1) }
    }
}
