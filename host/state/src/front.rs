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

use crate::bound::Bound;
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
    pub(crate) bounds: Vec<Bound>,
    lateness: i64,
}

/// One thing that changes a front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
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
        let bounds = layout.tenants.iter().map(|tenant| Bound::new(tenant.plan.families()));
        Front { clock: Clock::new(), began: None, midway: false, bounds: bounds.collect(), lateness: settings.lateness }
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

    /// Takes a step, and says whether it is the first refusal of a row of them.
    pub(crate) fn take(&mut self, step: Step) -> bool {
        match step {
            Step::Push { time } => {
                self.clock.push(time);
                if self.began.is_none() {
                    self.began = self.clock.now();
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
                return self.bound(tenant).is_some_and(Bound::refuse);
            }
        }
        false
    }
}
