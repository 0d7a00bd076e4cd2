//! The changes of what a tenant has on trial: start, stop, share, promote.

use crate::activation::{candidate, check_tenant, nothing};
use crate::chain::Action;
use crate::generations;
use crate::guards::Guards;
use crate::tenants::{Managed, Moved, Pointer, froze, known, moved};
use crate::trials::{ALL, Canary, Candidate, Trial};
use crate::work::Work;
use crate::{Error, Registry, Who};

/// Most shadows of a tenant.
pub const SHADOWS_MAX: usize = 8;

/// A trial began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The generation.
    pub generation: u64,
    /// The tenant's revision now.
    pub revision: u64,
}

impl Registry {
    /// Puts a generation beside the active one, as a shadow. Allowed while the tenant is
    /// frozen: it decides nothing.
    ///
    /// # Errors
    /// Where there are too many, it is active or on trial already, or the tenant was
    /// changed since `expected`.
    pub fn start_shadow(
        &self,
        tenant: &str,
        what: Candidate<'_>,
        guards: &Guards,
        expected: Option<u64>,
        (who, at): (&Who, i64),
    ) -> Result<Started, Error> {
        self.on_trial(tenant, expected, who, |work, mut now| {
            if now.shadows.len() >= SHADOWS_MAX {
                let problem = format!("would be one of more than {SHADOWS_MAX}: stop one of them");
                return Err(Error::Unfit { what: "the shadow", problem });
            }
            let (generation, made) = candidate(work, &mut now, what, (who, at))?;
            is_free(&now, generation)?;
            now.shadows.push(Trial { generation, since: work.revision + 1, guards: guards.clone() });
            let moved = moved(work, now, made.as_ref(), (Action::Shadow, who, at))?;
            Ok(Started { generation, revision: moved.revision().unwrap_or(0) })
        })
    }

    /// Ends a shadow; without a number the only one.
    ///
    /// # Errors
    /// Where there is no such shadow, or the tenant was changed since `expected`.
    pub fn stop_shadow(
        &self,
        tenant: &str,
        generation: Option<u64>,
        expected: Option<u64>,
        (who, at): (&Who, i64),
    ) -> Result<Moved, Error> {
        self.on_trial(tenant, expected, who, |work, mut now| {
            let generation = only_shadow(&now, generation)?;
            now.shadows.retain(|shadow| shadow.generation != generation);
            moved(work, now, None, (Action::ShadowStop, who, at))
        })
    }

    /// Lets a generation decide for a share of the accounts (in hundredths of a percent).
    /// A shadow that becomes the canary is a shadow no more.
    ///
    /// # Errors
    /// Where there is one, the tenant is frozen or was changed since `expected`.
    pub fn start_canary(
        &self,
        tenant: &str,
        (what, share): (Candidate<'_>, u64),
        guards: &Guards,
        expected: Option<u64>,
        (who, at): (&Who, i64),
    ) -> Result<Started, Error> {
        check_share(share)?;
        self.on_trial(tenant, expected, who, |work, mut now| {
            thawed(work, &now)?;
            match what {
                Candidate::Known(number) => other_hand(work, &now, number, who)?,
                Candidate::New { .. } if now.four_eyes => return Err(one_hand(&now)),
                Candidate::New { .. } => {}
            }
            if let Some(canary) = &now.canary {
                let problem = format!("of {tenant:?} is generation {} already: stop it first", canary.trial.generation);
                return Err(Error::Unfit { what: "the canary", problem });
            }
            let (generation, made) = candidate(work, &mut now, what, (who, at))?;
            now.shadows.retain(|shadow| shadow.generation != generation);
            is_free(&now, generation)?;
            let trial = Trial { generation, since: work.revision + 1, guards: guards.clone() };
            now.canary = Some(Canary { trial, share });
            let moved = moved(work, now, made.as_ref(), (Action::Canary, who, at))?;
            Ok(Started { generation, revision: moved.revision().unwrap_or(0) })
        })
    }

    /// Lets the canary decide for another share of the accounts.
    ///
    /// # Errors
    /// Where there is none, the tenant is frozen or was changed since `expected`.
    pub fn share_canary(
        &self,
        tenant: &str,
        share: u64,
        expected: Option<u64>,
        (who, at): (&Who, i64),
    ) -> Result<Moved, Error> {
        check_share(share)?;
        self.on_trial(tenant, expected, who, |work, mut now| {
            thawed(work, &now)?;
            let number = now.active;
            if let Some(canary) = &now.canary {
                other_hand(work, &now, canary.trial.generation, who)?;
            }
            let Some(canary) = &mut now.canary else { return Err(nothing_there(&now, "canary")) };
            if canary.share == share {
                return Ok(Moved::Unchanged { number });
            }
            canary.share = share;
            moved(work, now, None, (Action::CanaryShare, who, at))
        })
    }

    /// Ends the canary: its accounts go back to the active set.
    ///
    /// # Errors
    /// Where there is none, or the tenant was changed since `expected`.
    pub fn stop_canary(&self, tenant: &str, expected: Option<u64>, (who, at): (&Who, i64)) -> Result<Moved, Error> {
        self.on_trial(tenant, expected, who, |work, mut now| {
            if now.canary.take().is_none() {
                return Err(nothing_there(&now, "canary"));
            }
            moved(work, now, None, (Action::CanaryStop, who, at))
        })
    }

    /// Makes a generation on trial the active one: without a number the canary, else the
    /// only shadow.
    ///
    /// # Errors
    /// Where it is not on trial, the tenant is frozen or was changed since `expected`.
    pub fn promote(
        &self,
        tenant: &str,
        generation: Option<u64>,
        expected: Option<u64>,
        (who, at): (&Who, i64),
    ) -> Result<Moved, Error> {
        self.on_trial(tenant, expected, who, |work, now| {
            thawed(work, &now)?;
            let canary = now.canary.as_ref().map(|canary| canary.trial.generation);
            let number = match (generation, canary) {
                (Some(number), canary) if canary == Some(number) => number,
                (None, Some(number)) => number,
                (number, _) => only_shadow(&now, number)?,
            };
            other_hand(work, &now, number, who)?;
            let next = Pointer { managed: Managed::Registry, ..now.turned_to(number) };
            moved(work, next, None, (Action::Promote, who, at))
        })
    }

    fn on_trial<T>(
        &self,
        tenant: &str,
        expected: Option<u64>,
        who: &Who,
        change: impl Fn(&mut Work<'_>, Pointer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        check_tenant(tenant)?;
        who.check()?;
        self.database.change(nothing, |work| {
            let now = known(work, tenant, expected)?;
            change(work, now)
        })
    }
}

fn check_share(share: u64) -> Result<(), Error> {
    if (1..=ALL).contains(&share) {
        return Ok(());
    }
    let problem = "is between 0.01 and 100 percent: stop the canary to give it none".to_owned();
    Err(Error::Unfit { what: "a share", problem })
}

fn thawed(work: &mut Work<'_>, now: &Pointer) -> Result<(), Error> {
    if !now.frozen {
        return Ok(());
    }
    let (by, why) = froze(work, now)?;
    Err(Error::Frozen { tenant: now.tenant.clone(), by, why })
}

/// Where the tenant asks for four eyes, refuses whoever made the generation: it is put
/// beside the active one by its author, and let decide by somebody else.
fn other_hand(work: &mut Work<'_>, now: &Pointer, generation: u64, who: &Who) -> Result<(), Error> {
    if !now.four_eyes {
        return Ok(());
    }
    match generations::generation(work, &now.tenant, generation)? {
        Some(made) if made.made_by == who.actor => Err(one_hand(now)),
        _ => Ok(()),
    }
}

fn one_hand(now: &Pointer) -> Error {
    let problem = format!(
        "of tenant {:?}, which asks for four eyes, decides for nobody by its author's hand alone: let it be a shadow, \
         and somebody else start the canary or promote it",
        now.tenant
    );
    Error::Unfit { what: "a generation", problem }
}

/// Refuses what is active, or on trial.
fn is_free(now: &Pointer, generation: u64) -> Result<(), Error> {
    let what = "the candidate";
    if now.active == generation {
        return Err(Error::Unfit { what, problem: format!("is generation {generation}, which is active") });
    }
    match now.trial(generation) {
        Some(_) => {
            Err(Error::Unfit { what, problem: format!("is generation {generation}, which is on trial already") })
        }
        None => Ok(()),
    }
}

fn only_shadow(now: &Pointer, generation: Option<u64>) -> Result<u64, Error> {
    match (generation, now.shadows.as_slice()) {
        (Some(number), shadows) if shadows.iter().any(|shadow| shadow.generation == number) => Ok(number),
        (None, [only]) => Ok(only.generation),
        (None, [_, ..]) => {
            let all: Vec<String> = now.shadows.iter().map(|shadow| shadow.generation.to_string()).collect();
            let problem = format!("may be any of generations {}: say which", all.join(", "));
            Err(Error::Unfit { what: "the shadow", problem })
        }
        _ => Err(nothing_there(now, "shadow")),
    }
}

fn nothing_there(now: &Pointer, what: &'static str) -> Error {
    Error::NotOnTrial { tenant: now.tenant.clone(), what }
}
