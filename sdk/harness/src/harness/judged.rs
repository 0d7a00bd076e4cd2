//! A timeline after a send: the decision, and what a test expects of it.

use super::Harness;
use super::snapshot;
use super::told::{list, plain, told};
use crate::Outcome;
use serde_json::Value;
use std::ops::RangeBounds;

/// A decision with what one may expect of it, and the timeline that goes on.
///
/// # Panics
/// Every expectation panics at the line that states it where it does not hold:
/// with what was expected, what came, and the decision in words.
#[derive(Debug)]
pub struct Judged {
    harness: Harness,
    answers: Vec<Value>,
}

/// What a test expects.
impl Judged {
    /// The outcome.
    #[track_caller]
    pub fn expect(self, outcome: Outcome) -> Judged {
        let got = &self.decision()["outcome"];
        self.check(got == outcome.word(), || format!("expected the outcome {}, got {}", outcome.word(), plain(got)));
        self
    }

    /// The codes of the reasons: exactly these, in declared order.
    #[track_caller]
    pub fn reasons<'c>(self, codes: impl IntoIterator<Item = &'c str>) -> Judged {
        let codes: Vec<&str> = codes.into_iter().collect();
        codes.iter().for_each(|code| self.declared(code));
        let list = |codes: &[&str]| if codes.is_empty() { "none".to_owned() } else { codes.join(", ") };
        let got = self.codes();
        self.check(got == codes, || format!("expected the reasons {}, got {}", list(&codes), list(&got)));
        self
    }

    /// This reason, among others perhaps.
    #[track_caller]
    pub fn because(self, code: &str) -> Judged {
        self.declared(code);
        self.check(self.codes().contains(&code), || format!("expected the reason {code}, which was not given"));
        self
    }

    /// Not this reason.
    #[track_caller]
    pub fn without(self, code: &str) -> Judged {
        self.declared(code);
        self.check(!self.codes().contains(&code), || format!("expected no reason {code}, which was given"));
        self
    }

    /// What people are told with a reason.
    #[track_caller]
    pub fn message(self, code: &str, message: &str) -> Judged {
        self.declared(code);
        let got = list(&self.decision()["reasons"]).iter().find(|reason| reason["code"] == code);
        self.check(got.is_some(), || format!("expected the reason {code}, which was not given"));
        let got = got.map_or("", |reason| reason["message"].as_str().unwrap_or(""));
        self.check(got == message, || format!("expected the message {message:?} of {code}, got {got:?}"));
        self
    }

    /// The score, exactly.
    #[track_caller]
    pub fn score(self, score: f64) -> Judged {
        let got = self.scored();
        self.check(got.as_f64() == Some(score), || format!("expected the score {score}, got {}", plain(got)));
        self
    }

    /// A score in a range: `.score_within(0.7..=0.8)`.
    #[track_caller]
    pub fn score_within(self, range: impl RangeBounds<f64> + std::fmt::Debug) -> Judged {
        let got = self.scored();
        let holds = got.as_f64().is_some_and(|got| range.contains(&got));
        self.check(holds, || format!("expected a score within {range:?}, got {}", plain(got)));
        self
    }

    /// An input as it was judged; `()` where it was absent. A decimal may be
    /// written as a text or as a number, with or without zeros at its end.
    #[track_caller]
    pub fn saw(self, input: &str, value: impl Into<Value>) -> Judged {
        let value = value.into();
        let inputs = &self.harness.manifest["inputs"];
        let Some(declared) = list(inputs).iter().find(|declared| declared["name"] == input) else {
            panic!("the policy has no input `{input}`; it has {}", all(inputs, "name"));
        };
        let policy = &self.decision()["policies"][0];
        self.check(!policy.is_null(), || "no policy was judged on this record: it repeats an id".to_owned());
        let got = &policy["inputs"][input];
        let holds = match declared["kind"].as_str() {
            Some("decimal") => shortest(&plain(got)) == shortest(&plain(&value)),
            Some("number") if got.is_number() => got.as_f64() == value.as_f64(),
            _ => *got == value,
        };
        self.check(holds, || format!("expected the input {input} to be {}, got {}", plain(&value), plain(got)));
        self
    }

    /// Why there is no verdict: `fuel`, `trap`, `memory`, `output`, `stopped`,
    /// `input` and so on.
    #[track_caller]
    pub fn fault(self, word: &str) -> Judged {
        let got = &self.decision()["faults"][0]["fault"];
        self.check(got == word, || format!("expected the fault {word}, got {}", plain(got)));
        self
    }

    /// That it is no decision: a record that no host could use, for this cause.
    #[track_caller]
    pub fn dead_letter(self, cause: &str) -> Judged {
        let answer = self.last();
        let got = &answer["dead_letter"]["cause"];
        if got != cause {
            panic!("expected a dead letter for the cause {cause}\n{}", told(answer));
        }
        self
    }

    /// That the decision is the one in `snapshots/NAME.json` in the policy's
    /// crate, apart from what changes with every build of it. Where the file is
    /// missing it is written, and the test fails this once; where the word
    /// `SANDGATE_BLESS` of the environment is set it is written anew.
    #[track_caller]
    pub fn snapshot(self, name: &str) -> Judged {
        match snapshot::compare(&self.harness.folder, name, self.decision(), snapshot::blessed()) {
            Ok(()) => {}
            Err(problem) => self.check(false, || problem),
        }
        self
    }

    /// The decision, with the keys that `docs/configuration.md` describes; of
    /// several sends the last.
    #[track_caller]
    pub fn decision(&self) -> &Value {
        let answer = self.last();
        match answer.get("decision") {
            Some(decision) => decision,
            None => panic!("expected a decision\n{}", told(answer)),
        }
    }

    /// The decisions of a [`send_times`](Harness::send_times), the first one
    /// first; of one send its own.
    #[track_caller]
    pub fn decisions(&self) -> Vec<&Value> {
        if let Some(dead) = self.answers.iter().find(|answer| answer.get("decision").is_none()) {
            panic!("expected decisions\n{}", told(dead));
        }
        self.answers.iter().map(|answer| &answer["decision"]).collect()
    }
}

/// The timeline that goes on.
impl Judged {
    /// As [`Harness::tag`].
    #[track_caller]
    pub fn tag(self, entity: &str, id: &str, attribute: &str, value: impl Into<Value>) -> Harness {
        self.harness.tag(entity, id, attribute, value)
    }

    /// As [`Harness::at`].
    #[track_caller]
    pub fn at(self, time: &str) -> Harness {
        self.harness.at(time)
    }

    /// As [`Harness::after`].
    #[track_caller]
    pub fn after(self, length: &str) -> Harness {
        self.harness.after(length)
    }

    /// As [`Harness::input`].
    #[track_caller]
    pub fn input(self, name: &str, value: impl Into<Value>) -> Harness {
        self.harness.input(name, value)
    }

    /// As [`Harness::absent`].
    #[track_caller]
    pub fn absent(self, name: &str) -> Harness {
        self.harness.absent(name)
    }

    /// As [`Harness::send`].
    #[track_caller]
    pub fn send(self, fields: Value) -> Judged {
        self.harness.send(fields)
    }

    /// As [`Harness::send_times`].
    #[track_caller]
    pub fn send_times(self, times: usize, every: &str, fields: Value) -> Judged {
        self.harness.send_times(times, every, fields)
    }

    /// As [`Harness::observe`].
    #[track_caller]
    pub fn observe(self, source: &str, fields: Value) -> Harness {
        self.harness.observe(source, fields)
    }
}

impl Judged {
    #[track_caller]
    pub(super) fn of(harness: Harness, answers: Vec<Value>) -> Judged {
        if let Some(observed) = answers.iter().find(|answer| answer["observed"] == true) {
            panic!("expected a decision, got {observed}");
        }
        Judged { harness, answers }
    }

    fn last(&self) -> &Value {
        self.answers.last().unwrap_or(&Value::Null)
    }

    #[track_caller]
    fn check(&self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            panic!("{}\n{}", problem(), told(self.last()));
        }
    }

    /// Panics where the policy has no such reason: a test that expects its
    /// absence would hold for ever.
    #[track_caller]
    fn declared(&self, code: &str) {
        let reasons = &self.harness.manifest["reasons"];
        if !list(reasons).iter().any(|reason| reason["code"] == code) {
            panic!("the policy has no reason {code}; it has {}", all(reasons, "code"));
        }
    }

    #[track_caller]
    fn codes(&self) -> Vec<&str> {
        list(&self.decision()["reasons"]).iter().filter_map(|reason| reason["code"].as_str()).collect()
    }

    #[track_caller]
    fn scored(&self) -> &Value {
        &self.decision()["scores"][0]["value"]
    }
}

/// One member of every element, for a sentence.
fn all(list: &Value, member: &str) -> String {
    let all: Vec<String> = self::list(list).iter().map(|element| plain(&element[member])).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// A decimal without zeros at its end.
fn shortest(decimal: &str) -> &str {
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.'),
        false => decimal,
    }
}
