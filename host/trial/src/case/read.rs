//! Reading cases: every mistake of every file at once, with its line.

use super::expect;
use super::values::{tags, values};
use super::{Case, Step};
use crate::send::{Send, When};
use crate::trial::{BEGINS, FUEL, Setup, SetupError, Trial, fuel};
use sandgate_files::field::field;
use sandgate_files::setup::{parameters, thresholds};
use sandgate_files::{File, Report, Section};
use sandgate_model::schema::Field;
use sandgate_model::{Instant, Manifest, Outcome};
use sandgate_sandbox::Policy;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most steps of a case, and the most records of all of them.
const STEPS_MAX: usize = 10_000;
const RECORDS_MAX: u64 = 100_000;
/// The longest of any length of time here.
const LONGEST: Duration = Duration::from_secs(3_660 * 86_400);

/// The files of a folder of cases, by name.
///
/// # Errors
/// Where the folder is there and cannot be read.
pub fn folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                files.push(entry?.path());
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    Ok(files)
}

/// Reads a case of a policy; `None` where it has problems, which are reported.
pub fn read(path: &Path, policy: &Policy, report: &RefCell<Report>) -> Option<Case> {
    of_file(&File::open(path, report)?, policy, report)
}

/// Reads the text of a case, which would stand in that file.
pub fn parse(path: &Path, text: &str, policy: &Policy, report: &RefCell<Report>) -> Option<Case> {
    of_file(&File::of(path, text, report)?, policy, report)
}

fn of_file(file: &File, policy: &Policy, report: &RefCell<Report>) -> Option<Case> {
    let before = report.borrow().problems.len();
    let path = &file.path;
    let manifest = policy.manifest();
    let root = Section::root(file, report);
    let about = root.text("about").map(str::to_owned);
    let setup = setup(&root);
    let tags = tags(&root);
    let sections = root.sections("step");
    if sections.is_empty() {
        root.problem("step", "is missing: a case sends something; add [[step]]");
    }
    if sections.len() > STEPS_MAX {
        root.problem("step", format!("has {} steps; at most {STEPS_MAX} are allowed", sections.len()));
    }
    let steps: Vec<Step> = sections.iter().map(|section| step(section, manifest)).collect();
    let records: u64 = steps.iter().map(|step| u64::from(step.times)).sum();
    if records > RECORDS_MAX {
        root.problem("step", format!("sends {records} records; at most {RECORDS_MAX} are allowed in a case"));
    }
    root.done();
    if report.borrow().problems.len() > before {
        return None;
    }
    // what only the policy can tell
    match Trial::new(policy, &setup) {
        Ok(trial) => {
            for tag in &tags {
                if let Err(error) = trial.check_tag(&tag.entity, &tag.attribute) {
                    root.problem(error.word(), error);
                }
            }
            for (section, step) in sections.iter().zip(&steps) {
                for tag in &step.tags {
                    if let Err(error) = trial.check_tag(&tag.entity, &tag.attribute) {
                        section.problem(error.word(), error);
                    }
                }
                if let Err(error) = trial.check(&step.send) {
                    section.problem(error.word(), error);
                }
            }
        }
        Err(SetupError::Problems(problems)) => {
            problems.iter().for_each(|problem| report.borrow_mut().problem(file, &problem.key, &problem.what));
        }
        Err(error @ SetupError::Fields(_)) => report.borrow_mut().problem(file, "fields", error),
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let case = Case { name, path: path.clone(), about, setup, tags, steps };
    (report.borrow().problems.len() == before).then_some(case)
}

/// How a policy is set up: the keys of a case that say it.
pub fn setup(root: &Section<'_>) -> Setup {
    let begins = root.text("at").unwrap_or(BEGINS);
    let begins = Instant::parse_rfc3339(begins).map_err(|error| root.problem("at", format!("`{begins}` {error}")));
    if root.has("budget") && root.has("fuel") {
        root.problem("fuel", "says the same as `budget`; keep one of them");
    }
    let budget = root.duration("budget", Duration::ZERO, Duration::from_micros(1)..=Duration::from_secs(1));
    let words = ["allow", "review", "block"];
    Setup {
        parameters: parameters(root),
        thresholds: thresholds(root),
        fallback: root.word("fallback", &words, Outcome::of_word).unwrap_or(Outcome::Review),
        fuel: root.whole("fuel", if budget.is_zero() { FUEL } else { fuel(budget) }, 1..=1_000_000_000_000),
        fields: fields(root),
        begins: begins.unwrap_or(Instant::MIN),
    }
}

fn fields(root: &Section<'_>) -> Vec<Field> {
    let Some(section) = root.section("fields") else { return Vec::new() };
    let names: Vec<&str> = section.names().collect();
    let read = |name| {
        let section = section.section(name)?;
        if section.has("path") {
            section.problem("path", "is not for a case, which names a field as the policy does; take it out");
        }
        // a record of a case has its instants as texts
        field(name, section)
    };
    let fields = names.into_iter().filter_map(read).collect();
    section.done();
    fields
}

fn step(section: &Section<'_>, manifest: &Manifest) -> Step {
    let at = section.text("at").map(str::parse::<When>);
    let when = at.and_then(|when| when.map_err(|error| section.problem("at", error)).ok());
    let source = section.text("source").map(str::to_owned);
    let send = Send {
        when,
        source,
        fields: values(section, "send"),
        inputs: values(section, "inputs"),
        absent: section.texts("absent"),
    };
    let times = section.whole("times", 1, 1..=RECORDS_MAX);
    let every = section.duration("every", Duration::ZERO, Duration::ZERO..=LONGEST);
    if section.has("every") && !section.has("times") {
        section.problem("every", "is how far apart `times` are; add `times`, or say when with `at`");
    }
    let step = Step {
        line: section.line(),
        send,
        times: u32::try_from(times).unwrap_or(1),
        every: i64::try_from(every.as_millis()).unwrap_or(0),
        tags: tags(section),
        expect: section.section("expect").map(|section| expect::read(&section, manifest)),
    };
    section.done();
    step
}
