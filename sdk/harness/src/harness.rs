//! A timeline before a send: what is set up, and when the next transaction happens.
#![expect(clippy::panic, reason = "what a test asks for and cannot be done fails the test at that line")]

mod judged;
mod snapshot;
mod told;

pub use judged::Judged;

use crate::child::Child;
use crate::{Outcome, Policy};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// A timeline on which a policy is tried: tags, a clock, and transactions that
/// the policy's windows see. It drives a program of its own, which ends with it.
///
/// # Panics
/// Every method panics at the line that calls it where the program refuses what
/// is asked, with what it says.
#[derive(Debug)]
#[must_use = "nothing is judged before a transaction is sent"]
pub struct Harness {
    child: Child,
    manifest: Value,
    folder: PathBuf,
    /// What the timeline begins with; it has begun where there is nothing.
    begin: Option<Map<String, Value>>,
    /// Tags that are set before it begins.
    tags: Vec<Value>,
    /// What is set for the next send: `at`, `inputs`, `absent`.
    next: Map<String, Value>,
}

impl Harness {
    /// A timeline for this policy, with its default parameters. It begins at
    /// 2026-01-01T12:00:00Z unless [`at`](Harness::at) says something else.
    #[track_caller]
    pub fn new(policy: &Policy) -> Harness {
        match Child::start(policy.component()) {
            Ok((child, mut loaded)) => Harness {
                child,
                manifest: loaded["manifest"].take(),
                folder: policy.folder().to_owned(),
                begin: Some(Map::new()),
                tags: Vec::new(),
                next: Map::new(),
            },
            Err(problem) => panic!("{}: {problem}", policy.component().display()),
        }
    }

    /// The id of the process that judges, for a debugger.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sets a parameter, as a tenant's file would; for the whole timeline, so
    /// before the first transaction.
    #[track_caller]
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Harness {
        self.within("parameters", name, value.into());
        self
    }

    /// Sets several parameters: `json!({ "largest": "10000", "watched": ["KP"] })`.
    #[track_caller]
    pub fn parameters(mut self, parameters: Value) -> Harness {
        let Value::Object(parameters) = parameters else { panic!("parameters are an object, not {parameters}") };
        for (name, value) in parameters {
            self.within("parameters", &name, value);
        }
        self
    }

    /// From which score on a scoring policy asks for a review or a block.
    #[track_caller]
    pub fn threshold(mut self, outcome: Outcome, score: f64) -> Harness {
        self.within("thresholds", outcome.word(), score.into());
        self
    }

    /// What the outcome is where the policy gives no verdict; without it a review.
    #[track_caller]
    pub fn fallback(mut self, outcome: Outcome) -> Harness {
        self.beginning().insert("fallback".to_owned(), outcome.word().into());
        self
    }

    /// The budget of one transaction in units of fuel; without it 1,000,000.
    #[track_caller]
    pub fn fuel(mut self, units: u64) -> Harness {
        self.beginning().insert("fuel".to_owned(), units.into());
        self
    }

    /// Says of which kind a field is, where the policy leaves it open:
    /// `.field("price", json!({ "kind": "decimal", "scale": 2 }))`.
    #[track_caller]
    pub fn field(mut self, name: &str, field: Value) -> Harness {
        self.within("fields", name, field);
        self
    }

    /// Stores an attribute of an entity. It stays until it is set anew;
    /// `()` takes it away.
    #[track_caller]
    pub fn tag(mut self, entity: &str, id: &str, attribute: &str, value: impl Into<Value>) -> Harness {
        let tag = json!({ "tag": { "entity": entity, "id": id, "attribute": attribute, "value": value.into() } });
        if self.begin.is_some() {
            self.tags.push(tag);
        } else {
            self.ask(&tag);
        }
        self
    }

    /// The time of the next transaction: `2026-01-01T09:00:00Z`. Without one it
    /// happens at the same time as the transaction before.
    #[track_caller]
    pub fn at(mut self, time: &str) -> Harness {
        self.time(time.to_owned());
        self
    }

    /// The time of the next transaction, since the one before: `30s`, `1d`. With
    /// a minus it is late: `-5m`.
    #[track_caller]
    pub fn after(mut self, length: &str) -> Harness {
        self.time(since(length));
        self
    }

    /// Sets an input of the next transaction directly, whatever the policy says
    /// of where it comes from; `()` takes it away.
    #[track_caller]
    pub fn input(mut self, name: &str, value: impl Into<Value>) -> Harness {
        let value = value.into();
        if value.is_null() {
            return self.absent(name);
        }
        let inputs = self.next.entry("inputs").or_insert_with(|| json!({}));
        inputs[name] = value;
        self
    }

    /// Takes an input of the next transaction away, whatever the policy says of
    /// where it comes from.
    #[track_caller]
    pub fn absent(mut self, name: &str) -> Harness {
        if let Value::Array(absent) = self.next.entry("absent").or_insert_with(|| json!([])) {
            absent.push(name.into());
        }
        self
    }

    /// Sends a transaction: its fields by the names that the policy uses. An
    /// `id` is made where there is none, `account` is then `account-1`.
    #[track_caller]
    pub fn send(mut self, fields: Value) -> Judged {
        let send = self.sending(fields);
        let answer = self.ask(&send);
        Judged::of(self, vec![answer])
    }

    /// Sends a transaction so many times, each so much after the one before.
    /// Inputs that are set directly are set for each. What is expected is
    /// expected of the last.
    #[track_caller]
    pub fn send_times(mut self, times: usize, every: &str, fields: Value) -> Judged {
        if times == 0 {
            panic!("a transaction that is sent 0 times has no decision; send it once at least");
        }
        let mut send = self.sending(fields);
        let mut answers = vec![self.ask(&send)];
        send["send"]["at"] = since(every).into();
        for _ in 1..times {
            answers.push(self.ask(&send));
        }
        Judged::of(self, answers)
    }

    /// Sends a record of a source that is observed and not judged: a settlement,
    /// a price.
    #[track_caller]
    pub fn observe(mut self, source: &str, fields: Value) -> Harness {
        let mut send = self.sending(fields);
        send["send"]["source"] = source.into();
        let answer = self.ask(&send);
        if answer["observed"] != true {
            panic!("a record of `{source}` was not observed: {answer}");
        }
        self
    }

    /// Begins the timeline, if it has not begun, and takes what is set for the
    /// next send.
    #[track_caller]
    fn sending(&mut self, fields: Value) -> Value {
        if let Some(begin) = self.begin.take() {
            self.ask(&json!({ "begin": begin }));
            for tag in std::mem::take(&mut self.tags) {
                self.ask(&tag);
            }
        }
        let mut send = std::mem::take(&mut self.next);
        send.insert("fields".to_owned(), fields);
        json!({ "send": send })
    }

    #[track_caller]
    fn ask(&mut self, request: &Value) -> Value {
        match self.child.ask(request) {
            Ok(answer) => answer,
            Err(problem) => panic!("{problem}"),
        }
    }

    #[track_caller]
    fn time(&mut self, at: String) {
        if let Some(before) = self.next.get("at") {
            panic!("the next transaction is at {before} already; `at` or `after` is said once for each");
        }
        self.next.insert("at".to_owned(), at.into());
    }

    /// Sets a name of one of the tables that the timeline begins with.
    #[track_caller]
    fn within(&mut self, table: &str, name: &str, value: Value) {
        let table = self.beginning().entry(table).or_insert_with(|| json!({}));
        table[name] = value;
    }

    #[track_caller]
    fn beginning(&mut self) -> &mut Map<String, Value> {
        match &mut self.begin {
            Some(begin) => begin,
            None => {
                panic!("the timeline has begun: set this up before the first transaction, or begin another harness")
            }
        }
    }
}

/// A length as the protocol writes it.
fn since(length: &str) -> String {
    if length.starts_with(['+', '-']) { length.to_owned() } else { format!("+{length}") }
}
