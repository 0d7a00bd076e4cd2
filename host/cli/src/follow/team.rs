//! A tenant of a host that follows: what is active, what is on trial beside it, and how
//! all of it is made ready and swapped in as one.
//!
//! What is on trial and cannot be made ready here is left out and told; the active set
//! goes on with all accounts. It is never the other way round.

use super::Touch;
use super::guarding::{Guarding, Key};
use crate::config::workshop::Workshop;
use crate::sets::shelf::{OnTrial, Standing};
use crate::sets::{Ground, Step, Stock, Trouble};
use sandgate_control::{Compared, Pointer};
use sandgate_engine::generation::Generation;
use sandgate_engine::{Canary, Counts, Engine, Shadow, Share, Team};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A tenant of this host.
#[derive(Default)]
pub(super) struct Followed {
    pub(super) ground: Ground,
    /// What judges.
    runs: Option<Standing>,
    /// Generations that are ready, all on one ground.
    ready: Vec<Arc<Generation>>,
    /// What is counted of those on trial.
    counts: BTreeMap<Key, Counts>,
    /// Why the active one does not judge.
    trouble: Option<String>,
    /// Why something on trial does not.
    left_out: Vec<String>,
    tried: Option<Instant>,
    /// The generation of which it was found out last that a policy of it is hopeless.
    pub(super) hopeless: Option<u64>,
}

/// What a tenant's pointer asks for.
pub(super) fn standing(pointer: &Pointer) -> Standing {
    let Pointer { tenant, active, newest, canary, shadows, .. } = pointer.clone();
    let on_trial =
        |trial: sandgate_control::Trial, share| OnTrial { generation: trial.generation, since: trial.since, share };
    Standing {
        tenant,
        active,
        newest,
        canary: canary.map(|canary| on_trial(canary.trial, canary.share)),
        shadows: shadows.into_iter().map(|trial| on_trial(trial, 0)).collect(),
    }
}

impl Followed {
    /// Makes ready what judges first, alone.
    pub(super) fn first(
        &mut self,
        standing: &Standing,
        workshop: &Workshop,
        stock: &dyn Stock,
    ) -> Result<Generation, Trouble> {
        let Standing { tenant, active, newest, .. } = standing;
        let generation = match self.ground.fold(tenant, *newest, workshop, stock)? {
            // a change that is new is mostly the one that is active
            Some(last) if last.number == *active => last,
            _ => self.ground.make(tenant, *active, workshop, stock)?,
        };
        self.runs = Some(Standing { canary: None, shadows: Vec::new(), ..standing.clone() });
        Ok(generation)
    }

    /// Tells the engine of all generations that may have decided, here or elsewhere.
    pub(super) fn tell(&self, tenant: &str, engine: &Engine) {
        self.ground.sets().for_each(|(number, set)| engine.knows(tenant, number, set));
    }

    /// Whether something failed so long ago that it is tried again.
    pub(super) fn rested(&self, rest: Duration) -> bool {
        self.tried.is_some_and(|tried| tried.elapsed() >= rest)
    }

    /// Why it does not run all that it is asked to.
    pub(super) fn trouble(&self) -> Option<String> {
        let all: Vec<&str> = self.trouble.iter().chain(&self.left_out).map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Whether something is on trial here.
    pub(super) fn counts(&self) -> bool {
        !self.counts.is_empty()
    }

    /// What is counted of those on trial.
    pub(super) fn counted(&self, tenant: &str) -> impl Iterator<Item = Compared> {
        self.counts.iter().map(move |((generation, since, against), counts)| Compared {
            tenant: tenant.to_owned(),
            generation: *generation,
            since: *since,
            against: *against,
            comparison: counts.read(),
        })
    }

    /// Lets the tenant judge by what is active, with what is on trial.
    pub(super) fn come_along(
        &mut self,
        standing: &Standing,
        (workshop, stock): (&Workshop, &dyn Stock),
        engine: &Engine,
        (touch, guarding): (&Touch, &Guarding),
    ) {
        let judges = self.runs.as_ref().map_or(0, |runs| runs.active);
        let is_same = self.runs.as_ref().is_some_and(|runs| {
            (runs.active, &runs.canary, &runs.shadows) == (standing.active, &standing.canary, &standing.shadows)
        });
        if is_same && self.ground.folded() >= standing.newest {
            // also after a change was taken back that this host could not follow
            (self.trouble, self.tried) = (None, None);
            self.left_out.clear();
            return;
        }
        let began = Instant::now();
        let (tenant, generation, folded) = (&standing.tenant, standing.active, self.ground.folded());
        let ready = self.ground.fold(tenant, standing.newest, workshop, stock).map(drop);
        if self.ground.folded() != folded {
            self.ready.clear();
        }
        self.tell(tenant, engine);
        let swapped = match ready {
            // what is active is not behind it
            Err(trouble) if generation <= self.ground.folded() => {
                tracing::warn!(%tenant, generation, %trouble, "a policy set that is not active cannot be made here, nor can those behind it");
                match is_same && self.ground.folded() == folded {
                    true => Ok(()),
                    false => self.swap(standing, (workshop, stock), engine, (touch, guarding)),
                }
                .map(|()| true)
            }
            Err(trouble) => Err(trouble),
            Ok(()) => self.swap(standing, (workshop, stock), engine, (touch, guarding)).map(|()| false),
        };
        match swapped {
            Ok(is_behind) => {
                let canary = standing.canary.as_ref().map(|canary| canary.generation);
                let shadows = standing.shadows.len();
                tracing::info!(%tenant, generation, canary, shadows, took = ?began.elapsed(), "policy set");
                self.trouble = None;
                self.tried = (is_behind || !self.left_out.is_empty()).then(Instant::now);
            }
            Err(trouble) => {
                tracing::error!(%tenant, generation, judges, %trouble, "the active policy set cannot judge here; the one before goes on");
                self.trouble = Some(format!("generation {generation}, {trouble}"));
                self.tried = Some(Instant::now());
            }
        }
    }

    /// A generation on the ground as it is.
    fn one(
        &mut self,
        tenant: &str,
        number: u64,
        (workshop, stock): (&Workshop, &dyn Stock),
        touch: &Touch,
    ) -> Result<Arc<Generation>, Trouble> {
        if let Some(ready) = self.ready.iter().find(|ready| ready.number == number) {
            return Ok(Arc::clone(ready));
        }
        if number > self.ground.folded() {
            let why = "a generation before it cannot be made here, or it cannot itself: see the host's log".to_owned();
            return Err(Trouble { step: Step::Resolve, why });
        }
        let mut generation = self.ground.make(tenant, number, workshop, stock)?;
        generation.warm();
        touch(&mut generation).map_err(|why| Trouble { step: Step::Switch, why })?;
        let generation = Arc::new(generation);
        self.ready.push(Arc::clone(&generation));
        Ok(generation)
    }

    /// Swaps in what is active with all on trial that can be made.
    fn swap(
        &mut self,
        standing: &Standing,
        means: (&Workshop, &dyn Stock),
        engine: &Engine,
        (touch, guarding): (&Touch, &Guarding),
    ) -> Result<(), Trouble> {
        let active = self.one(&standing.tenant, standing.active, means, touch)?;
        self.left_out.clear();
        let mut team = Team::of(active);
        let mut runs = Standing { canary: None, shadows: Vec::new(), ..standing.clone() };
        let mut counts = BTreeMap::new();
        let all = standing.canary.iter().map(|one| (true, one)).chain(standing.shadows.iter().map(|one| (false, one)));
        for (is_canary, one) in all {
            let made = self.one(&standing.tenant, one.generation, means, touch);
            let fits = made.and_then(|generation| {
                let fit = engine.fits(&generation);
                fit.map(|()| generation).map_err(|unfit| Trouble { step: Step::Switch, why: unfit.to_string() })
            });
            match fits {
                Ok(generation) => {
                    let key = (one.generation, one.since, standing.active);
                    let known = self.counts.get(&key).cloned();
                    let counted = known.unwrap_or_else(|| guarding.before(&standing.tenant, key));
                    counts.insert(key, counted.clone());
                    if is_canary {
                        team.canary = Some(Canary { generation, share: Share::of(one.share), counts: counted });
                        runs.canary = Some(one.clone());
                    } else {
                        team.shadows.push(Shadow { generation, counts: counted });
                        runs.shadows.push(one.clone());
                    }
                }
                Err(trouble) => {
                    let what = if is_canary { "canary" } else { "shadow" };
                    let (tenant, generation) = (&standing.tenant, one.generation);
                    tracing::error!(%tenant, generation, %trouble, "this {what} cannot judge here; the active set goes on without");
                    self.left_out.push(format!("{what} generation {generation}, {trouble}"));
                }
            }
        }
        engine.swap(team).map_err(|unfit| Trouble { step: Step::Switch, why: unfit.to_string() })?;
        let numbers =
            [runs.active].into_iter().chain(runs.canary.iter().chain(&runs.shadows).map(|one| one.generation));
        let numbers: Vec<u64> = numbers.collect();
        self.ready.retain(|ready| numbers.contains(&ready.number));
        (self.runs, self.counts) = (Some(runs), counts);
        Ok(())
    }
}
