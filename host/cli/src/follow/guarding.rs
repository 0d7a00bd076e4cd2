//! What is counted of those on trial: told to the registry, added up over all hosts, and
//! held against their guards. Whichever host sees one broken first stops that trial.

use sandgate_control::{Compared, Error, Pointer, Registry, Who};
use sandgate_engine::Counts;
use sandgate_model::comparison::Comparison;
use std::time::{Duration, Instant};

/// How often it is told, and looked at.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// A trial: its generation, the revision that began it, and the active generation.
pub(super) type Key = (u64, u64, u64);

/// What a host knows about trials.
#[derive(Default)]
pub(super) struct Guarding {
    /// The tenants as they were seen last.
    pointers: Vec<Pointer>,
    /// What this host had counted before it was started.
    before: Vec<Compared>,
    told: Vec<Compared>,
    last: Option<Instant>,
}

impl Guarding {
    /// Tenants stand like this now.
    pub(super) fn looks_at(&mut self, pointers: Vec<Pointer>) {
        self.pointers = pointers;
    }

    /// Goes on from what the host of this name had counted. Where that cannot be asked it
    /// counts from zero.
    pub(super) fn goes_on(&mut self, registry: &Registry, host: &str) {
        let all = registry.compared().unwrap_or_default();
        self.before = all.into_iter().filter(|(of, _)| of == host).map(|(_, compared)| compared).collect();
        self.told = self.before.clone();
    }

    /// The counts of a trial from before.
    pub(super) fn before(&self, tenant: &str, (generation, since, against): Key) -> Counts {
        let key = (tenant, generation, since, against);
        let is_it = |one: &&Compared| (one.tenant.as_str(), one.generation, one.since, one.against) == key;
        self.before.iter().find(is_it).map_or_else(Counts::default, |one| Counts::from(one.comparison.clone()))
    }

    /// Tells what is counted, where it is time, and stops what broke a guard.
    pub(super) fn guard(
        &mut self,
        registry: &Registry,
        host: &str,
        counted: impl Iterator<Item = Compared>,
        at_once: bool,
    ) -> Result<(), Error> {
        if !at_once && self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let counted: Vec<Compared> = counted.collect();
        if counted != self.told {
            registry.count(host, &counted, super::now())?;
            self.told = counted;
        }
        if self.told.is_empty() {
            return Ok(());
        }
        let all = registry.compared()?;
        for pointer in &self.pointers {
            let canary = pointer.canary.iter().map(|canary| (true, &canary.trial));
            for (is_canary, trial) in canary.chain(pointer.shadows.iter().map(|trial| (false, trial))) {
                let mut sum = Comparison::default();
                pointer.compared(trial.generation, &all).into_iter().for_each(|(_, more)| sum.add(more));
                let Some(why) = trial.guards.broken(&sum) else { continue };
                let (tenant, generation) = (&pointer.tenant, trial.generation);
                let who = Who { actor: format!("host {host}"), origin: String::new(), why: why.clone() };
                let (seen, change) = (Some(pointer.revision), (&who, super::now()));
                let stopped = match is_canary {
                    true => registry.stop_canary(tenant, seen, change),
                    false => registry.stop_shadow(tenant, Some(generation), seen, change),
                };
                match stopped {
                    Ok(_) => tracing::warn!(%tenant, generation, %why, "a guard is broken: it is stopped"),
                    // somebody was faster; it is looked at again with what there is then
                    Err(Error::Conflict { .. } | Error::NotOnTrial { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}
