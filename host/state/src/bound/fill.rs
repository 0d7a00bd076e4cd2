//! What entries of before a family's beginning bring to its counts.
//!
//! They are counted apart while they are read back, and put to the others where the
//! lane says that it goes by them: so a replay puts them there at the same place.

use super::{Bound, Counted, Since};
use sandgate_window::Family;

/// What was found for a family among entries that did not feed it.
#[derive(Clone, Debug)]
pub(crate) struct Filling {
    counted: Counted,
    /// How many stored fields an entry must hold to be an event of it.
    fields: usize,
    /// The newest time of an entry that could not be used.
    missing: Option<i64>,
}

impl Filling {
    /// Nothing found yet.
    pub(crate) fn of(family: &Family) -> Filling {
        Filling { counted: Counted::new(family, Since::Always), fields: family.fields(), missing: None }
    }

    /// Whether entries with so many stored fields can be used.
    pub(crate) fn takes(&self, fields: usize) -> bool {
        self.fields <= fields
    }

    /// Whether an event of that time can still be reached by a window of the family.
    pub(crate) fn reaches(&self, time: i64, horizon: Option<i64>) -> bool {
        horizon.is_none_or(|horizon| time > horizon.saturating_sub(self.counted.reach))
    }

    /// An event was found.
    pub(crate) fn count(&mut self, time: i64) {
        self.counted.add(time);
    }

    /// An event was found that was refused when it came.
    pub(crate) fn lose(&mut self, time: i64) {
        self.counted.lost.add(time, self.counted.width);
    }

    /// An entry cannot be used.
    pub(crate) fn miss(&mut self, time: i64) {
        self.missing = self.missing.max(Some(time));
    }

    /// Since when all is found, where nothing later than `gone` was dropped and the clock
    /// looked at nothing later than `highest`.
    pub(crate) fn since(&self, gone: Option<i64>, highest: Option<i64>) -> Since {
        let missing = self.missing.map(|missing| highest.map(|highest| missing.min(highest)));
        match (missing, gone) {
            (Some(None), _) => Since::Unclocked,
            (Some(missing), gone) => missing.max(gone).map_or(Since::Unclocked, Since::Clock),
            (None, Some(gone)) => Since::Clock(gone),
            (None, None) => Since::Always,
        }
    }
}

impl Bound {
    /// Whether a family has what there was before it.
    pub(crate) fn is_filled(&self, family: usize) -> bool {
        self.families.get(family).is_some_and(|family| family.filled)
    }

    /// How many families were ever fed.
    pub(crate) fn ever_fed(&self) -> usize {
        self.families.len()
    }

    /// Up to which time entries may have been dropped by whoever drops all that no window
    /// reaches: `horizon` is the clock less the lateness.
    pub(crate) fn dropped(&self, horizon: Option<i64>) -> Option<i64> {
        let reach = self.families.iter().map(|family| family.reach).max().unwrap_or(0);
        self.gone.max(horizon.map(|horizon| horizon.saturating_sub(reach)))
    }

    /// Puts what was found to a family, which is answered with it from now on.
    pub(crate) fn fill(&mut self, family: usize, since: Since, found: Option<Filling>) {
        let Some(family) = self.families.get_mut(family).filter(|family| !family.filled) else { return };
        (family.filled, family.since) = (true, family.since.earlier(since));
        if let Some(Filling { mut counted, .. }) = found {
            family.rest();
            counted.rest();
            for (pane, events) in counted.panes {
                *family.panes.entry(pane).or_default() += events;
                self.total += events;
            }
            family.oldest = family.panes.first_key_value().map_or(i64::MAX, |(pane, _)| family.last_moment(*pane));
            family.lost.merge(&counted.lost, family.width);
        }
        self.warms = self.families.iter().any(|family| family.since != Since::Always);
    }
}
