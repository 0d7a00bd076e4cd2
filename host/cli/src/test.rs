//! `sandgate test`: runs a policy's cases in the real engine and tells what they
//! prove about it, and what they do not.

mod print;
mod proofs;
mod search;
mod words;

use crate::{bench, build, component};
use anyhow::{Context as _, bail};
use proofs::{Look, Proofs};
use sandgate_files::Report;
use sandgate_sandbox::{Config, Policy, Sandbox};
use sandgate_trial::case::{self, Case, Ran};
use sandgate_trial::{Constants, Sample, trial};
use search::Found;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The command line of `sandgate test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate test policies/account-risk\n  sandgate test --bless\n  \
    sandgate test --component policy.wasm --cases cases\n\n\
    Exit status: 0 where all is well, 1 where a case failed or the policy is not pure, 2 where a case cannot be read.")]
pub(crate) struct Args {
    /// The folders of the policies' crates
    #[arg(default_value = ".", value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Test this component and build nothing; its cases are in the folder that --cases names
    #[arg(long, value_name = "FILE", conflicts_with = "dirs", requires = "cases")]
    component: Option<PathBuf>,
    /// The folder of the cases, in place of DIR/cases
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Only the cases whose name has this in it
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The budget of a transaction that fuel is compared with, as a tenant's file sets it
    #[arg(long, value_name = "TIME", default_value = "100us", value_parser = bench::budget)]
    budget: Duration,
    /// Write what came into the cases as what they expect
    #[arg(long)]
    bless: bool,
    /// Look for records that give the reasons that no case gives, and print them as cases;
    /// with --bless they are written beside the others
    #[arg(long)]
    search: bool,
    /// The seed of what is drawn
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// One JSON document for each policy
    #[arg(long)]
    json: bool,
}

/// What the cases of one policy came to.
struct Tested {
    policy: Policy,
    cases: Vec<(Case, Ran)>,
    /// The files that `--bless` wrote.
    blessed: Vec<PathBuf>,
    /// Cases that were left out, because only others were asked for.
    left_out: usize,
    proofs: Proofs,
    /// What a search found, where one was asked for.
    found: Option<Vec<Found>>,
    seconds: f64,
}

/// Some policy failed; everything was told.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failed(String);

/// Runs the cases of each policy.
///
/// # Errors
/// Where a policy cannot be built, a case cannot be read, or something failed.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let sandbox = Sandbox::new(Config { cache: None, ..Config::default() })?;
    let mut failed = 0;
    let all: Vec<(PathBuf, PathBuf)> = match &args.component {
        Some(file) => vec![(file.clone(), args.cases.clone().unwrap_or_default())],
        None if args.cases.is_some() && args.dirs.len() > 1 => {
            bail!("--cases is of one policy, and there are {}; leave it out", args.dirs.len())
        }
        None => args.dirs.iter().map(|dir| (dir.clone(), args.cases.clone().unwrap_or(dir.join("cases")))).collect(),
    };
    for (place, cases) in &all {
        let bytes = match &args.component {
            Some(file) => component::read(file)?,
            None => build::compiled(place, true)?.bytes,
        };
        let policy = component::load(&sandbox, &bytes, place)?;
        let tested = test(policy, &bytes, cases, args, &sandbox)?;
        let out = &mut anstream::stdout();
        crate::say(out, if args.json { tested.json().to_string() } else { tested.text() })?;
        failed += usize::from(tested.failed());
    }
    match failed {
        0 => Ok(()),
        1 if all.len() == 1 => Err(Failed("the test failed".to_owned()).into()),
        _ => Err(Failed(format!("{failed} of {} policies failed", all.len())).into()),
    }
}

fn test(policy: Policy, component: &[u8], folder: &Path, args: &Args, sandbox: &Sandbox) -> anyhow::Result<Tested> {
    // a crate need not have cases yet, but what is named must be there
    if args.cases.is_some() && !folder.is_dir() {
        bail!("--cases names {}, which is no folder; name the one that the cases are in", folder.display());
    }
    let files = case::folder(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let report = RefCell::<Report>::default();
    let asked = |file: &&PathBuf| file.file_stem().is_some_and(|name| name.to_string_lossy().contains(&args.only));
    let (asked, others): (Vec<&PathBuf>, Vec<&PathBuf>) = files.iter().partition(asked);
    let cases: Vec<Case> = asked.into_iter().filter_map(|file| case::read(file, &policy, &report)).collect();
    let report = report.into_inner();
    if !report.problems.is_empty() {
        return Err(crate::check::Problems(report).into());
    }
    let begun = Instant::now();
    let (mut ran, mut blessed) = (Vec::with_capacity(cases.len()), Vec::new());
    for case in cases {
        let (came, written) = run_one(&case, &policy, args.bless)?;
        blessed.extend(written.then(|| case.path.clone()));
        ran.push((case, came));
    }
    let samples: Vec<Sample> = ran.iter().flat_map(|(_, ran)| ran.samples.iter().cloned()).collect();
    let of = ran.iter().flat_map(|(case, ran)| ran.samples.iter().map(|_| case.name.clone())).collect();
    let look = Look { policy: &policy, budget: trial::fuel(args.budget), samples: &samples, seed: args.seed };
    let constants = Constants::of(component);
    let proofs = Proofs::of(look, &constants, of, sandbox);
    let mut found = args.search.then(|| search::found(look, &constants));
    if let Some(found) = found.as_mut().filter(|_| args.bless) {
        blessed.extend(search::keep(found, folder)?);
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Tested { policy, cases: ran, blessed, left_out: others.len(), proofs, found, seconds })
}

/// Runs a case, and says whether it was filled in; then it passes.
fn run_one(case: &Case, policy: &Policy, bless: bool) -> anyhow::Result<(Ran, bool)> {
    let path = case.path.display();
    let told = |error: String| anyhow::anyhow!("{path}: {error}");
    let mut ran = case::run(case, policy).map_err(told)?;
    let bless = bless && (!ran.failures.is_empty() || !case.expects());
    if bless {
        let text = std::fs::read_to_string(&case.path).with_context(|| format!("{path} cannot be read"))?;
        let filled = case::bless(&text, case, &ran, policy.manifest()).map_err(|error| told(error.to_string()))?;
        crate::whole::write(&case.path, filled.as_bytes())?;
        ran.failures.clear();
    }
    Ok((ran, bless))
}

impl Tested {
    /// The cases that did not go as expected.
    fn failures(&self) -> usize {
        self.cases.iter().filter(|(_, ran)| !ran.failures.is_empty()).count()
    }

    fn failed(&self) -> bool {
        self.failures() > 0 || self.proofs.failed()
    }

    /// The reasons that no case produced.
    fn missing(&self) -> Vec<&str> {
        let codes = self.policy.manifest().reasons.iter().map(|reason| reason.code.as_str());
        codes.filter(|code| !self.cases.iter().any(|(_, ran)| ran.reasons.iter().any(|given| given == code))).collect()
    }
}
