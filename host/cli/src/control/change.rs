//! A change of what a tenant runs, for the verb `activate` and for the admin API alike.
//!
//! What may judge is found out here, before anybody else is concerned: components are
//! brought, verified and compiled, every name and parameter is looked up, the
//! policies' own cases are replayed. Only then the pointer moves, if nobody moved it
//! meanwhile; or the change is proposed, where the tenant asks for four eyes.

use super::{cases, edit};
use crate::config::workshop::Workshop;
use crate::follow;
use crate::sets::document::{self, Local};
use crate::sets::stock::Asked;
use crate::sets::{Ground, Step, Trouble};
use sandgate_control::{New, Pointer, Registry, Submitted, Who};
use sandgate_model::Digest;
use sandgate_server::admin::desk::{Done, End, Next, Refusal};

/// What a tenant shall run.
pub(super) struct Wanted<'a> {
    pub(super) next: Next<'a>,
    /// The components of files that the document names by digest.
    pub(super) components: &'a [Local],
    /// Whether the document is that of the tenant's own file.
    pub(super) is_own: bool,
    /// The revision that it was decided upon; none for the one there is.
    pub(super) expected: Option<u64>,
    /// Whether it is only looked at.
    pub(super) check: bool,
    /// Whether windows that it adds get what was before them.
    pub(super) backfill: bool,
}

/// Where it is made.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) workshop: &'a Workshop,
    pub(super) registry: &'a Registry,
}

/// Makes it ready, then activates or proposes it. `token` is the author's, if any.
///
/// # Errors
/// Where a step refuses it, or the registry does.
pub(super) fn change(
    site: Site<'_>,
    tenant: &str,
    wanted: &Wanted<'_>,
    (who, token): (&Who, Option<&str>),
) -> Result<Done, Refusal> {
    let Site { workshop, registry } = site;
    let Ready { text, set, notes, seen } = ready(site, tenant, wanted)?;
    if wanted.check {
        return Ok(Done { set, notes, end: End::Checked });
    }
    let at = follow::now();
    document::bring(wanted.components, registry, workshop, (who, at))
        .map_err(|error| Refusal::Broken(format!("{error:#}")))?;
    let from_file = wanted.is_own.then(|| Digest::of(text.as_bytes()));
    let new = New { document: &text, set, from_file, expected: Some(wanted.expected.unwrap_or(seen)) };
    let end = match registry.submit(tenant, &new, (who, token), at)? {
        Submitted::Moved(moved) => End::Moved(moved),
        Submitted::Proposed { number } => End::Proposed(number),
    };
    Ok(Done { set, notes, end })
}

/// A document that may judge.
pub(super) struct Ready {
    /// The document, with every component by its whole digest.
    pub(super) text: String,
    /// The digest of its set.
    pub(super) set: Digest,
    /// What somebody should know.
    pub(super) notes: Vec<String>,
    /// The tenant's revision before anything was looked at.
    pub(super) seen: u64,
}

/// Makes it ready, and changes nothing.
///
/// # Errors
/// Where a step refuses it.
pub(super) fn ready(site: Site<'_>, tenant: &str, wanted: &Wanted<'_>) -> Result<Ready, Refusal> {
    let registry = site.registry;
    // looked at first, so that whoever changes it from now on is noticed
    let pointer = registry.tenant(tenant)?;
    let seen = pointer.as_ref().map_or(0, |pointer| pointer.revision);
    let text = match wanted.next {
        Next::Document(text) => text.to_owned(),
        Next::Edited(changes) => {
            let active = active(registry, pointer.as_ref(), tenant)?;
            edit::edited(&active, changes).map_err(|error| Refusal::Unfit(format!("{error:#}")))?
        }
    };
    let text = full_digests(&text, registry)?;
    let text = match wanted.backfill {
        true => edit::backfilled(&text).map_err(|error| Refusal::Unfit(format!("{error:#}")))?,
        false => text,
    };
    let newest = pointer.as_ref().map_or(0, |pointer| pointer.newest);
    let made = prepared(site, (tenant, newest), (&text, wanted.components));
    let (set, notes) = made.map_err(|Trouble { step, why }| Refusal::Step { step: step.word(), why })?;
    Ok(Ready { text, set, notes, seen })
}

/// Finds out the same of a generation that there is: what somebody should know.
///
/// # Errors
/// Where a step refuses it.
pub(super) fn known(site: Site<'_>, tenant: &str, number: u64) -> Result<Vec<String>, Refusal> {
    let none = || Refusal::Unknown(format!("tenant {tenant} has no generation {number}"));
    let text = site.registry.generation(tenant, number)?.ok_or_else(none)?.document;
    let newest = site.registry.tenant(tenant)?.map_or(0, |pointer| pointer.newest);
    let made = prepared(site, (tenant, newest), (&text, &[]));
    made.map(|(_, notes)| notes).map_err(|Trouble { step, why }| Refusal::Step { step: step.word(), why })
}

/// The document that is active.
fn active(registry: &Registry, pointer: Option<&Pointer>, tenant: &str) -> Result<String, Refusal> {
    let none =
        || Refusal::Unknown(format!("the registry has no tenant {tenant} yet: give its whole document (--file)"));
    let pointer = pointer.ok_or_else(none)?;
    let generation = registry.generation(tenant, pointer.active)?;
    let gone = || Refusal::Broken(format!("generation {} is not there", pointer.active));
    Ok(generation.ok_or_else(gone)?.document)
}

/// The document with every component by its whole digest.
fn full_digests(text: &str, registry: &Registry) -> Result<String, Refusal> {
    let mut failed = None;
    let full = sandgate_files::substitute::substitute(text, &["stage", "policy", "component"], |name| {
        if Digest::parse(name).is_some_and(|digest| digest.to_string() == name) {
            return None;
        }
        match registry.find(name) {
            Ok(Some(stored)) => return Some(stored.digest.to_string()),
            Ok(None) => {
                let told =
                    format!("no policy was pushed whose digest begins with {name:?}; `sandgate policies` lists them");
                failed = Some(Refusal::Step { step: Step::Fetch.word(), why: told });
            }
            Err(error) => failed = Some(error.into()),
        }
        None
    });
    failed.map_or(Ok(full), Err)
}

/// Makes it ready as a host would, and replays the cases; answers the set's digest, and
/// what somebody should know.
fn prepared(
    Site { workshop, registry }: Site<'_>,
    (tenant, newest): (&str, u64),
    (text, local): (&str, &[Local]),
) -> Result<(Digest, Vec<String>), Trouble> {
    let (stock, mut ground) = (Asked { registry, local }, Ground::default());
    ground.fold(tenant, newest, workshop, &stock)?;
    let name = format!("{tenant}, generation {}", newest + 1);
    let generation = ground.make_of(&name, text, newest + 1, workshop, &stock)?;
    if *generation.tenant != *tenant {
        let why = format!("the document is of tenant {}, not of {tenant}", generation.tenant);
        return Err(Trouble { step: Step::Resolve, why });
    }
    let shown = cases::replay(&generation, registry)?;
    let without = shown.without.iter();
    let without =
        without.map(|name| format!("policy `{name}` was pushed without cases, so nothing was replayed for it"));
    let fuel = shown.fuel.iter().map(|(name, worst, budget)| {
        format!("policy `{name}` takes {worst} of fuel at most in its cases, of {budget}")
    });
    Ok((generation.set, without.chain(fuel).collect()))
}
