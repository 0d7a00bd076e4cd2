//! How the sets that judge change while an engine works: each lane goes on with the new
//! ones from the beginning of its next batch, and batches in flight finish on theirs.

use crate::generation::{self, Generation};
use crate::judged::{Judged, Record};
use crate::roster::{Counted, Roster};
use crate::team::Team;
use crate::{Begun, Engine, Past, Unfit, shared};
use sandgate_model::Digest;
use sandgate_shared::LayoutError;
use std::sync::{Arc, MutexGuard, PoisonError, RwLockWriteGuard};

impl Engine {
    /// Lets others judge for a tenant.
    ///
    /// # Errors
    /// Where this host cannot judge by one of them; then nothing has changed.
    pub fn swap(&self, team: impl Into<Team>) -> Result<(), Unfit> {
        let team = team.into();
        let name = &team.active.tenant;
        let tenant = self.by_tenant.get(name).copied().ok_or_else(|| Unfit::Tenant(name.to_string()))?;
        // one after the other
        let mut counted = self.counted();
        let before = self.roster();
        let ground = &before.generations[tenant].windows.base;
        for generation in team.generations() {
            self.fits(generation)?;
            let base = &generation.windows.base;
            // what stands side by side keeps the same
            if !ground.is_ground_of(base) || !base.is_ground_of(&team.active.windows.base) {
                return Err(Unfit::Base);
            }
        }
        for generation in team.generations() {
            self.past_mut().insert((tenant, generation.number), generation.named());
        }
        let mut teams = before.teams();
        teams[tenant] = team;
        let roster = self.enrol(teams, &mut counted, Some(&before))?;
        before.meters.iter().zip(&roster.meters).for_each(|(before, now)| before.forget(now));
        self.shade.serves(roster.shadowed());
        *self.roster.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roster);
        Ok(())
    }

    /// Whether this host has all that a set needs, wherever its windows are kept.
    ///
    /// # Errors
    /// What it lacks.
    pub fn fits(&self, generation: &Generation) -> Result<(), Unfit> {
        if generation.reads_tags() && self.tags.is_none() {
            return Err(Unfit::Tags);
        }
        if generation.shares() && self.shared.is_none() {
            return Err(Unfit::Unshared);
        }
        Ok(())
    }

    /// Whether something judges beside what decides.
    pub fn has_shadows(&self) -> bool {
        self.roster().shadowed() > 0
    }

    /// Tells of a generation that may have decided before this host began, so that a
    /// repeat of its decisions says whose they were.
    pub fn knows(&self, tenant: &str, number: u64, set: Digest) {
        if let Some(tenant) = self.by_tenant.get(tenant) {
            self.past_mut().entry((*tenant, number)).or_insert_with(|| generation::named(number, &set));
        }
    }

    /// What stands in a decision for the generation that decided first.
    pub(crate) fn named(&self, tenant: usize, number: u64) -> Option<Arc<[u8]>> {
        self.past.read().unwrap_or_else(PoisonError::into_inner).get(&(tenant, number)).cloned()
    }

    pub(crate) fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn past_mut(&self) -> RwLockWriteGuard<'_, Past> {
        self.past.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The roster of these teams, with everything that this engine has.
    pub(crate) fn enrol(
        &self,
        teams: Vec<Team>,
        counted: &mut Counted,
        before: Option<&Roster>,
    ) -> Result<Roster, LayoutError> {
        let mut roster = Roster::new(teams, &self.names, counted, before);
        if let Some((_, lateness)) = &self.shared {
            let layout = shared::layout(&roster.generations, &self.names, *lateness)?;
            roster = roster.sharing(layout);
        }
        Ok(match &self.registry {
            Some(registry) => roster.measured(registry, &counted.names),
            None => roster,
        })
    }

    /// Notes where the generations of a roster begin in a lane.
    pub(crate) fn begins(&self, roster: &Roster, partition: u32, first: Option<&Record<'_>>, out: &mut Judged) {
        let Some(first) = first else { return };
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        for generation in &roster.generations {
            let judges =
                |number: u64| roster.judging().any(|one| (&one.tenant, one.number) == (&generation.tenant, number));
            begun.retain(|(tenant, of, number), _| *of != partition || *tenant != generation.tenant || judges(*number));
        }
        for generation in roster.judging() {
            let place = (Arc::clone(&generation.tenant), partition, generation.number);
            if begun.contains_key(&place) {
                continue;
            }
            let source = Arc::clone(&self.names[first.source]);
            begun.insert(place, Begun { generation: generation.number, source, offset: first.offset });
            out.begun.push(Arc::clone(generation));
        }
    }

    /// A lane is another host's from now on.
    pub(crate) fn leaves(&self, partition: u32) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|(_, of, _), _| *of != partition);
        self.outs.leave(partition, self.registry.as_ref());
    }

    /// Where the generations that judge now began, by tenant and lane: of lanes that
    /// this host has.
    pub fn begun(&self) -> Vec<((Arc<str>, u32), Begun)> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let all = begun.iter().map(|((tenant, partition, _), begun)| ((Arc::clone(tenant), *partition), begun.clone()));
        all.collect()
    }
}
