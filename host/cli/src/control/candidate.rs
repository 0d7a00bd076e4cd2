//! What a trial begins with: a candidate that was made ready as an activation makes it,
//! and its guards.

use super::activate::told;
use super::change::{self, Ready, Site, Wanted};
use super::{By, Which};
use crate::check::Problems;
use crate::config;
use crate::follow;
use crate::sets::document;
use sandgate_control::{Candidate, Guards, Registry, Started, Who};
use sandgate_server::admin::desk::Next;
use std::path::PathBuf;

/// The part of a command line that begins a trial.
#[derive(Debug, clap::Args)]
pub(super) struct Begin {
    #[command(flatten)]
    pub(super) which: Which,
    /// The tenant
    pub(super) tenant: String,
    /// A tenant's file, in place of the document that is active
    #[arg(long, value_name = "FILE", conflicts_with_all = ["set", "generation"])]
    file: Option<PathBuf>,
    /// A change of what is active: POLICY.KEY=VALUE; may be given several times
    #[arg(long, value_name = "CHANGE", conflicts_with = "generation")]
    set: Vec<String>,
    /// A generation that there is
    #[arg(long, value_name = "GENERATION", required_unless_present_any = ["file", "set"])]
    generation: Option<u64>,
    /// What stops it by itself, as NAME=+5%, NAME=x1.5 or NAME=off; may be given several times
    /// [default: fault-rate=+1% fuel-p99=x4 latency-p99=x10 minimum=500, for a canary also
    /// block-rate=+5% review-rate=+10%]
    #[arg(long, value_name = "GUARD")]
    guard: Vec<String>,
    /// Only if the tenant's revision is still this one [default: the one there is now]
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

impl Begin {
    /// Makes the candidate ready, and begins.
    ///
    /// # Errors
    /// Where it is refused.
    pub(super) fn begin(
        &self,
        mut guards: Guards,
        start: impl FnOnce(
            &Registry,
            Candidate<'_>,
            &Guards,
            Option<u64>,
            (&Who, i64),
        ) -> Result<Started, sandgate_control::Error>,
    ) -> anyhow::Result<(Started, Guards)> {
        self.guard.iter().try_for_each(|guard| guards.set(guard)).map_err(|why| anyhow::anyhow!("--guard: {why}"))?;
        let path = self.which.config()?;
        let host = config::load(path, 1).map_err(Problems)?.0;
        let registry = super::of_host(host.control.as_ref(), path)?;
        let who = self.by.who();
        let site = Site { workshop: &host.workshop, registry: &registry };
        if let Some(number) = self.generation {
            let seen = registry.tenant(&self.tenant)?.map(|pointer| pointer.revision);
            change::known(site, &self.tenant, number).map_err(told)?.iter().for_each(crate::note);
            let expected = self.expect.or(seen);
            return Ok((start(&registry, Candidate::Known(number), &guards, expected, (&who, follow::now()))?, guards));
        }
        let resolved = self.file.as_ref().map(|file| document::resolve(file)).transpose()?;
        let components = resolved.as_ref().map_or(&[][..], |resolved| &resolved.components);
        let wanted = Wanted {
            next: resolved.as_ref().map_or(Next::Edited(&self.set), |resolved| Next::Document(&resolved.text)),
            components,
            is_own: false,
            expected: self.expect,
            check: false,
            backfill: false,
        };
        let Ready { text, set, notes, seen } = change::ready(site, &self.tenant, &wanted).map_err(told)?;
        notes.iter().for_each(crate::note);
        document::bring(components, &registry, &host.workshop, (&who, follow::now()))?;
        let candidate = Candidate::New { document: &text, set };
        let expected = Some(self.expect.unwrap_or(seen));
        Ok((start(&registry, candidate, &guards, expected, (&who, follow::now()))?, guards))
    }
}
