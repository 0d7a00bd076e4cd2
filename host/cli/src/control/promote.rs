//! `sandgate promote`: what is on trial becomes what is active.

use super::{By, Which};
use crate::follow;

/// The command line of `sandgate promote`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sandgate promote --config sandgate.toml payments --why \"a week without a surprise\"\n  \
    sandgate promote --config sandgate.toml payments --generation 4\n\n\
    The canary is promoted, or without one the only shadow. Its windows are warm: they were fed all the time. \
    `sandgate rollback` goes back.\n\n\
    Exit status: 0 active, 1 refused."
)]
pub(crate) struct Args {
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

/// Promotes.
///
/// # Errors
/// Where it is not on trial, or somebody was faster.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Args { which, tenant, generation, expect, by } = args;
    let moved = which.registry()?.promote(tenant, *generation, *expect, (&by.who(), follow::now()))?;
    which.say_moved(tenant, moved)
}
