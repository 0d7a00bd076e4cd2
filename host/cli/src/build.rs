//! `sandgate build`: from a policy crate to a component that a host accepts.
//!
//! cargo compiles the crate for `wasm32-unknown-unknown`; the module is made a
//! component here, in process, and then loaded and described as a host would.

mod compile;
mod same;

pub(crate) use same::as_compiler;

use crate::component;
use anyhow::{Context as _, bail};
use sandgate_model::manifest::{Manifest, Origin};
use sandgate_sandbox::{Config, Policy, Sandbox};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use wit_component::ComponentEncoder;

/// The command line of `sandgate build`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate build policies/account-risk\n\n\
    Without --to the component is written to the folder `policies` below cargo's target folder.")]
pub(crate) struct Args {
    /// The folders of the policies' crates
    #[arg(default_value = ".", value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// The file to write, for a single policy
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Print one JSON object for each policy, for programs
    #[arg(long)]
    json: bool,
}

/// Builds each policy and prints what a host will see of it.
///
/// # Errors
/// Where cargo fails, the crate is no policy, or a host would refuse it.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.to.is_some() && args.dirs.len() > 1 {
        bail!("--to takes the component of one policy, and there are {}; leave it out", args.dirs.len());
    }
    let sandbox = Sandbox::new(Config { cache: None, ..Config::default() })?;
    for dir in &args.dirs {
        let built = compiled(dir, false)?;
        let policy = component::load(&sandbox, &built.bytes, dir)?;
        let to = args.to.as_deref().unwrap_or(&built.path);
        crate::whole::write(to, &built.bytes)?;
        let out = &mut anstream::stdout();
        if args.json {
            crate::say(out, json(&policy, to, built.bytes.len()))?;
            continue;
        }
        policy.warnings().iter().try_for_each(|warning| crate::say(out, format_args!("warning: {warning}")))?;
        crate::say(out, describe(policy.manifest(), to, built.bytes.len(), &policy.digest().to_string()))?;
    }
    Ok(())
}

/// A policy's crate as a component, which no host has looked at yet.
#[derive(Debug)]
pub(crate) struct Built {
    /// The file that `sandgate build` writes it to, in the folder `policies`
    /// below cargo's target folder. Nothing is written there before.
    pub(crate) path: PathBuf,
    /// The component.
    pub(crate) bytes: Vec<u8>,
}

/// Builds the crate in a folder; `quiet`: cargo shows warnings and errors only.
///
/// # Errors
/// Where cargo fails, or the crate is no policy.
pub(crate) fn compiled(dir: &Path, quiet: bool) -> anyhow::Result<Built> {
    let module = compile::module(dir, quiet)?;
    let bytes = std::fs::read(&module).with_context(|| format!("{} cannot be read", module.display()))?;
    compile::inspect(&bytes).with_context(|| format!("{} cannot be made a component", dir.display()))?;
    let component = ComponentEncoder::default().module(&bytes).and_then(|encoder| encoder.validate(true).encode());
    let bytes = component.with_context(|| format!("{} cannot be made a component", dir.display()))?;
    Ok(Built { bytes, path: beside(&module) })
}

/// `policies/NAME.wasm` below cargo's target folder.
fn beside(module: &Path) -> PathBuf {
    // the module is target/wasm32-unknown-unknown/release/NAME.wasm
    let target = module.ancestors().nth(3).unwrap_or(Path::new("."));
    target.join("policies").join(module.file_name().unwrap_or_default())
}

/// What `--json` prints of a policy; `sandgate inspect --json` tells the rest.
fn json(policy: &Policy, to: &Path, bytes: usize) -> Value {
    let manifest = policy.manifest();
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "component": to.display().to_string(),
        "size": bytes,
        "digest": policy.digest().to_string(),
        "inputs": manifest.inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>(),
        "reasons": manifest.reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>(),
        "warnings": policy.warnings(),
    })
}

fn describe(manifest: &Manifest, to: &Path, bytes: usize, digest: &str) -> String {
    let inputs: Vec<String> = manifest
        .inputs
        .iter()
        .map(|input| {
            let from = match &input.from {
                Origin::Field(_) => "field",
                Origin::Tag(_) => "tag",
                Origin::Window(_) => "window",
            };
            format!("{} ({from})", input.name)
        })
        .collect();
    let reasons: Vec<&str> = manifest.reasons.iter().map(|reason| reason.code.as_str()).collect();
    let mut lines = vec![
        format!("{} {}: {}", manifest.name, manifest.version, manifest.summary),
        format!("  component  {} ({:.1} KiB)", to.display(), bytes as f64 / 1024.0),
        format!("  digest     {digest}"),
        format!("  inputs     {}", inputs.join(", ")),
    ];
    if !reasons.is_empty() {
        lines.push(format!("  reasons    {}", reasons.join(", ")));
    }
    if let Some(score) = &manifest.score {
        lines.push(format!("  score      {} to {}", score.minimum, score.maximum));
    }
    lines.join("\n")
}
