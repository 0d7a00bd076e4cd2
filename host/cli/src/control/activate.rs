//! `sandgate activate`: a tenant's next generation, from its file or as a change of
//! the one that is active.
//!
//! What may judge is found out here, before anybody else is concerned: components are
//! brought, verified and compiled, every name and parameter is looked up, the
//! policies' own cases are replayed. Only then the pointer moves, if nobody moved it
//! meanwhile.

use super::{By, Refused, Which, cases, edit};
use crate::check::Problems;
use crate::config::{self, Host};
use crate::follow;
use crate::sets::document::{Local, Resolved};
use crate::sets::stock::Asked;
use crate::sets::{Ground, Step, Trouble, document};
use anyhow::Context as _;
use sandgate_control::{New, Pointer, Registry, State};
use sandgate_model::Digest;
use sandgate_model::quantity::parse_duration;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The command line of `sandgate activate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    sandgate activate --config sandgate.toml payments --set limits.parameters.largest=5000 --why \"more room for funds\"\n  \
    sandgate activate --config sandgate.toml payments --set limits.component=4f2a9c01d7 --wait 10s\n  \
    sandgate activate --config sandgate.toml payments --file tenants/payments.toml\n\n\
    A component may be named by the beginning of its digest (see `sandgate policies`), in a file also by its path. \
    Hosts that run take the change within a second; a batch in flight ends on what it began with.\n\n\
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
    let (host, _) = config::load(&args.which.config, 1).map_err(Problems)?;
    let registry = super::of_host(host.control.as_ref(), &args.which.config)?;
    let (tenant, who) = (&args.tenant, args.by.who());
    // looked at first, so that whoever changes it from now on is noticed
    let pointer = registry.tenant(tenant)?;
    let expected = args.expect.unwrap_or(pointer.as_ref().map_or(0, |pointer| pointer.revision));
    let resolved = match &args.file {
        Some(file) => document::resolve(file)?,
        None => Resolved {
            text: edit::edited(&active(&registry, pointer.as_ref(), tenant)?, &args.set)?,
            components: Vec::new(),
        },
    };
    let text = full_digests(&resolved.text, &registry)?;
    let text = if args.backfill { edit::backfilled(&text)? } else { text };
    let newest = pointer.as_ref().map_or(0, |pointer| pointer.newest);
    let set = prepared(&host, &registry, (tenant, newest), (&text, &resolved.components))
        .map_err(|Trouble { step, why }| Refused { step: step.word(), why })?;
    if args.check {
        let told = format!("nothing stands in the way of tenant {tenant} as {set}; nothing was changed");
        return args
            .which
            .say(&told, &serde_json::json!({ "outcome": "checked", "tenant": tenant, "set": set.to_string() }));
    }
    document::bring(&resolved.components, &registry, &host.workshop, (&who, follow::now()))?;
    let new = New { document: &text, set, from_file: from_file(args, &host, &text), expected: Some(expected) };
    let moved = registry.activate(tenant, &new, &who, follow::now())?;
    args.which.say_moved(tenant, moved)?;
    match args.wait {
        Some(limit) => wait(&registry, tenant, limit),
        None => Ok(()),
    }
}

/// A tenant whose own file is activated goes by that file again; any other file is only
/// where a document comes from.
fn from_file(args: &Args, host: &Host, text: &str) -> Option<Digest> {
    let given = args.file.as_ref()?.canonicalize().ok()?;
    let own = host.offered.iter().find(|offered| offered.tenant == args.tenant)?;
    (own.file.canonicalize().ok()? == given).then(|| Digest::of(text.as_bytes()))
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

/// Waits until every host that gave a sign of life lately runs what is active.
fn wait(registry: &Registry, tenant: &str, limit: Duration) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let active = registry.tenant(tenant)?.map(|pointer| pointer.active);
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
