//! `sandgate rollback` and `sandgate freeze`: back to what was, and no change for now.

use super::{By, Which, client};
use crate::follow;
use serde_json::json;

/// The command line of `sandgate rollback`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate rollback --config sandgate.toml payments --why \"blocks too much\"\n  \
    sandgate rollback --config sandgate.toml payments --to 4\n\n\
    Nothing is built or checked again: hosts go on with what they ran before. It is allowed while the tenant is frozen. A canary \
    ends with it.")]
pub(crate) struct Rollback {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// The generation to go back to [default: the one that was active before]
    #[arg(long, value_name = "GENERATION")]
    to: Option<u64>,
    /// Only if the tenant's revision is still this one
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// The command line of `sandgate freeze`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate freeze --config sandgate.toml payments --why \"holiday sale\"\n  \
    sandgate freeze --config sandgate.toml payments --lift\n\n\
    While a tenant is frozen nothing new is activated, also not from its file, and no canary begins or grows; it may \
    be rolled back, and what is on trial may be stopped.")]
pub(crate) struct Freeze {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// Allow changes again
    #[arg(long)]
    lift: bool,
    /// Only if the tenant's revision is still this one
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// Rolls back.
///
/// # Errors
/// Where there is no such generation, or somebody was faster.
pub(crate) fn rollback(args: &Rollback) -> anyhow::Result<()> {
    let Rollback { which, tenant, to, expect, by } = args;
    if let Some(api) = which.client()? {
        let body = json!({ "to": to, "expect": expect, "why": by.why });
        return which.say_done(&api.send("POST", &client::tenant(tenant, "/rollback"), Some(&body))?);
    }
    let registry = which.registry()?;
    let canary = registry.tenant(tenant)?.and_then(|now| now.canary);
    let moved = registry.rollback(tenant, *to, *expect, &by.who(), follow::now())?;
    which.say_moved(tenant, moved)?;
    super::ended(canary, moved);
    Ok(())
}

/// Freezes, or allows changes again.
///
/// # Errors
/// Where there is no such tenant, or somebody was faster.
pub(crate) fn freeze(args: &Freeze) -> anyhow::Result<()> {
    let Freeze { which, tenant, lift, expect, by } = args;
    let (number, revision) = if let Some(api) = which.client()? {
        let body = json!({ "expect": expect, "why": by.why });
        api.send("POST", &client::tenant(tenant, if *lift { "/lift" } else { "/freeze" }), Some(&body))?;
        let now = api.get(&client::tenant(tenant, ""))?;
        (now["active"].as_u64().unwrap_or(0), now["revision"].as_u64().unwrap_or(0))
    } else {
        let registry = which.registry()?;
        registry.freeze(tenant, !lift, *expect, &by.who(), follow::now())?;
        registry.tenant(tenant)?.map_or((0, 0), |now| (now.active, now.revision))
    };
    let word = if *lift { "lifted" } else { "frozen" };
    which.say(
        &format!("{word}: tenant {tenant}, which runs generation {number} (revision {revision})"),
        &json!({ "outcome": word, "tenant": tenant, "generation": number, "revision": revision }),
    )
}
