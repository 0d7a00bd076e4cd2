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
//! unsigned   how many of the families are fed
//! unsigned   how many stored fields entries hold
//! option     up to which time entries may have been dropped where families were last added
//! unsigned   how many families follow; each:
//!   unsigned how many fields its key has; each: unsigned its number among the
//!            stored fields of the tenant
//!   signed   its reach, in milliseconds
//!   …        since when it is fed (see `bound/since.rs`)
//!   flag     whether it has what there was before it, as far as that was kept
//!   …        the lost times (see `bound/lost.rs`)
//!   unsigned how many panes follow; each: signed its number, unsigned its events
//! ```

mod fill;
mod lost;
mod since;
#[cfg(test)]
mod tests;

pub(crate) use fill::Filling;
pub(crate) use lost::Lost;
pub(crate) use since::Since;

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
    /// How many of them are fed; those behind were fed once, and may be again.
    fed: usize,
    /// How many stored fields entries hold.
    pub(crate) fields: usize,
    /// The newest time at which entries may have been dropped where families were last
    /// added: before that windows may have reached less far.
    pub(crate) gone: Option<i64>,
    total: u64,
    /// Records whose events were refused so far.
    pub(crate) refused: u64,
    /// Whether the last record that brought events was refused.
    refusing: bool,
    /// Whether any family is not fed since the beginning.
    warms: bool,
}

/// The events of one family.
#[derive(Clone, Debug, PartialEq)]
struct Counted {
    /// The fields of its key.
    by: Vec<usize>,
    since: Since,
    /// Whether it has what there was before it, as far as that was kept.
    filled: bool,
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
    fn new(family: &Family, since: Since) -> Counted {
        let reach = family.reach();
        let width = (reach / PANES).max(PANE_LEAST);
        Counted {
            by: family.by().to_vec(),
            since,
            // of what begins with the lane nothing was before it
            filled: since == Since::Always,
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
        self.since.expire(floor);
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
    /// As many of these families are fed from now on, fewer or more than so far. Those
    /// that are more begin now, also those that were fed before.
    pub(crate) fn feed(&mut self, families: &[Family], since: Since) {
        self.families.iter_mut().take(families.len()).skip(self.fed).for_each(|family| family.since = since);
        let new = families.iter().skip(self.families.len());
        self.families.extend(new.map(|family| Counted::new(family, since)));
        self.fed = families.len();
        self.warms = self.families.iter().any(|family| family.since != Since::Always);
    }

    /// The clock has its first value.
    pub(crate) fn clocked(&mut self, began: i64) {
        self.families.iter_mut().for_each(|family| family.since.clocked(began));
    }

    /// How many families are fed.
    pub(crate) fn fed(&self) -> usize {
        self.fed
    }

    /// Since when a family is fed; `None` where none of the tenant has a beginning
    /// that a window could reach behind.
    pub(crate) fn since(&self, family: usize) -> Option<Since> {
        self.families.get(family).filter(|_| self.warms).map(|family| family.since)
    }

    /// Whether any family is not fed since the beginning, as far as windows reach.
    pub(crate) fn is_warming(&self) -> bool {
        self.warms
    }

    /// Forgets what no window can reach any more: `horizon` is the clock less the lateness.
    pub(crate) fn expire(&mut self, horizon: Option<i64>) {
        let Some(horizon) = horizon else { return };
        for family in &mut self.families {
            self.total -= family.expire(horizon);
        }
        if self.warms {
            self.warms = self.families.iter().any(|family| family.since != Since::Always);
        }
    }

    /// Whether there is nothing to be kept of it.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Bound::default()
    }

    /// How many events count.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether a family is fed.
    pub(crate) fn feeds(&self, family: u32) -> bool {
        (family as usize) < self.fed
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

    /// Appends the bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        varint::unsigned(self.refused, out);
        out.push(u8::from(self.refusing));
        varint::unsigned(self.fed as u64, out);
        varint::unsigned(self.fields as u64, out);
        varint::option(self.gone, out);
        varint::unsigned(self.families.len() as u64, out);
        for family in &self.families {
            let mut family = family.clone();
            family.rest();
            varint::unsigned(family.by.len() as u64, out);
            for field in &family.by {
                varint::unsigned(*field as u64, out);
            }
            varint::signed(family.reach, out);
            family.since.encode(out);
            out.push(u8::from(family.filled));
            family.lost.encode(out);
            varint::unsigned(family.panes.len() as u64, out);
            for (pane, events) in family.panes {
                varint::signed(pane, out);
                varint::unsigned(events, out);
            }
        }
    }

    /// Takes over the counts of the first of these families, those that the bytes
    /// are of. `Some(false)` where they are of others: of another key or reach, or of more.
    pub(crate) fn decode(&mut self, here: &[Family], rest: &mut Bytes<'_>) -> Option<bool> {
        *self = Bound { refused: rest.unsigned()?, refusing: rest.flag()?, ..Bound::default() };
        self.fed = rest.unsigned()?.try_into().ok()?;
        (self.fields, self.gone) = (rest.unsigned()?.try_into().ok()?, rest.option()?);
        let (many, mut known) = (rest.unsigned()?, true);
        for at in 0..many {
            let mut by = Vec::new();
            for _ in 0..rest.unsigned()? {
                by.push(rest.unsigned()?.try_into().ok()?);
            }
            let (reach, since, filled) = (rest.signed()?, Since::decode(rest)?, rest.flag()?);
            let lost = Lost::decode(rest)?;
            let mut panes = BTreeMap::new();
            for _ in 0..rest.unsigned()? {
                let (pane, count) = (rest.signed()?, rest.unsigned()?);
                panes.insert(pane, count);
                self.total = self.total.checked_add(count)?;
            }
            let family = usize::try_from(at).ok().and_then(|at| here.get(at));
            let Some(family) = family.filter(|family| (family.by(), family.reach()) == (&by[..], reach)) else {
                known = false;
                continue;
            };
            let mut counted = Counted { lost, filled, ..Counted::new(family, since) };
            counted.oldest = panes.first_key_value().map_or(i64::MAX, |(pane, _)| counted.last_moment(*pane));
            counted.panes = panes;
            self.families.push(counted);
        }
        self.warms = self.families.iter().any(|family| family.since != Since::Always);
        (rest.0.is_empty() && self.fed as u64 <= many).then_some(known)
    }
}
