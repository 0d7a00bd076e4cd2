//! What a case expects of a record, and how what came differs from it.

use super::values::{known, values};
use crate::decided::{Decided, Seen};
use sandgate_engine::document::Given;
use sandgate_engine::resolve::value;
use sandgate_files::{Content, Section};
use sandgate_model::{Fault, Manifest, Outcome, Value};

/// What is expected; what is not named is not compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// All reasons, in declared order.
    pub reasons: Option<Vec<String>>,
    /// What people are told, by reason.
    pub messages: Vec<(String, String)>,
    /// The score.
    pub score: Option<Score>,
    /// What these inputs were.
    pub inputs: Vec<(String, Value)>,
    /// Inputs that were absent.
    pub absent: Vec<String>,
    /// The word of the fault; nothing where there is none.
    pub fault: Option<String>,
    /// The record could not be used, with this cause.
    pub dead_letter: Option<String>,
}

/// What is expected of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// It is this.
    Is(f64),
    /// It lies in this range, both ends included.
    Within(f64, f64),
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What is compared: `outcome`, `input recent`.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// Reads what is expected.
pub(super) fn read(section: &Section<'_>, manifest: &Manifest) -> Expect {
    let codes: Vec<&str> = manifest.reasons.iter().map(|reason| reason.code.as_str()).collect();
    let inputs: Vec<&str> = manifest.inputs.iter().map(|input| input.name.as_str()).collect();
    let outcome = section.word("outcome", &["allow", "review", "block"], Outcome::of_word);
    let reasons = section.has("reasons").then(|| section.texts("reasons"));
    known(section, "reasons", reasons.as_deref().unwrap_or_default(), &codes, "reason");
    let absent = section.texts("absent");
    known(section, "absent", &absent, &inputs, "input");
    let mut messages = Vec::new();
    for (code, message) in values(section, "messages") {
        known(section, "messages", std::slice::from_ref(&code), &codes, "reason");
        match message {
            Given::Text(message) => messages.push((code, message)),
            _ => section.problem("messages", "must be texts: { CODE = \"what people are told\" }"),
        }
    }
    let mut expected = Vec::new();
    for (name, given) in values(section, "inputs") {
        known(section, "inputs", std::slice::from_ref(&name), &inputs, "input");
        let Some(input) = manifest.inputs.iter().find(|input| input.name == name) else { continue };
        match value(input.kind, &given) {
            Ok(value) => expected.push((name, value)),
            Err(what) => section.problem("inputs", format!("input `{name}` {what}")),
        }
    }
    let word = |text: &str| Fault::WORDS.contains(&text).then(|| text.to_owned());
    let fault = section.word("fault", &Fault::WORDS, word);
    let score = score(section);
    if score.is_some() && manifest.score.is_none() {
        section.problem("score", "is of a scoring policy, and this one gives no score; take it out");
    }
    let dead_letter = section.text("dead_letter").map(str::to_owned);
    section.done();
    Expect { outcome, reasons, messages, score, inputs: expected, absent, fault, dead_letter }
}

fn score(section: &Section<'_>) -> Option<Score> {
    let number = |content: &Content| match content {
        Content::Number(digits) => digits.parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    let node = section.node("score")?;
    let score = match &node.content {
        Content::Table(members) => {
            let end = |name: &str| node.member(name).map(|node| number(&node.content));
            let range = match (end("at_least"), end("at_most")) {
                (None, None) | (Some(None), _) | (_, Some(None)) => None,
                (least, most) => {
                    let least = least.flatten().unwrap_or(f64::NEG_INFINITY);
                    Some(Score::Within(least, most.flatten().unwrap_or(f64::INFINITY)))
                }
            };
            range.filter(|_| members.iter().all(|(name, _)| ["at_least", "at_most"].contains(&name.as_str())))
        }
        content => number(content).map(Score::Is),
    };
    if score.is_none() {
        section.problem("score", "must be a number, or a range: { at_least = 0.2, at_most = 0.3 }");
    }
    score
}

impl Expect {
    /// What a decision has otherwise.
    pub(super) fn differs(&self, decided: &Decided, manifest: &Manifest) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |what: &str, expected: String, got: String| {
            if expected != got {
                found.push(Difference { what: what.to_owned(), expected, got });
            }
        };
        if let Some(cause) = &self.dead_letter {
            compare("dead letter", cause.clone(), "a decision".to_owned());
        }
        if let Some(outcome) = self.outcome {
            compare("outcome", outcome.word().to_owned(), decided.outcome.clone());
        }
        if let Some(reasons) = &self.reasons {
            let got: Vec<&str> = decided.reasons.iter().map(|(code, _)| code.as_str()).collect();
            compare("reasons", listed(reasons), listed(&got));
        }
        for (code, message) in &self.messages {
            let got = decided.reasons.iter().find(|(other, _)| other == code);
            compare(
                code,
                message.clone(),
                got.map_or("not among the reasons".to_owned(), |(_, message)| message.clone()),
            );
        }
        match (self.score, decided.score) {
            (Some(Score::Is(expected)), Some(got)) => compare("score", expected.to_string(), got.to_string()),
            (Some(Score::Within(least, most)), Some(got)) if !(least..=most).contains(&got) => {
                compare("score", format!("from {least} to {most}"), got.to_string());
            }
            (Some(_), None) => compare("score", "a score".to_owned(), "none".to_owned()),
            _ => {}
        }
        let seen = |name: &str| {
            let at = manifest.inputs.iter().position(|input| input.name == name);
            at.map_or("nothing".to_owned(), |at| decided.inputs[at].to_string())
        };
        for (name, value) in &self.inputs {
            compare(&format!("input {name}"), value.to_string(), seen(name));
        }
        for name in &self.absent {
            compare(&format!("input {name}"), Seen::Absent.to_string(), seen(name));
        }
        let word = |fault: Option<&String>| fault.map_or_else(|| "none".to_owned(), Clone::clone);
        compare("fault", word(self.fault.as_ref()), word(decided.fault.as_ref().map(|(word, _)| word)));
        found
    }
}

/// Names for people.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
