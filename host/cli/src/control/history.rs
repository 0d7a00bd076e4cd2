//! `sandgate history`: who changed what, when and why, and whether somebody changed
//! that afterwards.

use super::Which;
use super::client::{self, Client};
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
    let api = args.which.client()?;
    if args.verify {
        return verify(args, api.as_ref());
    }
    let tenant = args.tenant.as_deref();
    let entries: Vec<Value> = match &api {
        Some(api) => {
            let tenant = tenant.map(|tenant| format!("&tenant={}", client::escaped(tenant))).unwrap_or_default();
            let page = api.get(&format!("/v1/history?limit={}{tenant}", args.limit.clamp(1, 1_000)))?;
            page["entries"].as_array().cloned().unwrap_or_default()
        }
        None => args.which.registry()?.latest(args.limit, tenant)?.iter().map(value).collect(),
    };
    entries.iter().try_for_each(|entry| args.which.say(&text(entry), entry))
}

fn verify(args: &Args, api: Option<&Client>) -> anyhow::Result<()> {
    let kept = args
        .head
        .as_deref()
        .map(|head| Digest::parse(head).ok_or_else(|| anyhow::anyhow!("--head: a hash has 64 hexadecimal digits")));
    let kept = kept.transpose()?;
    let (sound, head) = match api {
        Some(api) => {
            let kept = kept.map(|kept| format!("?head={}", kept.hex())).unwrap_or_default();
            let found = api.get(&format!("/v1/history/verify{kept}"))?;
            let head = found["entries"].as_u64().zip(found["head"].as_str().map(str::to_owned));
            let problem = found["problem"].as_str().unwrap_or_default().to_owned();
            let broken = Broken { entry: found["entry"].as_u64(), problem };
            (if found["sound"] == true { Ok(()) } else { Err(broken) }, head)
        }
        None => match args.which.registry()?.verify(kept.as_ref())? {
            Verified::Sound { head } => (Ok(()), head.map(|head| (head.number, head.hash.hex()))),
            Verified::Broken { entry, problem } => (Err(Broken { entry, problem }), None),
        },
    };
    sound?;
    match head {
        None => args.which.say("nothing was ever changed", &json!({ "sound": true })),
        Some((number, head)) => args.which.say(
            &format!("sound: {number} entries, the last one is {head}"),
            &json!({ "sound": true, "entries": number, "head": head }),
        ),
    }
}

fn text(entry: &Value) -> String {
    let word = |key: &str| entry[key].as_str().unwrap_or_default();
    let millis = entry["at"].as_i64().unwrap_or_default();
    let at = Instant::from_millis(millis).map_or_else(|_| millis.to_string(), |at| at.to_string());
    let from = if word("origin").is_empty() { String::new() } else { format!(" from {}", word("origin")) };
    let why = if word("why").is_empty() { String::new() } else { format!(": {}", word("why")) };
    let detail = &entry["detail"];
    let what = match (detail["active"].as_u64(), detail["name"].as_str(), detail["proposal"].as_u64()) {
        (Some(number), ..) => format!(" {} generation {number}{}", word("tenant"), on_trial(detail)),
        (None, Some(name), _) => match detail["version"].as_str() {
            Some(version) => format!(" {name} {version}"),
            None => format!(" of {name}, {}", detail["role"].as_str().unwrap_or_default()),
        },
        (None, None, Some(number)) => format!(" {} proposal {number}", word("tenant")),
        (None, None, None) => format!(" {}{}", word("tenant"), detail["token"].as_str().unwrap_or_default()),
    };
    let number = entry["number"].as_u64().unwrap_or_default();
    format!("{number:>5}  {at}  {}{what}, by {}{from}{why}", word("action"), word("actor"))
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
