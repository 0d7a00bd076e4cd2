//! Families that come later and are brought what was before them.
//!
//! A restore reads back every entry that is kept. One that was written before a family
//! began is an event of it too, where it holds all fields that the family takes: so a
//! backfilled family is filled by being restored. What it knows then begins behind the
//! last entry that could not be used, and behind what was dropped; its windows are
//! warming by that. That it goes by what was found begins with a row, which is
//! journalled, like a growth: whoever replays it puts the same to the same place.
//!
//! Entries that a family missed after it had begun are not brought to it: it is fed by
//! them or is not, in the lane as in its replay.

use super::Lane;
use crate::bound::Filling;
use crate::entry::{Fill, Growth, Journaled, Standing};
use crate::front::Front;
use crate::layout::Tenant;

/// What entries of a tenant feed while they are restored.
#[derive(Debug, Default)]
pub(super) struct Feeding {
    /// How many families the next entry feeds, and how many fields it holds.
    fed: usize,
    fields: usize,
    /// How many families were ever fed so far.
    ever: usize,
    /// By family what was found for it, if it is backfilled and does not go by that yet.
    found: Vec<Option<Filling>>,
    /// By family the sources whose records may be events of it.
    sources: Vec<Vec<bool>>,
}

impl Lane {
    /// Whether a family that is to be backfilled has begun without what was before it:
    /// it gets that where the lane is restored.
    pub fn is_unfilled(&self) -> bool {
        let layout = self.layout();
        let order = self.order.lock();
        let front = &order.front;
        front.begun
            && layout.tenants.iter().enumerate().any(|(tenant, of)| {
                let mut wished = of.plan.families().iter().enumerate().filter(|(_, family)| family.is_backfilled());
                wished.any(|(family, _)| !front.is_filled(tenant, family))
            })
    }
}

impl Front {
    /// Whether a family has what was before it, or gets it with the next row.
    fn is_filled(&self, tenant: usize, family: usize) -> bool {
        let found = |fill: &Fill| (fill.tenant as usize, fill.family as usize) == (tenant, family);
        self.bounds.get(tenant).is_some_and(|bound| bound.is_filled(family))
            || self.found.iter().any(|(fill, _)| found(fill))
    }
}

impl Feeding {
    /// Nothing read yet.
    pub(super) fn of(tenant: &Tenant, sources: usize) -> Feeding {
        let families = tenant.plan.families();
        let found = families.iter().map(|family| family.is_backfilled().then(|| Filling::of(family))).collect();
        let of_family = |family: &sandgate_window::Family| (0..sources).map(|at| family.is_fed_by(at)).collect();
        Feeding { found, sources: families.iter().map(of_family).collect(), ..Feeding::default() }
    }

    /// The next entries go on behind a front.
    pub(super) fn behind(&mut self, front: &Front, tenant: usize) {
        (self.fed, self.fields) = (front.fed(tenant), front.held(tenant));
        self.ever = self.ever.max(front.bounds.get(tenant).map_or(0, crate::bound::Bound::ever_fed));
    }

    /// The next entries feed and hold so much; `false` where they did so before.
    pub(super) fn grow(&mut self, growth: Growth) -> bool {
        let (families, fields) = (growth.families as usize, growth.fields as usize);
        let is_new = (families, fields) != (self.fed, self.fields);
        (self.fed, self.fields, self.ever) = (families, fields, self.ever.max(families));
        is_new
    }

    /// Whether the next entry feeds a family.
    pub(super) fn feeds(&self, family: u32) -> bool {
        (family as usize) < self.fed
    }

    /// An event of a family that the entry does not feed; whether it is found for it.
    pub(super) fn finds(&mut self, family: u32, time: i64, horizon: Option<i64>, standing: Standing) -> bool {
        let (ever, fields) = (self.ever, self.fields);
        let found = self.found.get_mut(family as usize).and_then(Option::as_mut);
        let found =
            found.filter(|found| family as usize >= ever && found.takes(fields) && found.reaches(time, horizon));
        let Some(found) = found else { return false };
        match standing {
            Standing::Kept => found.count(time),
            Standing::Refused => found.lose(time),
            Standing::Reused => {}
        }
        true
    }

    /// An entry may be missing to families that it neither feeds nor is found for.
    pub(super) fn miss(&mut self, journaled: &Journaled) {
        let Feeding { fed, fields, ever, found, sources } = self;
        if journaled.standing == Standing::Reused {
            return;
        }
        for (family, (found, sources)) in found.iter_mut().zip(&*sources).enumerate().skip(*fed) {
            let Some(found) = found else { continue };
            let is_of = sources.get(journaled.entry.source as usize).copied().unwrap_or(false);
            if is_of && (family < *ever || !found.takes(*fields)) {
                found.miss(journaled.entry.time);
            }
        }
    }

    /// What was found for a family, which goes by it from here on.
    pub(super) fn take(&mut self, family: u32) -> Option<Filling> {
        self.found.get_mut(family as usize).and_then(Option::take)
    }

    /// Everything is restored: what was found for families that do not go by it yet
    /// waits in the front for the next row. Nothing later than `gone` was dropped.
    pub(super) fn end(self, tenant: usize, gone: Option<i64>, front: &mut Front) {
        let highest = front.clock.highest();
        for (family, found) in self.found.into_iter().enumerate() {
            let Some(found) = found.filter(|_| front.begun && !front.is_filled(tenant, family)) else { continue };
            // as many as fit into memory
            let fill = Fill { tenant: tenant as u32, family: family as u32, since: found.since(gone, highest) };
            front.found.push((fill, found));
        }
    }
}
