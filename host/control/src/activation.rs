//! The changes of what a tenant runs: activate, import, roll back, freeze.
//!
//! Each is a compare-and-set: whoever says which revision they have seen is refused
//! where it is no longer that one. A tenant is managed by its *file* until it is
//! changed through the registry; then its file is told of and not applied, so that
//! a restart never undoes what somebody did in between.

use crate::chain::Action;
use crate::generations::{self, Generation, generation};
use crate::tenants::{Managed, Moved, Pointer, expect, froze, known, moved, pointer};
use crate::trials::Candidate;
use crate::work::Work;
use crate::{Error, Registry, Who, bounds};
use sandgate_model::digest::Digest;

/// What shall be active.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The tenant's file with all that it refers to by digest.
    pub document: &'a str,
    /// The digest of the policy set that it makes.
    pub set: Digest,
    /// The digest of the file as it was resolved, where the document is a file's. The
    /// tenant is then managed by that file, also where it was not before.
    pub from_file: Option<Digest>,
    /// The tenant's revision that the change was decided upon, 0 for a new tenant;
    /// none to change whatever there is.
    pub expected: Option<u64>,
}

/// What became of a file at a host's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is active now.
    Active {
        /// Its generation.
        number: u64,
        /// The tenant's revision now.
        revision: u64,
    },
    /// It was active, or has not changed since it was taken last.
    Unchanged {
        /// The generation that is active.
        number: u64,
    },
    /// It is not applied.
    Reported {
        /// The generation that is active.
        number: u64,
        /// Why the file is not, and the mend.
        why: String,
    },
}

impl New<'_> {
    pub(crate) fn check(&self, tenant: &str, who: &Who) -> Result<(), Error> {
        check_tenant(tenant)?;
        bounds::long("the document", self.document, bounds::DOCUMENT_MAX)?;
        who.check()
    }
}

impl Registry {
    /// Makes a document a tenant's active generation: the next one, unless it is the
    /// active one already. The tenant is managed by the registry from then on, or by
    /// its file where the document is that of a file.
    ///
    /// # Errors
    /// Where the tenant is frozen or asks for four eyes, was changed since `expected`,
    /// or something is unfit.
    pub fn activate(&self, tenant: &str, new: &New<'_>, who: &Who, at: i64) -> Result<Moved, Error> {
        new.check(tenant, who)?;
        self.database.change(nothing, |work| activated(work, tenant, new, (who, at)))
    }

    /// Takes in a tenant's file at a host's start (`from_file` is its digest, without
    /// it that of the document; `expected` is not looked at). It becomes active where
    /// the tenant is new, or is managed by its file and the file is another than was
    /// taken last; of several hosts that start at once, one makes the generation.
    ///
    /// # Errors
    /// Where something is unfit, or the registry cannot be read or written.
    pub fn import(&self, tenant: &str, new: &New<'_>, who: &Who, at: i64) -> Result<Imported, Error> {
        new.check(tenant, who)?;
        let file = new.from_file.unwrap_or_else(|| Digest::of(new.document.as_bytes()));
        self.database.change(nothing, |work| {
            let now = pointer(work, tenant)?;
            if let Some(now) = &now {
                let number = now.active;
                let applied = now.managed == Managed::File && now.imported == Some(file);
                if applied || is_active(work, now, new)? {
                    return Ok(Imported::Unchanged { number });
                }
                if now.managed == Managed::Registry {
                    let why = format!(
                        "tenant {tenant:?} was changed through the registry, so its file is not applied: \
                         `sandgate activate` with the file hands it back to it"
                    );
                    return Ok(Imported::Reported { number, why });
                }
                if now.frozen {
                    let (by, why) = froze(work, now)?;
                    let why = Error::Frozen { tenant: tenant.to_owned(), by, why };
                    return Ok(Imported::Reported { number, why: format!("its file is not applied: {why}") });
                }
                if now.four_eyes {
                    let why = Error::FourEyes { tenant: tenant.to_owned() };
                    return Ok(Imported::Reported { number, why: format!("its file is not applied: {why}") });
                }
            }
            let moved = put(work, tenant, now, new, (Managed::File, Some(file)), (Action::Import, who, at))?;
            Ok(match moved {
                Moved::Active { number, revision } => Imported::Active { number, revision },
                Moved::Unchanged { number } => Imported::Unchanged { number },
            })
        })
    }

    /// Goes back to a generation, or to whichever number is given; without one, to the
    /// one that was active before (so that a second time returns). It is allowed
    /// while the tenant is frozen, and from then on the registry manages the tenant.
    ///
    /// # Errors
    /// Where there is no such generation, or the tenant was changed since `expected`.
    pub fn rollback(
        &self,
        tenant: &str,
        to: Option<u64>,
        expected: Option<u64>,
        who: &Who,
        at: i64,
    ) -> Result<Moved, Error> {
        check_tenant(tenant)?;
        who.check()?;
        self.database.change(nothing, |work| {
            let now = known(work, tenant, expected)?;
            let nothing_before = || Error::NothingBefore { tenant: tenant.to_owned(), active: now.active };
            let number = to.or(now.previous).ok_or_else(nothing_before)?;
            let last = now.newest;
            if !(1..=last).contains(&number) {
                return Err(Error::NoSuchGeneration { tenant: tenant.to_owned(), number, last });
            }
            if number == now.active {
                return Ok(Moved::Unchanged { number });
            }
            let next = Pointer { managed: Managed::Registry, ..now.turned_to(number) };
            moved(work, next, None, (Action::Rollback, who, at))
        })
    }

    /// Freezes a tenant: until that is lifted nothing new is activated. Or lifts it.
    ///
    /// # Errors
    /// Where there is no such tenant, or it was changed since `expected`.
    pub fn freeze(
        &self,
        tenant: &str,
        frozen: bool,
        expected: Option<u64>,
        who: &Who,
        at: i64,
    ) -> Result<Moved, Error> {
        check_tenant(tenant)?;
        who.check()?;
        self.database.change(nothing, |work| {
            let now = known(work, tenant, expected)?;
            if now.frozen == frozen {
                return Ok(Moved::Unchanged { number: now.active });
            }
            let action = if frozen { Action::Freeze } else { Action::Lift };
            moved(work, Pointer { frozen, ..now }, None, (action, who, at))
        })
    }
}

/// Makes a document active for whoever may do so alone.
pub(crate) fn activated(
    work: &mut Work<'_>,
    tenant: &str,
    new: &New<'_>,
    (who, at): (&Who, i64),
) -> Result<Moved, Error> {
    let now = pointer(work, tenant)?;
    expect(work, tenant, now.as_ref(), new.expected)?;
    if let Some(now) = now.as_ref().filter(|now| now.frozen) {
        let (by, why) = froze(work, now)?;
        return Err(Error::Frozen { tenant: tenant.to_owned(), by, why });
    }
    if now.as_ref().is_some_and(|now| now.four_eyes) {
        return Err(Error::FourEyes { tenant: tenant.to_owned() });
    }
    let (managed, imported) = match new.from_file {
        Some(file) => (Managed::File, Some(file)),
        None => (Managed::Registry, now.as_ref().and_then(|now| now.imported)),
    };
    put(work, tenant, now, new, (managed, imported), (Action::Activate, who, at))
}

/// A change that puts nothing beforehand.
pub(crate) fn nothing(_: &mut Work<'_>) -> Result<(), Error> {
    Ok(())
}

pub(crate) fn check_tenant(tenant: &str) -> Result<(), Error> {
    bounds::line("the tenant's name", tenant, bounds::NAME_MAX)
}

/// Makes a document the active generation.
pub(crate) fn put(
    work: &mut Work<'_>,
    tenant: &str,
    now: Option<Pointer>,
    new: &New<'_>,
    (managed, imported): (Managed, Option<Digest>),
    change: (Action, &Who, i64),
) -> Result<Moved, Error> {
    if let Some(now) = &now
        && is_active(work, now, new)?
    {
        // whoever says nothing of a file does not take the tenant from its file either
        if new.from_file.is_none() || (now.managed, now.imported) == (managed, imported) {
            return Ok(Moved::Unchanged { number: now.active });
        }
        return moved(work, Pointer { managed, imported, ..now.clone() }, None, change);
    }
    let number = now.as_ref().map_or(0, |now| now.newest) + 1;
    let (_, who, at) = change;
    let made = made(work, tenant, number, (new.document, new.set), (who, at))?;
    let next = match &now {
        Some(now) => Pointer { newest: number, managed, imported, ..now.turned_to(number) },
        None => Pointer {
            tenant: tenant.to_owned(),
            active: number,
            newest: number,
            previous: None,
            revision: 0,
            frozen: false,
            four_eyes: false,
            managed,
            imported,
            canary: None,
            shadows: Vec::new(),
        },
    };
    moved(work, next, Some(&made), change)
}

/// Makes a tenant's next generation.
fn made(
    work: &mut Work<'_>,
    tenant: &str,
    number: u64,
    (document, set): (&str, Digest),
    (who, at): (&Who, i64),
) -> Result<Generation, Error> {
    let made = Generation {
        tenant: tenant.to_owned(),
        number,
        document: document.to_owned(),
        document_digest: Digest::of(document.as_bytes()),
        set,
        made_at: at,
        made_by: who.actor.clone(),
        why: who.why.clone(),
    };
    generations::insert(work, &made)?;
    Ok(made)
}

/// The generation that is to be on trial, which is made where it is a document that is
/// not active.
pub(crate) fn candidate(
    work: &mut Work<'_>,
    now: &mut Pointer,
    what: Candidate<'_>,
    (who, at): (&Who, i64),
) -> Result<(u64, Option<Generation>), Error> {
    match what {
        Candidate::Known(number) if (1..=now.newest).contains(&number) => Ok((number, None)),
        Candidate::Known(number) => {
            Err(Error::NoSuchGeneration { tenant: now.tenant.clone(), number, last: now.newest })
        }
        Candidate::New { document, set } => {
            bounds::long("the document", document, bounds::DOCUMENT_MAX)?;
            if is_active(work, now, &New { document, set, from_file: None, expected: None })? {
                let problem = format!("is generation {}, which is active", now.active);
                return Err(Error::Unfit { what: "the candidate", problem });
            }
            now.newest += 1;
            let made = made(work, &now.tenant, now.newest, (document, set), (who, at))?;
            Ok((now.newest, Some(made)))
        }
    }
}

/// Whether a document is the active generation's.
pub(crate) fn is_active(work: &mut Work<'_>, now: &Pointer, new: &New<'_>) -> Result<bool, Error> {
    let active = generation(work, &now.tenant, now.active)?;
    Ok(active.is_some_and(|active| active.document == new.document && active.set == new.set))
}
