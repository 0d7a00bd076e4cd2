//! `sandgate history`: who changed what, when and why, and whether somebody changed
//! that afterwards.

use super::Which;
use sandgate_control::{Entry, Verified};
use sandgate_model::{Digest, Instant};
use serde_json::{Value, json};

/// The command line of `sandgate history`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate history --config sandgate.toml --tenant payments\n  \
    sandgate history --config sandgate.toml --verify --head 9f86d081…\n\n\
    Each entry is hashed over the one before. Keep the hash of the last one elsewhere: with it, --verify finds also a \
    history that was written anew as a whole.\n\n\
    Exit status: 1 where the history does not fit.")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Only of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The most entries, the newest ones
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Check that nothing was changed by other means
    #[arg(long, conflicts_with_all = ["tenant", "limit"])]
    verify: bool,
    /// The hash of an entry that was kept elsewhere
    #[arg(long, value_name = "HASH", requires = "verify")]
    head: Option<String>,
}

/// Something does not fit.
#[derive(Debug, thiserror::Error)]
#[error("the history does not fit{}: {problem}", entry.map_or_else(String::new, |entry| format!(" from entry {entry} on")))]
pub(crate) struct Broken {
    entry: Option<u64>,
    problem: String,
}

/// Shows or verifies it.
///
/// # Errors
/// Where the registry cannot be asked, or something does not fit.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let registry = args.which.registry()?;
    if args.verify {
        let kept = args
            .head
            .as_deref()
            .map(|head| Digest::parse(head).ok_or_else(|| anyhow::anyhow!("--head: a hash has 64 hexadecimal digits")));
        return match registry.verify(kept.transpose()?.as_ref())? {
            Verified::Sound { head: None } => args.which.say("nothing was ever changed", &json!({ "sound": true })),
            Verified::Sound { head: Some(head) } => args.which.say(
                &format!("sound: {} entries, the last one is {}", head.number, head.hash.hex()),
                &json!({ "sound": true, "entries": head.number, "head": head.hash.hex() }),
            ),
            Verified::Broken { entry, problem } => Err(Broken { entry, problem }.into()),
        };
    }
    let mut entries = registry.latest(args.limit, args.tenant.as_deref())?;
    entries.sort_by_key(|entry| entry.number);
    entries.iter().try_for_each(|entry| args.which.say(&text(entry), &value(entry)))
}

fn text(entry: &Entry) -> String {
    let at = Instant::from_millis(entry.at).map_or_else(|_| entry.at.to_string(), |at| at.to_string());
    let from = if entry.origin.is_empty() { String::new() } else { format!(" from {}", entry.origin) };
    let why = if entry.why.is_empty() { String::new() } else { format!(": {}", entry.why) };
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let what = match (detail["active"].as_u64(), detail["name"].as_str()) {
        (Some(number), _) => format!(" {} generation {number}{}", entry.tenant, on_trial(&detail)),
        (None, Some(name)) => format!(" {name} {}", detail["version"].as_str().unwrap_or_default()),
        (None, None) => format!(" {}", entry.tenant),
    };
    format!("{:>5}  {at}  {}{what}, by {}{from}{why}", entry.number, entry.action, entry.actor)
}

/// What is on trial beside it after a change.
fn on_trial(detail: &Value) -> String {
    let canary = detail["canary"]["generation"].as_u64().map(|number| {
        format!(", canary {number} for {}", super::counted::percent(detail["canary"]["share"].as_u64().unwrap_or(0)))
    });
    let shadows: Vec<String> = detail["shadows"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|shadow| Some(shadow["generation"].as_u64()?.to_string()))
        .collect();
    let shadows = (!shadows.is_empty()).then(|| format!(", shadow {}", shadows.join(" ")));
    canary.into_iter().chain(shadows).collect()
}

fn value(entry: &Entry) -> Value {
    json!({
        "number": entry.number, "at": entry.at, "actor": entry.actor, "origin": entry.origin,
        "tenant": entry.tenant, "action": entry.action, "why": entry.why, "hash": entry.hash, "before": entry.before,
        "detail": serde_json::from_str::<Value>(&entry.detail).unwrap_or_default(),
    })
}
