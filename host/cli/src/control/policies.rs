//! `sandgate policies`: what was pushed.

use super::Which;
use sandgate_control::Stored;
use serde_json::{Value, json};

/// The command line of `sandgate policies`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate policies --config sandgate.toml")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

/// Lists them.
///
/// # Errors
/// Where the registry cannot be asked.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let policies = match args.which.client()? {
        Some(api) => api.all("/v1/policies", "policies")?,
        None => args.which.registry()?.policies()?.iter().map(value).collect(),
    };
    if policies.is_empty() && !args.which.json {
        return args.which.say("no policy was pushed yet; `sandgate push` brings one", &json!(null));
    }
    policies.iter().try_for_each(|policy| args.which.say(text(policy).trim_end(), policy))
}

fn text(policy: &Value) -> String {
    let word = |key: &str| policy[key].as_str().unwrap_or_default();
    let digest = word("digest").trim_start_matches("sha256:");
    let with = match (policy["cases"].is_string(), policy["readme"].is_string()) {
        (true, true) => "cases, page",
        (true, false) => "cases",
        (false, true) => "page",
        (false, false) => "",
    };
    format!(
        "{}  {:<28} {:<10} {:<12} {}  {}",
        digest.get(..12).unwrap_or(digest),
        word("name"),
        word("version"),
        with,
        word("pushed_by"),
        word("summary")
    )
}

fn value(policy: &Stored) -> Value {
    json!({
        "digest": policy.digest.to_string(), "name": policy.name, "version": policy.version,
        "summary": policy.summary, "cases": policy.cases.map(|digest| digest.to_string()),
        "readme": policy.readme.map(|digest| digest.to_string()), "pushed_at": policy.pushed_at,
        "pushed_by": policy.pushed_by,
    })
}
