//! `sandgate four-eyes`, `proposals`, `approve` and `reject`: a change by two.
//!
//! Here somebody is whom `--as` says: over SQL four eyes are a convention. Over the admin
//! API they are enforced, by tokens.

use super::{By, Which};
use crate::follow;
use serde_json::json;

/// The command line of `sandgate four-eyes`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sandgate four-eyes --config sandgate.toml payments on --why \"as the audit asks\"\n\n\
    From then on an activation is a proposal, which somebody else approves. Rolling back and freezing need no \
    second person."
)]
pub(crate) struct FourEyes {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// Whether they are asked for
    #[arg(value_parser = ["on", "off"])]
    asked: String,
    /// Only if the tenant's revision is still this one
    #[arg(long, value_name = "REVISION")]
    expect: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// The command line of `sandgate proposals`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate proposals --config sandgate.toml payments\n  \
    sandgate proposals --config sandgate.toml payments 3")]
pub(crate) struct Proposals {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// One of them, with its document
    number: Option<u64>,
    /// The most, the newest ones
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// The command line of `sandgate approve` and `sandgate reject`.
#[derive(Debug, clap::Args)]
pub(crate) struct Decide {
    #[command(flatten)]
    which: Which,
    /// The tenant
    tenant: String,
    /// The proposal
    number: u64,
    #[command(flatten)]
    by: By,
}

/// Asks for them, or no more.
///
/// # Errors
/// Where there is no such tenant, or somebody was faster.
pub(crate) fn four_eyes(args: &FourEyes) -> anyhow::Result<()> {
    let FourEyes { which, tenant, asked, expect, by } = args;
    let registry = which.registry()?;
    registry.four_eyes(tenant, asked == "on", *expect, &by.who(), follow::now())?;
    which.say(
        &format!("four eyes: {asked} for tenant {tenant}"),
        &json!({ "tenant": tenant, "four_eyes": asked == "on" }),
    )
}

/// Lists them, or shows one.
///
/// # Errors
/// Where the registry cannot be asked, or there is no such proposal.
pub(crate) fn proposals(args: &Proposals) -> anyhow::Result<()> {
    let Proposals { which, tenant, number, limit } = args;
    let registry = which.registry()?;
    let now = registry.tenant(tenant)?.map(|pointer| pointer.revision);
    let found = match number {
        Some(number) => {
            let none = || sandgate_control::Error::NoSuchProposal { tenant: tenant.clone(), number: *number };
            vec![registry.proposal(tenant, *number)?.ok_or_else(none)?]
        }
        None => registry.proposals(tenant, *limit)?,
    };
    if found.is_empty() && !which.json {
        return which.say(&format!("nothing was proposed for tenant {tenant} yet"), &json!(null));
    }
    for proposal in found.iter().rev() {
        let why = if proposal.why.is_empty() { String::new() } else { format!(": {}", proposal.why) };
        let decided = proposal.decided.as_ref().map_or_else(String::new, |(by, _)| format!(" by {by}"));
        let mut text = format!(
            "{:>5}  {}{decided}, on revision {}, {}, by {}{why}",
            proposal.number,
            proposal.word(now),
            proposal.on,
            proposal.set,
            proposal.made_by
        );
        let mut value = json!({
            "tenant": tenant, "number": proposal.number, "stands": proposal.word(now), "on": proposal.on,
            "set": proposal.set.to_string(), "made_at": proposal.made_at, "made_by": proposal.made_by,
            "why": proposal.why, "decided_by": proposal.decided.as_ref().map(|(by, _)| by),
            "decided_at": proposal.decided.as_ref().map(|(_, at)| at),
        });
        if number.is_some() {
            text = format!("{text}\n\n{}", proposal.document.trim_end());
            value["document"] = json!(proposal.document);
        }
        which.say(&text, &value)?;
    }
    Ok(())
}

/// Makes what somebody else proposed.
///
/// # Errors
/// Where it does not wait, is of the same hand, or was overtaken.
pub(crate) fn approve(args: &Decide) -> anyhow::Result<()> {
    let Decide { which, tenant, number, by } = args;
    let moved = which.registry()?.approve(tenant, *number, (&by.who(), None), follow::now())?;
    which.say_moved(tenant, moved)
}

/// Says no to it.
///
/// # Errors
/// Where it does not wait.
pub(crate) fn reject(args: &Decide) -> anyhow::Result<()> {
    let Decide { which, tenant, number, by } = args;
    which.registry()?.reject(tenant, *number, &by.who(), follow::now())?;
    which.say(
        &format!("rejected: proposal {number} of tenant {tenant}"),
        &json!({ "outcome": "rejected", "tenant": tenant, "proposal": number }),
    )
}
