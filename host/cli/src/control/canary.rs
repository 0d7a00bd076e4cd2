//! `sandgate canary`: a policy set that decides for a share of the accounts.

use super::candidate::Begin;
use super::{By, Which, counted};
use crate::follow;
use sandgate_control::Guards;
use sandgate_model::Decimal;
use serde_json::json;

/// The verbs of `sandgate canary`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  \
    sandgate canary start --config sandgate.toml payments --generation 4 --share 1%\n  \
    sandgate canary share --config sandgate.toml payments 25%\n  \
    sandgate canary show --config sandgate.toml payments\n  \
    sandgate promote --config sandgate.toml payments\n\n\
    An account is on one side by a hash of its name: on every host the same, and a share that is raised only adds \
    accounts. Whatever else is activated ends the canary.")]
pub(crate) enum Verb {
    /// Let a policy set decide for a share of the accounts
    #[command(after_help = "Examples:\n  \
        sandgate canary start --config sandgate.toml payments --generation 4 --share 1% --why \"the shadow looks good\"\n  \
        sandgate canary start --config sandgate.toml payments --set limits.parameters.largest=5000 --share 0.5%\n\n\
        A shadow of that generation ends. A guard that breaks stops the canary: its accounts go back to the active set.\n\n\
        Exit status: 0 it decides within a second, 1 refused.")]
    Start(Start),
    /// Let it decide for another share of the accounts
    Share(Shared),
    /// Give its accounts back to the active set
    Stop(Stop),
    /// Show what both sides decided
    Show(Show),
}

/// The command line of `sandgate canary start`.
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    #[command(flatten)]
    begin: Begin,
    /// How many of the accounts, as 5% or 0.25%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    share: u64,
}

/// The command line of `sandgate canary share`.
#[derive(Debug, clap::Args)]
pub(crate) struct Shared {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// How many of the accounts, as 5% or 0.25%
    #[arg(value_name = "PERCENT", value_parser = percent)]
    share: u64,
    /// Only if the tenant's revision is still this one
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// The command line of `sandgate canary stop`.
#[derive(Debug, clap::Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// Only if the tenant's revision is still this one
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// The command line of `sandgate canary show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    /// Only of this tenant
    tenant: Option<String>,
}

/// Hundredths of a percent.
fn percent(text: &str) -> Result<u64, String> {
    let told = || format!("`{text}` is no share: write a percentage between 0.01% and 100%, as 5% or 0.25%");
    let digits = text.strip_suffix('%').unwrap_or(text);
    let hundredths = Decimal::parse(digits, 2).ok().and_then(|decimal| u64::try_from(decimal.units).ok());
    hundredths.filter(|hundredths| (1..=10_000).contains(hundredths)).ok_or_else(told)
}

/// Does it.
///
/// # Errors
/// Where it is refused, or the registry cannot be asked.
pub(crate) fn run(verb: &Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Start(Start { begin, share }) => {
            let tenant = &begin.tenant;
            let (started, guards) =
                begin.begin(Guards::default(), |registry, candidate, guards, expected, change| {
                    registry.start_canary(tenant, (candidate, *share), guards, expected, change)
                })?;
            let (generation, revision) = (started.generation, started.revision);
            let shown = counted::percent(*share);
            begin.which.say(
                &format!("Canary: generation {generation} decides for {shown} of the accounts of tenant {tenant} (revision {revision})\n  guards: {guards}"),
                &json!({ "outcome": "canary", "tenant": tenant, "generation": generation, "revision": revision, "share": share, "guards": guards.to_string() }),
            )
        }
        Verb::Share(Shared { which, tenant, share, expect, by }) => {
            let registry = which.registry()?;
            let moved = registry.share_canary(tenant, *share, *expect, (&by.who(), follow::now()))?;
            let (word, revision) = counted::outcome(moved);
            let shown = counted::percent(*share);
            which.say(
                &format!("{word}: the canary decides for {shown} of the accounts of tenant {tenant}{revision}"),
                &json!({ "outcome": word.to_lowercase(), "tenant": tenant, "share": share }),
            )
        }
        Verb::Stop(Stop { which, tenant, expect, by }) => {
            let moved = which.registry()?.stop_canary(tenant, *expect, (&by.who(), follow::now()))?;
            counted::say_stopped(which, tenant, "canary", moved)
        }
        Verb::Show(Show { which, tenant }) => counted::show(which, tenant.as_deref(), counted::What::Canaries),
    }
}
