//! The bound on a tenant's events: how many count, and which times were lost to it.
//!
//! What is counted follows from the order of the lane and its clock alone, never
//! from what is in memory: so the same stream is refused the same events
//! whatever was dropped, compacted or restarted. Events are counted in panes of
//! event time, and a pane counts until no window can reach any moment of it.

use crate::varint::{self, Bytes};
use std::collections::BTreeMap;

/// Panes in the reach of a family: an event counts at most this share of it too long.
const PANES: i64 = 64;
/// The shortest pane, in milliseconds.
const PANE_LEAST: i64 = 1_000;

/// The bound of one tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bound {
    families: Vec<Counted>,
    total: u64,
    /// Records whose events were refused so far.
    pub(crate) refused: u64,
    /// Whether the last record that brought events was refused.
    refusing: bool,
}

/// The events of one family.
#[derive(Clone, Debug, PartialEq)]
struct Counted {
    reach: i64,
    width: i64,
    /// Events by pane; `running` is kept outside until another pane's turn.
    panes: BTreeMap<i64, u64>,
    running: Option<(i64, u64)>,
    /// The last moment of the oldest pane.
    oldest: i64,
    lost: Option<Lost>,
}

/// The times between which events were refused, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Lost {
    /// Whether an interval touches it.
    pub(crate) fn touches(self, interval: sandgate_window::Interval) -> bool {
        interval.after < self.last && self.first <= interval.upto
    }
}

impl Counted {
    fn new(reach: i64) -> Counted {
        let width = (reach / PANES).max(PANE_LEAST);
        Counted { reach, width, panes: BTreeMap::new(), running: None, oldest: i64::MAX, lost: None }
    }

    fn last_moment(&self, pane: i64) -> i64 {
        pane.saturating_add(1).saturating_mul(self.width).saturating_sub(1)
    }

    fn add(&mut self, time: i64) {
        let pane = time.div_euclid(self.width);
        match &mut self.running {
            Some((running, count)) if *running == pane => *count += 1,
            _ => {
                self.rest();
                self.running = Some((pane, 1));
                self.oldest = self.oldest.min(self.last_moment(pane));
            }
        }
    }

    /// Puts the running pane to the others.
    fn rest(&mut self) {
        if let Some((pane, count)) = self.running.take() {
            *self.panes.entry(pane).or_default() += count;
        }
    }

    /// Forgets what lies at or before the floor, and says how many events that were.
    fn expire(&mut self, horizon: i64) -> u64 {
        let floor = horizon.saturating_sub(self.reach);
        if self.lost.is_some_and(|lost| lost.last <= floor) {
            self.lost = None;
        }
        let mut gone = 0;
        if self.oldest > floor {
            return gone;
        }
        self.rest();
        while let Some(first) = self.panes.first_entry() {
            let last = first.key().saturating_add(1).saturating_mul(self.width).saturating_sub(1);
            if last > floor {
                break;
            }
            gone += first.remove();
        }
        self.oldest = self.panes.first_key_value().map_or(i64::MAX, |(pane, _)| self.last_moment(*pane));
        gone
    }
}

impl Bound {
    /// Nothing counted yet, of families with these reaches in milliseconds.
    pub(crate) fn new(reaches: impl Iterator<Item = i64>) -> Bound {
        Bound { families: reaches.map(Counted::new).collect(), ..Bound::default() }
    }

    /// Forgets what no window can reach any more: `horizon` is the clock less the lateness.
    pub(crate) fn expire(&mut self, horizon: Option<i64>) {
        let Some(horizon) = horizon else { return };
        for family in &mut self.families {
            self.total -= family.expire(horizon);
        }
    }

    /// How many events count.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether an event of that time can still be reached by a window of the family.
    pub(crate) fn reaches(&self, family: u32, time: i64, horizon: Option<i64>) -> bool {
        let Some(family) = self.families.get(family as usize) else { return false };
        horizon.is_none_or(|horizon| time > horizon.saturating_sub(family.reach))
    }

    /// Counts an event.
    pub(crate) fn count(&mut self, family: u32, time: i64) {
        if let Some(family) = self.families.get_mut(family as usize) {
            family.add(time);
            self.total += 1;
            self.refusing = false;
        }
    }

    /// Notes that an event is lost.
    pub(crate) fn lose(&mut self, family: u32, time: i64) {
        if let Some(family) = self.families.get_mut(family as usize) {
            let lost = family.lost.unwrap_or(Lost { first: time, last: time });
            family.lost = Some(Lost { first: lost.first.min(time), last: lost.last.max(time) });
        }
    }

    /// Notes that a record's events were refused, and says whether this is the
    /// first one of a row of them.
    pub(crate) fn refuse(&mut self) -> bool {
        self.refused = self.refused.saturating_add(1);
        !std::mem::replace(&mut self.refusing, true)
    }

    /// The times that were lost of a family.
    pub(crate) fn lost(&self, family: u32) -> Option<Lost> {
        self.families.get(family as usize)?.lost
    }

    /// Whether any time was lost of any family.
    pub(crate) fn has_lost(&self) -> bool {
        self.families.iter().any(|family| family.lost.is_some())
    }
}
