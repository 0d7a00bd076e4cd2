//! The bound on a tenant's events: how many count, and which times were lost to it.
//!
//! What is counted follows from the order of the lane and its clock alone, never
//! from what is in memory: so the same stream is refused the same events
//! whatever was dropped, compacted or restarted. Events are counted in panes of
//! event time, and a pane counts until no window can reach any moment of it.
//!
//! # Bytes
//! ```text
//! unsigned   records refused; flag whether the last one was
//! unsigned   how many families follow; each:
//!   8 bytes  what it counts: a hash that says whether it is the same family
//!   flag     whether times were lost, then signed the first and the last
//!   unsigned how many panes follow; each: signed its number, unsigned its events
//! ```

use crate::varint::{self, Bytes};
use sandgate_window::{Family, Interval};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

#[cfg(test)]
mod tests;

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
    /// A hash of what it counts.
    sign: u64,
    /// Whether its counts were taken over from stored ones.
    taken: bool,
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
    pub(crate) fn touches(self, interval: Interval) -> bool {
        interval.after < self.last && self.first <= interval.upto
    }

    fn with(self, other: Lost) -> Lost {
        Lost { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

impl Counted {
    fn new(family: &Family) -> Counted {
        let reach = family.reach();
        let width = (reach / PANES).max(PANE_LEAST);
        // a family is the same if it makes the same events of the same records
        let sign = xxh3_64(format!("{family:?}").as_bytes());
        Counted {
            sign,
            taken: false,
            reach,
            width,
            panes: BTreeMap::new(),
            running: None,
            oldest: i64::MAX,
            lost: None,
        }
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
    /// Nothing counted yet.
    pub(crate) fn new(families: &[Family]) -> Bound {
        Bound { families: families.iter().map(Counted::new).collect(), ..Bound::default() }
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
            let lost = Lost { first: time, last: time };
            family.lost = Some(family.lost.map_or(lost, |before| before.with(lost)));
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

    /// Whether a family's counts were taken over from stored ones, so that entries
    /// behind them are not to be counted again.
    pub(crate) fn is_taken(&self, family: u32) -> bool {
        self.families.get(family as usize).is_some_and(|family| family.taken)
    }

    /// Appends the bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        varint::unsigned(self.refused, out);
        out.push(u8::from(self.refusing));
        varint::unsigned(self.families.len() as u64, out);
        for family in &self.families {
            let mut family = family.clone();
            family.rest();
            out.extend_from_slice(&family.sign.to_le_bytes());
            varint::option(family.lost.map(|lost| lost.first), out);
            if let Some(lost) = family.lost {
                varint::signed(lost.last, out);
            }
            varint::unsigned(family.panes.len() as u64, out);
            for (pane, events) in family.panes {
                varint::signed(pane, out);
                varint::unsigned(events, out);
            }
        }
    }

    /// Takes over the counts of the families that are here. One that counts
    /// otherwise than any that is stored counts anew, and has lost whatever any
    /// of them has lost: nothing is known of it that would say less.
    pub(crate) fn decode(&mut self, rest: &mut Bytes<'_>) -> Option<()> {
        (self.refused, self.refusing) = (rest.unsigned()?, rest.flag()?);
        let mut all: Option<Lost> = None;
        for _ in 0..rest.unsigned()? {
            let sign = u64::from_le_bytes(rest.array()?);
            let lost = match rest.option()? {
                Some(first) => Some(Lost { first, last: rest.signed()? }),
                None => None,
            };
            let mut panes = BTreeMap::new();
            let mut events = 0u64;
            for _ in 0..rest.unsigned()? {
                let (pane, count) = (rest.signed()?, rest.unsigned()?);
                panes.insert(pane, count);
                events = events.checked_add(count)?;
            }
            all = lost.into_iter().chain(all).reduce(Lost::with);
            if let Some(here) = self.families.iter_mut().find(|here| here.sign == sign && !here.taken) {
                here.oldest = panes.first_key_value().map_or(i64::MAX, |(pane, _)| here.last_moment(*pane));
                (here.taken, here.lost, here.panes) = (true, lost, panes);
                self.total = self.total.checked_add(events)?;
            }
        }
        for new in self.families.iter_mut().filter(|here| !here.taken) {
            new.lost = all;
        }
        rest.0.is_empty().then_some(())
    }
}
