//! What may judge is found out before anybody else is concerned: components are brought,
//! verified and compiled, every name and parameter is looked up, the policies' own cases
//! are replayed. The same for what becomes active and for what goes on trial.

use super::{Refused, cases, edit};
use crate::config::Host;
use crate::sets::document::{self, Local, Resolved};
use crate::sets::stock::Asked;
use crate::sets::{Ground, Step, Trouble};
use anyhow::Context as _;
use sandgate_control::{Pointer, Registry};
use sandgate_model::Digest;
use std::path::Path;

/// A document that may judge.
pub(super) struct Ready {
    /// The document, with every component by its whole digest.
    pub(super) text: String,
    /// The digest of its set.
    pub(super) set: Digest,
    /// Components that the registry may not have yet.
    pub(super) components: Vec<Local>,
    /// The tenant's revision before anything was looked at.
    pub(super) seen: u64,
}

impl Ready {
    /// Makes ready a tenant's file, or changes of what is active.
    ///
    /// # Errors
    /// Where it may not judge.
    pub(super) fn made(
        host: &Host,
        registry: &Registry,
        tenant: &str,
        (file, changes): (Option<&Path>, &[String]),
    ) -> anyhow::Result<Ready> {
        // looked at first, so that whoever changes it from now on is noticed
        let pointer = registry.tenant(tenant)?;
        let resolved = match file {
            Some(file) => document::resolve(file)?,
            None => Resolved {
                text: edit::edited(&active(registry, pointer.as_ref(), tenant)?, changes)?,
                components: Vec::new(),
            },
        };
        let text = full_digests(&resolved.text, registry)?;
        let (newest, seen) = pointer.as_ref().map_or((0, 0), |pointer| (pointer.newest, pointer.revision));
        let set = prepared(host, registry, (tenant, newest), (&text, &resolved.components))
            .map_err(|Trouble { step, why }| Refused { step: step.word(), why })?;
        Ok(Ready { text, set, components: resolved.components, seen })
    }
}

/// Finds out the same of a generation that there is.
///
/// # Errors
/// Where it may not judge.
pub(super) fn known(host: &Host, registry: &Registry, tenant: &str, number: u64) -> anyhow::Result<()> {
    let there = registry.generation(tenant, number)?;
    let text = there.with_context(|| format!("tenant {tenant} has no generation {number}"))?.document;
    let newest = registry.tenant(tenant)?.map_or(0, |pointer| pointer.newest);
    let made = prepared(host, registry, (tenant, newest), (&text, &[]));
    made.map(drop).map_err(|Trouble { step, why }| Refused { step: step.word(), why }.into())
}

/// The document that is active.
fn active(registry: &Registry, pointer: Option<&Pointer>, tenant: &str) -> anyhow::Result<String> {
    let pointer =
        pointer.with_context(|| format!("the registry has no tenant {tenant} yet: give its file with --file"))?;
    let generation = registry.generation(tenant, pointer.active)?;
    Ok(generation.with_context(|| format!("generation {} is not there", pointer.active))?.document)
}

/// The document with every component by its whole digest.
fn full_digests(text: &str, registry: &Registry) -> anyhow::Result<String> {
    let mut failed = None;
    let full = sandgate_files::substitute::substitute(text, &["stage", "policy", "component"], |name| {
        if Digest::parse(name).is_some_and(|digest| digest.to_string() == name) {
            return None;
        }
        match registry.find(name) {
            Ok(Some(stored)) => Some(stored.digest.to_string()),
            Ok(None) => {
                let told =
                    format!("no policy was pushed whose digest begins with {name:?}; `sandgate policies` lists them");
                failed = Some(anyhow::anyhow!(told));
                None
            }
            Err(error) => {
                failed = Some(error.into());
                None
            }
        }
    });
    failed.map_or(Ok(full), Err)
}

/// Makes it ready as a host would, and replays the cases; answers the set's digest.
fn prepared(
    host: &Host,
    registry: &Registry,
    (tenant, newest): (&str, u64),
    (text, local): (&str, &[Local]),
) -> Result<Digest, Trouble> {
    let (stock, mut ground) = (Asked { registry, local }, Ground::default());
    ground.fold(tenant, newest, &host.workshop, &stock)?;
    let name = format!("{tenant}, generation {}", newest + 1);
    let generation = ground.make_of(&name, text, newest + 1, &host.workshop, &stock)?;
    if *generation.tenant != *tenant {
        let why = format!("the document is of tenant {}, not of {tenant}", generation.tenant);
        return Err(Trouble { step: Step::Resolve, why });
    }
    let shown = cases::replay(&generation, registry)?;
    for name in &shown.without {
        crate::run::note(format!("policy `{name}` was pushed without cases, so nothing was replayed for it"));
    }
    for (name, worst, budget) in &shown.fuel {
        crate::run::note(format!("policy `{name}` takes {worst} of fuel at most in its cases, of {budget}"));
    }
    Ok(generation.set)
}
