//! What goes by the order of the lane alone: its clock, and the bounds of its tenants.
//!
//! There are two of them in a lane. One has seen all batches that passed; the
//! other takes the same steps when they are committed, so it is exact by
//! construction, however the median of the clock works. An abort copies the
//! second over the first.

mod stored;
#[cfg(test)]
mod tests;

pub use stored::FrontError;

use crate::bound::{Bound, Filling, Since};
use crate::entry::{Fill, Growth};
use crate::ids::Ages;
use crate::layout::{Layout, Settings};
use sandgate_window::Clock;

/// The clock and the bounds.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) clock: Clock,
    /// The clock's first value.
    pub(crate) began: Option<i64>,
    /// Whether the lane's first record was not the first of its stream.
    pub(crate) midway: bool,
    /// Whether any record has changed anything: a family that comes later has not
    /// seen all.
    pub(crate) begun: bool,
    /// By tenant; each has the families that were ever fed, which may be the first of more.
    pub(crate) bounds: Vec<Bound>,
    /// What a restore has found for families, and no row has begun to go by.
    pub(crate) found: Vec<(Fill, Filling)>,
    lateness: i64,
}

/// One thing that changes a front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The first record that changes anything comes now.
    Begin,
    /// So many families of a tenant are fed from now on, by entries of so many fields.
    Feed(Growth),
    /// A family is answered with what was found for it.
    Fill(Fill),
    /// A decided record moves the clock.
    Push { time: i64 },
    /// An event counts.
    Count { tenant: u32, family: u32, time: i64 },
    /// An event is lost.
    Lose { tenant: u32, family: u32, time: i64 },
    /// A record's events were refused: as many of [`Step::Lose`] come before it.
    Refuse { tenant: u32 },
}

impl Front {
    /// Nothing seen yet.
    pub(crate) fn new(layout: &Layout, settings: Settings) -> Front {
        let bounds = layout.tenants.iter().map(|_| Bound::default()).collect();
        let (clock, began, lateness) = (Clock::new(), None, settings.lateness);
        Front { clock, began, midway: false, begun: false, bounds, found: Vec::new(), lateness }
    }

    /// The clock less the lateness: what is older is late.
    pub(crate) fn horizon(&self) -> Option<i64> {
        self.clock.horizon(self.lateness)
    }

    /// The clock as ids are aged by it.
    pub(crate) fn ages(&self) -> Ages {
        Ages { clock: self.clock.now(), began: self.began }
    }

    /// The bound of a tenant as the clock leaves it now.
    pub(crate) fn bound(&mut self, tenant: u32) -> Option<&mut Bound> {
        let horizon = self.horizon();
        let bound = self.bounds.get_mut(tenant as usize)?;
        bound.expire(horizon);
        Some(bound)
    }

    /// How many families of a tenant are fed.
    pub(crate) fn fed(&self, tenant: usize) -> usize {
        self.bounds.get(tenant).map_or(0, Bound::fed)
    }

    /// Takes a step. The layout has the families that it may name.
    pub(crate) fn take(&mut self, step: Step, layout: &Layout) {
        match step {
            Step::Begin => self.begun = true,
            Step::Feed(growth) => self.feed(growth, layout),
            Step::Fill(fill) => {
                let is = |(found, _): &(Fill, Filling)| (found.tenant, found.family) == (fill.tenant, fill.family);
                let found = self.found.iter().position(is).map(|at| self.found.swap_remove(at).1);
                self.fill(fill, found);
            }
            Step::Push { time } => {
                self.clock.push(time);
                if self.began.is_none() {
                    self.began = self.clock.now();
                    self.began.iter().for_each(|began| self.bounds.iter_mut().for_each(|bound| bound.clocked(*began)));
                }
            }
            Step::Count { tenant, family, time } => {
                if let Some(bound) = self.bound(tenant) {
                    bound.count(family, time);
                }
            }
            Step::Lose { tenant, family, time } => {
                if let Some(bound) = self.bound(tenant) {
                    bound.lose(family, time);
                }
            }
            Step::Refuse { tenant } => {
                if let Some(bound) = self.bound(tenant) {
                    bound.refuse();
                }
            }
        }
    }

    /// How many stored fields entries of a tenant hold.
    pub(crate) fn held(&self, tenant: usize) -> usize {
        self.bounds.get(tenant).map_or(0, |bound| bound.fields)
    }

    /// How many families of a tenant are fed, or are to be with the next row.
    pub(crate) fn due(&self, tenant: usize) -> usize {
        let found = self.found.iter().filter(|(fill, _)| fill.tenant as usize == tenant);
        found.map(|(fill, _)| fill.family as usize + 1).fold(self.fed(tenant), usize::max)
    }

    /// A family has what was found for it.
    pub(crate) fn fill(&mut self, Fill { tenant, family, since }: Fill, found: Option<Filling>) {
        if let Some(bound) = self.bound(tenant) {
            bound.fill(family as usize, since, found);
        }
    }

    fn feed(&mut self, Growth { tenant, families, fields }: Growth, layout: &Layout) {
        let since = if self.begun { Since::now(self.clock.highest()) } else { Since::Always };
        // rows that a family misses make a hole: what was found before them is of no use
        self.found.retain(|(fill, _)| fill.tenant != tenant || fill.family < families);
        let (tenant, families) = (tenant as usize, families as usize);
        if self.bounds.len() <= tenant {
            self.bounds.resize_with(tenant + 1, Bound::default);
        }
        let all = layout.tenants.get(tenant).map_or(&[][..], |tenant| tenant.plan.families());
        let horizon = self.horizon();
        if let Some(bound) = self.bounds.get_mut(tenant) {
            if bound.ever_fed() < families {
                bound.gone = bound.dropped(horizon);
            }
            bound.fields = fields as usize;
            bound.feed(all.get(..families).unwrap_or(all), since);
        }
    }
}
