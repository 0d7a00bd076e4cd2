//! `sandgate check`: reads a host's configuration with everything that it names,
//! and reports all problems at once. It needs no server.

mod keys;

use crate::config::{self, Host};
use sandgate_files::{Problem, Report};
use sandgate_sandbox::{Config, Sandbox};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// The command line of `sandgate check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate check --config sandgate.toml\n\n\
    Exit status: 0 where all is well, 2 where something must be mended.")]
pub(crate) struct Args {
    /// The host's configuration
    #[arg(long, value_name = "FILE", required_unless_present_any = ["calibrate", "keys"])]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON object for programs: tenants, problems, notes; with --keys host and tenant
    #[arg(long, conflicts_with = "calibrate")]
    pub(crate) json: bool,
    /// Print every key of a host's file and of a tenant's, with what may stand there and its default
    #[arg(long, conflicts_with_all = ["config", "calibrate"])]
    pub(crate) keys: bool,
    /// Measure what a microsecond costs in fuel on this machine
    #[arg(long)]
    pub(crate) calibrate: bool,
}

/// Checks, and says what it found.
///
/// # Errors
/// Where a file has problems, or the output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let out = &mut anstream::stdout();
    if args.keys {
        return keys::run(args.json, out);
    }
    if let Some(path) = &args.config {
        let checked = config::check(path);
        if args.json {
            crate::say(out, json(&checked))?;
            return checked.map(drop).map_err(|report| Problems(report).into());
        }
        let (host, report) = checked.map_err(Problems)?;
        report.notes.iter().try_for_each(|note| crate::say(out, format_args!("note: {note}")))?;
        for generation in &host.generations {
            crate::say(out, generation.summary())?;
        }
        crate::say(out, format_args!("{}: no problems", path.display()))?;
    }
    if args.calibrate {
        calibrate(out)?;
    }
    Ok(())
}

/// What `--json` prints: `tenants` (each `tenant` and `set`; none where there are
/// problems), `problems` and `notes` (each `file`, `line`, `key`, `what`).
fn json(checked: &Result<(Host, Report), Report>) -> Value {
    let told = |found: &[Problem]| -> Vec<Value> {
        let one = |problem: &Problem| json!({ "file": problem.file.display().to_string(), "line": problem.line, "key": problem.key, "what": problem.what });
        found.iter().map(one).collect()
    };
    let (generations, report) = match checked {
        Ok((host, report)) => (host.generations.as_slice(), report),
        Err(report) => (&[][..], report),
    };
    let tenants: Vec<Value> = generations
        .iter()
        .map(|generation| json!({ "tenant": &*generation.tenant, "set": generation.set.to_string() }))
        .collect();
    json!({ "tenants": tenants, "problems": told(&report.problems), "notes": told(&report.notes) })
}

/// A configuration that cannot be used.
#[derive(Debug)]
pub(crate) struct Problems(pub(crate) Report);

impl std::error::Error for Problems {}

/// Every problem on a line of its own, then their number.
impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for problem in &self.0.problems {
            writeln!(f, "{problem}")?;
        }
        match self.0.problems.len() {
            1 => write!(f, "1 problem; nothing was started"),
            problems => write!(f, "{problems} problems; nothing was started"),
        }
    }
}

/// Prints how many units of fuel a microsecond takes here, with the spread, and
/// proposes a constant; it changes nothing.
fn calibrate(out: &mut impl Write) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(Config::default())?;
    let measured = sandbox.calibrate()?;
    crate::say(out, "fuel per microsecond on this machine, over 101 measurements:")?;
    let rows = [
        ("slowest", measured.lowest),
        ("slowest tenth", measured.tenth),
        ("median", measured.median),
        ("fastest tenth", measured.ninetieth),
        ("fastest", measured.highest),
    ];
    rows.iter().try_for_each(|(what, fuel)| crate::say(out, format_args!("  {what:<14} {fuel:>8.0}")))?;
    // other work on the machine only ever makes a measurement slower
    let proposed = (measured.median / 100.0).floor() * 100.0;
    crate::say(out, format_args!("proposed: [engine] fuel_per_us = {proposed:.0}; give every host of a fleet the same"))
}
