//! `sandgate activate`: a tenant's next generation, from its file or as a change of
//! the one that is active. Where the tenant asks for four eyes it is proposed, for
//! somebody else to approve.

use super::change::{self, Site, Wanted};
use super::client::{self, Client};
use super::{By, Refused, Which, push};
use crate::check::Problems;
use crate::config::{self, Host};
use crate::follow;
use crate::sets::document;
use sandgate_control::{Entry, Moved, Registry, State};
use sandgate_model::quantity::parse_duration;
use sandgate_server::admin::desk::{End, Next, Refusal};
use serde_json::{Value, json};
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
    /// Fill the windows that this brings with what is kept of the time before them; it stands in
    /// the document as `backfill = true`
    #[arg(long)]
    backfill: bool,
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
    if let Some(api) = args.which.client()? {
        return over(args, &api);
    }
    let path = args.which.config()?;
    let (host, _) = config::load(path, 1).map_err(Problems)?;
    let registry = super::of_host(host.control.as_ref(), path)?;
    let (tenant, which) = (&args.tenant, &args.which);
    let resolved = args.file.as_ref().map(|file| document::resolve(file)).transpose()?;
    let wanted = Wanted {
        next: resolved.as_ref().map_or(Next::Edited(&args.set), |resolved| Next::Document(&resolved.text)),
        components: resolved.as_ref().map_or(&[], |resolved| &resolved.components),
        is_own: is_own(args, &host),
        expected: args.expect,
        check: args.check,
        backfill: args.backfill,
    };
    let canary = registry.tenant(tenant)?.and_then(|now| now.canary);
    let site = Site { workshop: &host.workshop, registry: &registry };
    let done = change::change(site, tenant, &wanted, (&args.by.who(), None)).map_err(told)?;
    done.notes.iter().for_each(crate::note);
    match done.end {
        End::Checked => which.say_done(&json!({ "outcome": "checked", "tenant": tenant, "set": done.set.to_string() })),
        End::Proposed(number) => which.say_done(
            &json!({ "outcome": "proposed", "tenant": tenant, "proposal": number, "set": done.set.to_string() }),
        ),
        End::Moved(moved) => {
            which.say_moved(tenant, moved)?;
            super::ended(canary, moved);
            let (Moved::Active { number, .. } | Moved::Unchanged { number }) = moved;
            args.wait.map_or(Ok(()), |limit| wait(limit, || behind(&registry, (tenant, number))))
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

/// Activates over the admin API. Components of a file that are not there are pushed, without
/// cases; the file stays where a document comes from, for only a host knows its own.
fn over(args: &Args, api: &Client) -> anyhow::Result<()> {
    let (tenant, which, why) = (&args.tenant, &args.which, &args.by.why);
    let mut body = json!({ "check": args.check, "backfill": args.backfill, "why": why });
    match &args.file {
        Some(file) => {
            let resolved = document::resolve(file)?;
            for (_, digest, bytes) in &resolved.components {
                if api.find(&format!("/v1/policies/{}", digest.hex()))?.is_none() {
                    push::over(api, bytes, None, None, why)?;
                }
            }
            body["document"] = json!(resolved.text);
        }
        None => body["changes"] = json!(args.set),
    }
    if let Some(expect) = args.expect {
        body["expect"] = json!(expect);
    }
    let mut done = api.send("POST", &client::tenant(tenant, "/activate"), Some(&body))?;
    if let Some(Value::Array(notes)) = done.as_object_mut().and_then(|done| done.remove("notes")) {
        notes.iter().filter_map(Value::as_str).for_each(crate::note);
    }
    which.say_done(&done)?;
    match args.wait.zip(done["generation"].as_u64()) {
        Some((limit, number)) => wait(limit, || behind_over(api, (tenant, number))),
        None => Ok(()),
    }
}

/// The hosts that gave a sign of life lately and do not run what is active.
fn behind(registry: &Registry, (tenant, number): (&str, u64)) -> anyhow::Result<Vec<String>> {
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
    let behind = alive.filter(|host| host.runs.generation != active);
    let told = behind.map(|host| match (&host.runs.problem, host.runs.state) {
        (Some(problem), State::Refused) => format!("{} ({problem})", host.host),
        _ => host.host.clone(),
    });
    Ok(told.collect())
}

/// The same, as the admin API tells.
fn behind_over(api: &Client, (tenant, number): (&str, u64)) -> anyhow::Result<Vec<String>> {
    let status = api.get("/v1/status")?;
    let tenants = status["tenants"].as_array().into_iter().flatten();
    let mut behind = Vec::new();
    for own in tenants.filter(|row| row["tenant"] == *tenant) {
        if let Some(active) = own["active"].as_u64().filter(|active| *active != number) {
            let page = api.get(&format!("/v1/history?limit=1&tenant={}", client::escaped(tenant)))?;
            let last = &page["entries"][0];
            if last["action"] == "rollback" {
                let word = |key: &str| last[key].as_str().unwrap_or_default().to_owned();
                let (by, why) = (word("actor"), word("why"));
                return Err(RolledBack { tenant: tenant.to_owned(), active, by, why }.into());
            }
        }
        for host in own["hosts"].as_array().into_iter().flatten() {
            if host["silent"] == false && host["generation"] != own["active"] {
                let name = host["host"].as_str().unwrap_or_default();
                behind.push(host["problem"].as_str().map_or(name.to_owned(), |problem| format!("{name} ({problem})")));
            }
        }
    }
    Ok(behind)
}

/// Waits until every host that gave a sign of life lately runs what is active.
fn wait(limit: Duration, behind: impl Fn() -> anyhow::Result<Vec<String>>) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let behind = behind()?;
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
