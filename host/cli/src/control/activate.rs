//! `sandgate activate`: a tenant's next generation, from its file or as a change of
//! the one that is active. Where the tenant asks for four eyes it is proposed, for
//! somebody else to approve.

use super::change::{self, Site, Wanted};
use super::{By, Refused, Which};
use crate::check::Problems;
use crate::config::{self, Host};
use crate::follow;
use crate::sets::document;
use sandgate_control::{Entry, Moved, Registry, State};
use sandgate_model::quantity::parse_duration;
use sandgate_server::admin::desk::{End, Next, Refusal};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The command line of `sandgate activate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    sandgate activate --config sandgate.toml payments --set limits.parameters.largest=5000 --why \"more room for funds\"\n  \
    sandgate activate --config sandgate.toml payments --set limits.component=4f2a9c01d7 --wait 10s\n  \
    sandgate activate --config sandgate.toml payments --file tenants/payments.toml\n\n\
    A component may be named by the beginning of its digest (see `sandgate policies`), in a file also by its path. \
    Hosts that run take the change within a second; a batch in flight ends on what it began with. A canary ends with it.\n\n\
    Exit status: 0 active or unchanged, 1 refused, or not everywhere within --wait.")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// A tenant's file, in place of the document that is active; the one that the configuration
    /// names hands the tenant back to that file
    #[arg(long, value_name = "FILE", conflicts_with = "set", required_unless_present = "set")]
    file: Option<PathBuf>,
    /// A change of what is active: POLICY.KEY=VALUE; may be given several times
    #[arg(long, value_name = "CHANGE")]
    set: Vec<String>,
    /// Only if the tenant's revision is still this one [default: the one there is now]
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    /// Check everything and change nothing
    #[arg(long)]
    check: bool,
    /// Wait until every host that gave a sign of life runs it, e.g. 10s
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    wait: Option<Duration>,
    #[command(flatten)]
    by: By,
}

/// Activates.
///
/// # Errors
/// Where it is refused, or does not come about.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let host = config::load(&args.which.config, 1).map_err(Problems)?.0;
    let registry = super::of_host(host.control.as_ref(), &args.which.config)?;
    let (tenant, which) = (&args.tenant, &args.which);
    let resolved = args.file.as_ref().map(|file| document::resolve(file)).transpose()?;
    let wanted = Wanted {
        next: resolved.as_ref().map_or(Next::Edited(&args.set), |resolved| Next::Document(&resolved.text)),
        components: resolved.as_ref().map_or(&[], |resolved| &resolved.components),
        is_own: is_own(args, &host),
        expected: args.expect,
        check: args.check,
    };
    let canary = registry.tenant(tenant)?.and_then(|now| now.canary);
    let site = Site { workshop: &host.workshop, registry: &registry };
    let done = change::change(site, tenant, &wanted, (&args.by.who(), None)).map_err(told)?;
    done.notes.iter().for_each(crate::run::note);
    match done.end {
        End::Checked => which.say(
            &format!("nothing stands in the way of tenant {tenant} as {}; nothing was changed", done.set),
            &json!({ "outcome": "checked", "tenant": tenant, "set": done.set.to_string() }),
        ),
        End::Proposed(number) => which.say(
            &format!(
                "Proposed: change {number} of tenant {tenant}, which somebody else approves with `sandgate approve`"
            ),
            &json!({ "outcome": "proposed", "tenant": tenant, "proposal": number, "set": done.set.to_string() }),
        ),
        End::Moved(moved) => {
            which.say_moved(tenant, moved)?;
            super::ended(canary, moved);
            let (Moved::Active { number, .. } | Moved::Unchanged { number }) = moved;
            args.wait.map_or(Ok(()), |limit| wait(&registry, (tenant, number), limit))
        }
    }
}

/// A refusal as the verb tells it.
pub(super) fn told(refusal: Refusal) -> anyhow::Error {
    match refusal {
        Refusal::Registry(error) => error.into(),
        Refusal::Step { step, why } => Refused { step, why }.into(),
        Refusal::Unfit(why) | Refusal::Unknown(why) | Refusal::Broken(why) => anyhow::anyhow!(why),
    }
}

/// A tenant whose own file is activated goes by that file again; any other file is only
/// where a document comes from.
fn is_own(args: &Args, host: &Host) -> bool {
    let same = || {
        let given = args.file.as_ref()?.canonicalize().ok()?;
        let own = host.offered.iter().find(|offered| offered.tenant == args.tenant)?;
        Some(own.file.canonicalize().ok()? == given)
    };
    same().unwrap_or(false)
}

/// A host went back from what was activated.
#[derive(Debug, thiserror::Error)]
#[error("RolledBack: tenant {tenant} runs generation {active} again, by {by}: {why}")]
struct RolledBack {
    tenant: String,
    active: u64,
    by: String,
    why: String,
}

/// Waits until every host that gave a sign of life lately runs what is active.
fn wait(registry: &Registry, (tenant, number): (&str, u64), limit: Duration) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let active = registry.tenant(tenant)?.map(|pointer| pointer.active);
        if let Some(active) = active.filter(|active| *active != number) {
            let last = registry.latest(1, Some(tenant))?.into_iter().find(|last| last.action == "rollback");
            if let Some(Entry { actor, why, .. }) = last {
                return Err(RolledBack { tenant: tenant.to_owned(), active, by: actor, why }.into());
            }
        }
        let hosts = registry.hosts()?;
        let alive =
            hosts.iter().filter(|host| host.runs.tenant == *tenant && !super::status::is_silent(host, follow::now()));
        let behind: Vec<String> = alive
            .filter(|host| host.runs.generation != active)
            .map(|host| match (&host.runs.problem, host.runs.state) {
                (Some(problem), State::Refused) => format!("{} ({problem})", host.host),
                _ => host.host.clone(),
            })
            .collect();
        if behind.is_empty() {
            return Ok(());
        }
        anyhow::ensure!(
            begun.elapsed() < limit,
            "not everywhere after {limit:?}: {} go on as before",
            behind.join(", ")
        );
        follow::rest(Duration::from_millis(50));
    }
}
