//! What a test came to, for people and as JSON.

use super::Tested;
use super::words::{BAD, OK, counted};
use sandgate_model::manifest::Input;
use sandgate_trial::case::{Came, Case, Failure, Ran};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Failed steps of a case that are shown in full.
const STEPS_SHOWN: usize = 10;

impl Tested {
    /// For people, as cargo tells of tests.
    pub(super) fn text(&self) -> String {
        let manifest = self.policy.manifest();
        let mut out = format!(
            "{} {} ({}), {}\n\n",
            manifest.name,
            manifest.version,
            &self.policy.digest().to_string()[..19],
            counted(self.cases.len(), "case")
        );
        let widest = self.cases.iter().map(|(case, _)| case.name.chars().count()).max().unwrap_or(0);
        for (case, ran) in &self.cases {
            let (word, style) = if ran.failures.is_empty() { ("ok", OK) } else { ("FAILED", BAD) };
            let longest = if self.failures() > 0 { "FAILED" } else { "ok" };
            let pad = " ".repeat(widest - case.name.chars().count() + longest.len() - word.len());
            let nothing = (!case.expects() && !self.blessed.contains(&case.path))
                .then_some("expects nothing; --bless writes what came");
            let told = case.about.as_deref().into_iter().chain(nothing).collect::<Vec<_>>().join("; ");
            let about = if told.is_empty() { told } else { format!("{pad}  {told}") };
            let word = format!("{style}{word}{style:#}");
            let _ = writeln!(out, "case {} ... {word}{about}", case.name);
        }
        for (case, ran) in &self.cases {
            self.steps(case, ran, &mut out);
        }
        match (self.cases.len(), self.left_out) {
            (0, 0) => out.push_str("there are no cases; write one below `cases`, or let --search propose some\n"),
            (0, others) => {
                let _ =
                    writeln!(out, "no case has the text of --only in its name; {} left out", counted(others, "other"));
            }
            _ => {}
        }
        self.proofs.failures(manifest, &mut out);
        out.push('\n');
        self.coverage(&mut out);
        self.proofs.summary(manifest, &mut out);
        if let Some(found) = &self.found {
            super::search::text(found, &mut out);
        }
        if !self.blessed.is_empty() {
            let files: Vec<String> = self.blessed.iter().map(|file| file.display().to_string()).collect();
            let _ = writeln!(out, "\nwritten by --bless, to be looked at: {}", files.join(", "));
        }
        let word = if self.failed() { format!("{BAD}FAILED{BAD:#}") } else { format!("{OK}ok{OK:#}") };
        let passed = self.cases.len() - self.failures();
        let _ = write!(
            out,
            "\ntest result: {word}. {passed} passed; {} failed; finished in {:.2} s",
            self.failures(),
            self.seconds
        );
        out
    }

    fn coverage(&self, out: &mut String) {
        let reasons = self.policy.manifest().reasons.len();
        let missing = self.missing();
        if reasons == 0 {
            return;
        }
        let _ = match missing.as_slice() {
            [] => writeln!(out, "reasons     all {reasons} produced"),
            missing => {
                let produced = reasons - missing.len();
                let mend = match (&self.found, self.left_out) {
                    (Some(_), _) => "",
                    (None, 0) => " (--search looks for them)",
                    (None, _) => " in these cases",
                };
                writeln!(out, "reasons     {produced} of {reasons} produced; never {}{mend}", missing.join(", "))
            }
        };
    }

    /// What failed in a case.
    fn steps(&self, case: &Case, ran: &Ran, out: &mut String) {
        let inputs = &self.policy.manifest().inputs;
        for failure in ran.failures.iter().take(STEPS_SHOWN) {
            let (path, text) = (case.path.display(), shown(failure, inputs));
            let _ = write!(out, "\n{path}:{}, step {}\n{text}", failure.line, failure.step);
        }
        let more = ran.failures.len().saturating_sub(STEPS_SHOWN);
        if more > 0 {
            let _ = writeln!(out, "\n{}: {} more failed", case.path.display(), counted(more, "step"));
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> Json {
        let manifest = self.policy.manifest();
        let cases: Vec<Json> = self
            .cases
            .iter()
            .map(|(case, ran)| {
                let failures: Vec<Json> = ran.failures.iter().map(failure_json).collect();
                json!({
                    "name": case.name, "file": case.path.display().to_string(), "about": case.about,
                    "passed": ran.failures.is_empty(), "reasons": ran.reasons, "failures": failures,
                })
            })
            .collect();
        json!({
            "policy": manifest.name, "version": manifest.version, "digest": self.policy.digest().to_string(),
            "passed": !self.failed(), "cases": cases,
            "reasons": { "declared": manifest.reasons.len(), "never": self.missing() },
            "proofs": self.proofs.json(manifest),
            "found": self.found.as_deref().map(super::search::json), "seconds": self.seconds,
        })
    }
}

fn failure_json(failure: &Failure) -> Json {
    let differences: Vec<Json> = failure
        .differences
        .iter()
        .map(|one| json!({ "what": one.what, "expected": one.expected, "got": one.got }))
        .collect();
    json!({ "step": failure.step, "line": failure.line, "differences": differences })
}

/// What was expected and what came, line by line, and what it was judged on.
fn shown(failure: &Failure, inputs: &[Input]) -> String {
    let mut out = String::new();
    let mut widest = "inputs".len();
    widest = failure.differences.iter().map(|one| one.what.chars().count()).fold(widest, usize::max);
    for one in &failure.differences {
        let _ = writeln!(out, "{BAD}  - {:widest$}  {}{BAD:#}", one.what, one.expected);
        let _ = writeln!(out, "{OK}  + {:widest$}  {}{OK:#}", one.what, one.got);
    }
    if let Some(Came::Decided(decided)) = &failure.came {
        let inputs = inputs.iter().zip(&decided.inputs).map(|(input, seen)| format!("{} {seen}", input.name));
        let _ = writeln!(out, "    {:widest$}  {}", "inputs", inputs.collect::<Vec<_>>().join(", "));
        for (code, message) in &decided.reasons {
            let _ = writeln!(out, "    {:widest$}  {code}: {message}", "reason");
        }
        if let Some((word, detail)) = &decided.fault {
            let _ = writeln!(out, "    {:widest$}  {word}: {detail}", "fault");
        }
    }
    out
}
