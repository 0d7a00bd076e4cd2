//! `sandgate inspect`: what a component says about itself, and whether a host
//! would take it.

mod page;
mod words;

use crate::component;
use anyhow::Context as _;
use sandgate_model::Manifest;
use sandgate_sandbox::{Config, INTERFACE, Policy, Refusal, Sandbox};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The command line of `sandgate inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate inspect target/policies/velocity.wasm\n\n\
    Exit status: 0 where a host takes the component, 1 where it would refuse it.")]
pub(crate) struct Args {
    /// The component
    file: PathBuf,
    /// Print one JSON object for programs: what is known of the file, and the manifest as the policy told it
    #[arg(long)]
    json: bool,
}

/// A component that no host takes.
#[derive(Debug, thiserror::Error)]
#[error("{} would be refused by a host: {refusal}", .file.display())]
struct Refused {
    file: PathBuf,
    refusal: Refusal,
}

/// Tells of a component.
///
/// # Errors
/// Where the file cannot be read, or a host would refuse it.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let bytes = read(&args.file)?;
    let sandbox = Sandbox::new(Config { cache: None, ..Config::default() })?;
    let out = &mut anstream::stdout();
    match sandbox.load(&bytes) {
        Ok(policy) if args.json => crate::say(out, document(&policy, bytes.len())?),
        Ok(policy) => crate::say(out, page::of(&policy, bytes.len()).trim_end()),
        Err(refusal) => {
            if args.json {
                crate::say(out, json!({ "refused": refusal.to_string(), "size": bytes.len() }))?;
            }
            Err(Refused { file: args.file.clone(), refusal }.into())
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file.is_dir() {
        anyhow::bail!("{0} is a folder; name a component, such as `sandgate build {0}` makes one", file.display());
    }
    component::read(file)
}

/// What `--json` prints.
fn document(policy: &Policy, size: usize) -> anyhow::Result<serde_json::Value> {
    let manifest = policy.manifest();
    let told: serde_json::Value = serde_json::from_str(policy.told()).context("a manifest that was read before")?;
    Ok(json!({
        "name": manifest.name,
        "version": manifest.version,
        "kind": kind(manifest),
        "digest": policy.digest().to_string(),
        "world": INTERFACE,
        "size": size,
        "memory": policy.memory(),
        "warnings": policy.warnings(),
        "manifest": told,
    }))
}

/// What it answers with: `rules`, `scoring`, or `both`.
fn kind(manifest: &Manifest) -> &'static str {
    match (&manifest.score, manifest.reasons.is_empty()) {
        (None, _) => "rules",
        (Some(_), true) => "scoring",
        (Some(_), false) => "both",
    }
}
