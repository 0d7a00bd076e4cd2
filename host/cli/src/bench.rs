//! `sandgate bench`: what a policy costs, alone or beside another version of it.
//!
//! Two versions are measured in one run, their rounds in turn, because two runs
//! on a busy machine differ by more than two versions do. Fuel is the same in
//! every run; it is counted once, before any clock starts.

mod clock;
mod drawn;
mod measure;
mod print;

use crate::component;
use drawn::Drawn;
use measure::Measured;
use sandgate_model::quantity::parse_duration;
use sandgate_sandbox::{Config, Policy, Sandbox};
use sandgate_trial::trial;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The command line of `sandgate bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate bench target/policies/account_risk.wasm\n  \
    sandgate bench before.wasm --compare after.wasm\n\n\
    Transactions are drawn at random within what the manifest allows; parameters are those by default.")]
pub(crate) struct Args {
    /// The component, as `sandgate build` makes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Measure this component beside it, in the same run
    #[arg(long, value_name = "OTHER")]
    compare: Option<PathBuf>,
    /// How often everything is measured; the best counts
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Draws other transactions
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What one transaction may use, as a tenant's file says it
    #[arg(long, value_name = "TIME", default_value = "100us", value_parser = budget)]
    budget: Duration,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

/// A policy on the bench.
struct Subject {
    file: PathBuf,
    /// Bytes of the component.
    size: usize,
    policy: Policy,
    drawn: Drawn,
}

/// What came out.
struct Bench {
    seed: u64,
    /// Rounds that there was time for.
    rounds: u32,
    /// Units of fuel of one transaction.
    budget: u64,
    /// Whether the subjects judged the same rows.
    same_rows: bool,
    /// One, or two beside each other.
    subjects: Vec<(Subject, Measured)>,
}

/// What one transaction may use, as a time on the command line.
///
/// # Errors
/// Where it is none, or none that a tenant's file takes.
pub(crate) fn budget(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(budget) if (Duration::from_micros(1)..=Duration::from_secs(1)).contains(&budget) => Ok(budget),
        Ok(_) => Err("must be from 1us to 1s".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Measures, and prints a table.
///
/// # Errors
/// Where a component cannot be read or a host would refuse it, and where no
/// transaction that its manifest allows gets an answer.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(Config { cache: None, ..Config::default() })?;
    let files: Vec<&Path> =
        [Some(&args.file), args.compare.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    let loaded = files.iter().map(|file| load(&sandbox, file)).collect::<anyhow::Result<Vec<_>>>()?;
    let fuel = trial::fuel(args.budget);

    let policies: Vec<&Policy> = loaded.iter().map(|(policy, _)| policy).collect();
    let same_rows = policies.iter().all(|policy| policy.manifest().inputs == policies[0].manifest().inputs);
    let drawn = match same_rows {
        true => drawn::draw(&policies, args.seed, fuel)?,
        false => {
            let each = policies.iter().map(|policy| drawn::draw(&[policy], args.seed, fuel));
            each.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect()
        }
    };
    let subjects: Vec<Subject> = files
        .iter()
        .zip(loaded)
        .zip(drawn)
        .map(|((file, (policy, size)), drawn)| Subject { file: file.to_path_buf(), size, policy, drawn })
        .collect();
    let (measured, rounds) = measure::measure(&subjects, fuel, args.rounds)?;
    let subjects = subjects.into_iter().zip(measured).collect();
    let bench = Bench { seed: args.seed, rounds, budget: fuel, same_rows, subjects };
    let out = &mut anstream::stdout();
    crate::say(out, if args.json { bench.json().to_string() } else { bench.text() })
}

fn load(sandbox: &Sandbox, file: &Path) -> anyhow::Result<(Policy, usize)> {
    let bytes = component::read(file)?;
    Ok((component::load(sandbox, &bytes, file)?, bytes.len()))
}
