//! `sandgate policies`: what was pushed.

use super::Which;
use serde_json::json;

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
    let policies = args.which.registry()?.policies()?;
    if policies.is_empty() && !args.which.json {
        return args.which.say("no policy was pushed yet; `sandgate push` brings one", &json!(null));
    }
    for policy in policies {
        let digest = policy.digest.hex();
        let short = digest.get(..12).unwrap_or(&digest);
        let with = match (policy.cases.is_some(), policy.readme.is_some()) {
            (true, true) => "cases, page",
            (true, false) => "cases",
            (false, true) => "page",
            (false, false) => "",
        };
        let text = format!(
            "{short}  {:<28} {:<10} {:<12} {}  {}",
            policy.name, policy.version, with, policy.pushed_by, policy.summary
        );
        let value = json!({
            "digest": policy.digest.to_string(), "name": policy.name, "version": policy.version,
            "summary": policy.summary, "cases": policy.cases.map(|digest| digest.to_string()),
            "readme": policy.readme.map(|digest| digest.to_string()), "pushed_at": policy.pushed_at,
            "pushed_by": policy.pushed_by,
        });
        args.which.say(text.trim_end(), &value)?;
    }
    Ok(())
}
