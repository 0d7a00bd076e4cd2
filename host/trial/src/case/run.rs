//! Running a case, and what became of it.

use super::{Case, CaseTag, Difference, Step};
use crate::decided::Decided;
use crate::sample::Sample;
use crate::send::When;
use crate::trial::{Sent, Trial};
use sandgate_engine::resolve::settings;
use sandgate_model::manifest::Setting;
use sandgate_sandbox::Policy;
use serde_json::Value as Json;

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The steps that did not go as expected; none: it passed.
    pub failures: Vec<Failure>,
    /// What came of the last record of each step, as far as it ran; nothing of
    /// one that was observed.
    pub steps: Vec<Came>,
    /// What the policy was judged on, in order.
    pub samples: Vec<Sample>,
    /// The codes of the reasons that were given, each once, in the order in which they came.
    pub reasons: Vec<String>,
}

/// What came of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// A decision.
    Decided(Box<Decided>),
    /// The cause of a dead letter and its detail.
    DeadLetter(String, String),
    /// It was observed.
    Observed,
}

/// A step that did not go as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Its place, from 1.
    pub step: usize,
    /// The line where it begins.
    pub line: usize,
    /// What is not as expected.
    pub differences: Vec<Difference>,
    /// What came, for people to look at.
    pub came: Option<Came>,
}

/// Runs a case.
///
/// # Errors
/// Where it cannot be run: never one that was read for this policy.
pub fn run(case: &Case, policy: &Policy) -> Result<Ran, String> {
    let manifest = policy.manifest();
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let mut trial = Trial::new(policy, &case.setup).map_err(|error| told(&error))?;
    let given = settings(manifest, &case.setup.parameters);
    let settings =
        given.map_err(|problems| problems.iter().map(|one| one.what.as_str()).collect::<Vec<_>>().join("; "))?;
    let mut ran = Ran { failures: Vec::new(), steps: Vec::new(), samples: Vec::new(), reasons: Vec::new() };
    set(&case.tags, &trial)?;
    for (at, step) in case.steps.iter().enumerate() {
        set(&step.tags, &trial)?;
        let came = send(step, &mut trial, policy, &settings, &mut ran)
            .map_err(|error| format!("step {} at line {}: {error}", at + 1, step.line))?;
        let differences = differences(step, &came, policy);
        if !differences.is_empty() {
            ran.failures.push(Failure { step: at + 1, line: step.line, differences, came: Some(came.clone()) });
        }
        ran.steps.push(came);
    }
    Ok(ran)
}

fn set(tags: &[CaseTag], trial: &Trial) -> Result<(), String> {
    for CaseTag { entity, id, attribute, value } in tags {
        trial.tag(entity, id, attribute, Some(value)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Sends a step as often as it says; gives what came of the last record.
fn send(step: &Step, trial: &mut Trial, policy: &Policy, settings: &[Setting], ran: &mut Ran) -> Result<Came, String> {
    let mut send = step.send.clone();
    let mut last = Came::Observed;
    for time in 0..step.times {
        if time > 0 {
            send.when = Some(When::After(step.every));
        }
        last = match trial.send(&send).map_err(|error| error.to_string())? {
            Sent::Observed => Came::Observed,
            Sent::DeadLetter(line) => {
                let json: Json = serde_json::from_str(&line).map_err(|error| error.to_string())?;
                let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
                Came::DeadLetter(text("cause"), text("detail"))
            }
            Sent::Decision(line) => {
                let decided = Decided::read(&line, policy.manifest())?;
                ran.samples.extend(decided.sample(settings));
                for (code, _) in &decided.reasons {
                    if !ran.reasons.contains(code) {
                        ran.reasons.push(code.clone());
                    }
                }
                Came::Decided(Box::new(decided))
            }
        };
    }
    Ok(last)
}

/// What is wrong with a record of which nothing is expected: it may do without an
/// input, but it must not end the policy.
fn unasked(came: &Came) -> Vec<Difference> {
    let fault = match came {
        Came::Decided(decided) => decided.fault.as_ref().filter(|(word, _)| word != "input"),
        _ => None,
    };
    let difference = |(word, _): &(String, String)| Difference {
        what: "fault".to_owned(),
        expected: "none".to_owned(),
        got: word.clone(),
    };
    fault.map(difference).into_iter().collect()
}

fn differences(step: &Step, came: &Came, policy: &Policy) -> Vec<Difference> {
    let Some(expect) = &step.expect else { return unasked(came) };
    let one = |what: &str, expected: &str, got: String| {
        vec![Difference { what: what.to_owned(), expected: expected.to_owned(), got }]
    };
    match (came, &expect.dead_letter) {
        (Came::Decided(decided), _) => expect.differs(decided, policy.manifest()),
        (Came::DeadLetter(cause, _), Some(expected)) if cause == expected => Vec::new(),
        (Came::DeadLetter(cause, detail), Some(expected)) => one("dead letter", expected, format!("{cause}: {detail}")),
        (Came::DeadLetter(cause, detail), None) => {
            one("record", "a decision", format!("a dead letter, {cause}: {detail}"))
        }
        (Came::Observed, _) => one("record", "a decision", "it is observed and not judged".to_owned()),
    }
}
