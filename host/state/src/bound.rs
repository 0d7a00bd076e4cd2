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
//!   unsigned how many fields its key has; each: unsigned its number among the
//!            stored fields of the tenant
//!   signed   its reach, in milliseconds
//!   …        the lost times (see `bound/lost.rs`)
//!   unsigned how many panes follow; each: signed its number, unsigned its events
//! ```

mod lost;
#[cfg(test)]
mod tests;

pub(crate) use lost::Lost;

use crate::varint::{self, Bytes};
use sandgate_window::Family;
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
    /// The fields of its key: no two families of a tenant have the same ones.
    by: Vec<usize>,
    /// Whether its counts were taken over from stored ones.
    taken: bool,
    reach: i64,
    width: i64,
    /// Events by pane; `running` is kept outside until another pane's turn.
    panes: BTreeMap<i64, u64>,
    running: Option<(i64, u64)>,
    /// The last moment of the oldest pane.
    oldest: i64,
    lost: Lost,
}

impl Counted {
    fn new(family: &Family) -> Counted {
        let reach = family.reach();
        let width = (reach / PANES).max(PANE_LEAST);
        Counted {
            by: family.by().to_vec(),
            taken: false,
            reach,
            width,
            panes: BTreeMap::new(),
            running: None,
            oldest: i64::MAX,
            lost: Lost::default(),
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
        self.lost.expire(floor);
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
            family.lost.add(time, family.width);
        }
    }

    /// Notes that a record's events were refused, and says whether this is the
    /// first one of a row of them.
    pub(crate) fn refuse(&mut self) -> bool {
        self.refused = self.refused.saturating_add(1);
        !std::mem::replace(&mut self.refusing, true)
    }

    /// The times that were lost of a family.
    pub(crate) fn lost(&self, family: u32) -> Option<&Lost> {
        self.families.get(family as usize).map(|family| &family.lost)
    }

    /// Whether any time was lost of any family.
    pub(crate) fn has_lost(&self) -> bool {
        self.families.iter().any(|family| !family.lost.is_empty())
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
            varint::unsigned(family.by.len() as u64, out);
            for field in &family.by {
                varint::unsigned(*field as u64, out);
            }
            varint::signed(family.reach, out);
            family.lost.encode(out);
            varint::unsigned(family.panes.len() as u64, out);
            for (pane, events) in family.panes {
                varint::signed(pane, out);
                varint::unsigned(events, out);
            }
        }
    }

    /// Takes over the counts of the families that are here: those of the same key
    /// and reach. A lane is continued with the same policies only, so they make the
    /// same events of the same records. One that is not among those stored counts
    /// anew, and has lost whatever any of them has lost: nothing is known of it that
    /// would say less.
    pub(crate) fn decode(&mut self, rest: &mut Bytes<'_>) -> Option<()> {
        (self.refused, self.refusing) = (rest.unsigned()?, rest.flag()?);
        let mut all = Vec::new();
        for _ in 0..rest.unsigned()? {
            let mut by = Vec::new();
            for _ in 0..rest.unsigned()? {
                by.push(rest.unsigned()?.try_into().ok()?);
            }
            let (reach, lost) = (rest.signed()?, Lost::decode(rest)?);
            let mut panes = BTreeMap::new();
            let mut events = 0u64;
            for _ in 0..rest.unsigned()? {
                let (pane, count) = (rest.signed()?, rest.unsigned()?);
                panes.insert(pane, count);
                events = events.checked_add(count)?;
            }
            all.push(lost.clone());
            let alike = |here: &&mut Counted| (&here.by, here.reach, here.taken) == (&by, reach, false);
            if let Some(here) = self.families.iter_mut().find(alike) {
                here.oldest = panes.first_key_value().map_or(i64::MAX, |(pane, _)| here.last_moment(*pane));
                (here.taken, here.lost, here.panes) = (true, lost, panes);
                self.total = self.total.checked_add(events)?;
            }
        }
        for new in self.families.iter_mut().filter(|here| !here.taken) {
            all.iter().for_each(|lost| new.lost.add_all(lost, new.width));
        }
        rest.0.is_empty().then_some(())
    }
}
