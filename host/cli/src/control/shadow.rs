//! `sandgate shadow`: a policy set that judges beside the active one and decides nothing.

use super::candidate::Begin;
use super::{By, Which, counted};
use crate::follow;
use sandgate_control::Guards;
use serde_json::json;

/// The verbs of `sandgate shadow`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  \
    sandgate shadow start --config sandgate.toml payments --set limits.parameters.largest=5000\n  \
    sandgate shadow show --config sandgate.toml payments\n  \
    sandgate shadow stop --config sandgate.toml payments\n\n\
    A shadow judges what the active set has judged, once that is committed, on a thread of the lowest priority; what \
    it has no time for is dropped and counted. It decides nothing.")]
pub(crate) enum Verb {
    /// Let a policy set judge beside the active one
    #[command(after_help = "Examples:\n  \
        sandgate shadow start --config sandgate.toml payments --set limits.parameters.largest=5000 --why \"too strict?\"\n  \
        sandgate shadow start --config sandgate.toml payments --file next.toml --guard block-rate=x1.5\n\n\
        It becomes the tenant's newest generation, which is not active.\n\n\
        Exit status: 0 it judges within a second, 1 refused.")]
    Start(Start),
    /// Stop a shadow
    Stop(Stop),
    /// Show where shadows differ from the active set
    Show(Show),
}

/// The command line of `sandgate shadow start`.
#[derive(Debug, clap::Args)]
pub(crate) struct Start {
    #[command(flatten)]
    begin: Begin,
}

/// The command line of `sandgate shadow stop`.
#[derive(Debug, clap::Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// Which of several
    #[arg(long, value_name = "GENERATION")]
    generation: Option<u64>,
    /// Only if the tenant's revision is still this one
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// The command line of `sandgate shadow show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    /// Only of this tenant
    tenant: Option<String>,
}

/// Does it.
///
/// # Errors
/// Where it is refused, or the registry cannot be asked.
pub(crate) fn run(verb: &Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Start(Start { begin }) => {
            let tenant = &begin.tenant;
            let (started, guards) =
                begin.begin(Guards::of_shadow(), |registry, candidate, guards, expected, change| {
                    registry.start_shadow(tenant, candidate, guards, expected, change)
                })?;
            let (generation, revision) = (started.generation, started.revision);
            begin.which.say(
                &format!("Shadow: generation {generation} judges beside what tenant {tenant} runs (revision {revision})\n  guards: {guards}"),
                &json!({ "outcome": "shadow", "tenant": tenant, "generation": generation, "revision": revision, "guards": guards.to_string() }),
            )
        }
        Verb::Stop(Stop { which, tenant, generation, expect, by }) => {
            let registry = which.registry()?;
            let moved = registry.stop_shadow(tenant, *generation, *expect, (&by.who(), follow::now()))?;
            counted::say_stopped(which, tenant, "shadow", moved)
        }
        Verb::Show(Show { which, tenant }) => counted::show(which, tenant.as_deref(), counted::What::Shadows),
    }
}
