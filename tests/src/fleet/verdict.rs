//! What has to be true of what a fleet wrote: each position has one decision or
//! one dead letter, an account's decisions stand in the order of its lane, and
//! each says what an undisturbed run of that lane says.

use super::Seen;
use crate::servers::topic::Record;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What an undisturbed run says.
pub struct Expected {
    /// By partition.
    pub lanes: Vec<Lane>,
}

/// What an undisturbed run of one partition says, by the number of the record.
pub struct Lane {
    answers: Vec<Answer>,
}

#[derive(Clone, Debug, PartialEq)]
enum Answer {
    /// Without its position; `repeat_of` is the number of a record.
    Decision(Value),
    /// Its cause.
    DeadLetter(String),
}

/// Problems that are told; the rest is counted.
const TOLD_MAX: usize = 20;

impl Lane {
    /// From the files of a run: positions in them are offsets of lines.
    pub(super) fn new(lines: &[String], decisions: &[Value], dead: &[Value]) -> Lane {
        let mut offset = 0;
        let mut numbers = BTreeMap::new();
        for (number, line) in (0_i64..).zip(lines) {
            numbers.insert(offset, number);
            offset += line.len() as i64 + 1;
        }
        let number = |offset: i64| *numbers.get(&offset).unwrap_or_else(|| panic!("no line begins at {offset}"));
        let mut answers = BTreeMap::new();
        for decision in decisions {
            answers.insert(number(offset_of(&decision["position"])), Answer::Decision(bare(decision, number)));
        }
        for letter in dead {
            answers.insert(number(offset_of(&letter["position"])), Answer::DeadLetter(cause(letter)));
        }
        assert_eq!(answers.len(), lines.len(), "a run answers each of its records");
        Lane { answers: answers.into_values().collect() }
    }
}

impl Expected {
    /// Compares; all that is wrong, or nothing.
    ///
    /// # Errors
    /// A line for each problem, at most some twenty.
    pub fn check(&self, seen: &Seen) -> Result<(), String> {
        let mut problems = Vec::new();
        let mut found = BTreeMap::<(i64, i64), Vec<Answer>>::new();
        for record in &seen.decisions {
            let decision = record.json();
            let place = place_of(&decision["position"]);
            if record.key.as_deref() != decision["account"].as_str().map(str::as_bytes) {
                problems.push(format!("{place:?}: the key of its decision is not its account"));
            }
            let wanted = format!("payments/{}/{}", place.0, place.1);
            if record.header("decision-id").as_deref() != Some(&*wanted) {
                problems.push(format!("{place:?}: its decision-id is {:?}", record.header("decision-id")));
            }
            found.entry(place).or_default().push(Answer::Decision(bare(&decision, |offset| offset)));
        }
        for letter in seen.dead_letters.iter().map(Record::json) {
            found.entry(place_of(&letter["position"])).or_default().push(Answer::DeadLetter(cause(&letter)));
        }
        for (partition, lane) in (0..).zip(&self.lanes) {
            for (offset, expected) in (0..).zip(&lane.answers) {
                match found.remove(&(partition, offset)).as_deref() {
                    None => problems.push(format!("{partition}/{offset}: has no decision and no dead letter")),
                    Some([answer]) if answer == expected => {}
                    Some([answer]) => problems.push(format!("{partition}/{offset}: {}", difference(answer, expected))),
                    Some(answers) => problems.push(format!("{partition}/{offset}: has {} answers", answers.len())),
                }
            }
        }
        problems.extend(found.keys().map(|place| format!("{place:?}: was never sent, and has an answer")));
        problems.extend(disorder(&seen.decisions));
        if problems.is_empty() {
            return Ok(());
        }
        let mut told = problems.iter().take(TOLD_MAX).fold(String::new(), |all, problem| all + problem + "\n");
        if problems.len() > TOLD_MAX {
            // writing to a string cannot fail
            let _ = writeln!(told, "and {} more", problems.len() - TOLD_MAX);
        }
        Err(told)
    }
}

/// Accounts whose decisions stand in another order than their records.
fn disorder(decisions: &[Record]) -> Vec<String> {
    let mut last = BTreeMap::new();
    let mut problems = Vec::new();
    for record in decisions {
        let decision = record.json();
        let place = place_of(&decision["position"]);
        let account = decision["account"].as_str().unwrap_or_default().to_owned();
        if let Some(before) = last.insert((account, place.0), place.1)
            && before >= place.1
        {
            problems.push(format!("{place:?}: its decision stands behind that of {before}, of the same account"));
        }
    }
    problems
}

/// A decision without what differs between a file and a topic: positions are
/// numbers of records.
fn bare(decision: &Value, number: impl Fn(i64) -> i64) -> Value {
    let mut bare = decision.clone();
    let Some(keys) = bare.as_object_mut() else { return bare };
    keys.remove("position");
    if let Some(first) = keys.get_mut("repeat_of").filter(|first| first.is_object()) {
        *first = Value::from(number(offset_of(first)));
    }
    for fault in keys.get_mut("faults").and_then(Value::as_array_mut).into_iter().flatten() {
        if fault["fault"] == "id-reused"
            && let Some(detail) = fault["detail"].as_str().and_then(|detail| renumbered(detail, &number))
        {
            fault["detail"] = Value::from(detail);
        }
    }
    bare
}

/// The text that names the first record of an id, with its number in place of its offset.
fn renumbered(detail: &str, number: impl Fn(i64) -> i64) -> Option<String> {
    const AT: &str = "at offset ";
    let (before, behind) = detail.split_once(AT)?;
    let (offset, behind) = behind.split_once(' ')?;
    Some(format!("{before}{AT}{} {behind}", number(offset.parse().ok()?)))
}

fn cause(letter: &Value) -> String {
    letter["cause"].as_str().unwrap_or_else(|| panic!("a dead letter without a cause: {letter}")).to_owned()
}

fn offset_of(position: &Value) -> i64 {
    position["offset"].as_i64().unwrap_or_else(|| panic!("a position without an offset: {position}"))
}

/// Partition and offset.
fn place_of(position: &Value) -> (i64, i64) {
    let partition = position["partition"].as_i64();
    (partition.unwrap_or_else(|| panic!("a position without a partition: {position}")), offset_of(position))
}

/// Where two answers differ first.
fn difference(answer: &Answer, expected: &Answer) -> String {
    if let (Answer::Decision(Value::Object(answer)), Answer::Decision(Value::Object(expected))) = (answer, expected) {
        let differs = expected.iter().find(|(key, value)| answer.get(*key) != Some(value));
        if let Some((key, value)) = differs {
            return format!("{key} is {}, undisturbed {value}", answer.get(key).unwrap_or(&Value::Null));
        }
    }
    format!("{answer:?}, undisturbed {expected:?}")
}

#[cfg(test)]
mod tests {
    use super::{Expected, Lane, Seen};
    use crate::servers::topic::Record;
    use serde_json::{Value, json};

    /// Three records of two accounts and one that nobody can use, in one partition.
    fn expected() -> Expected {
        let lines = ["AA", "B", "AAA", "x"].map(str::to_owned);
        let decision = |account: &str, offset: i64, repeat_of: Value| {
            json!({"account": account, "outcome": "allow", "repeat_of": repeat_of, "faults": reused(offset),
                   "position": {"source": "payments", "partition": 0, "offset": offset}})
        };
        let repeated = json!({"source": "payments", "partition": 0, "offset": 0});
        let decisions = [decision("A", 0, Value::Null), decision("B", 3, Value::Null), decision("A", 5, repeated)];
        let dead = [json!({"position": {"source": "payments", "partition": 0, "offset": 9}, "cause": "not-json"})];
        Expected { lanes: vec![Lane::new(&lines, &decisions, &dead)] }
    }

    /// A fault that names a position: here that of the record itself.
    fn reused(offset: i64) -> Value {
        json!([{"fault": "id-reused", "detail": format!("used before, at offset {offset} of the same source")}])
    }

    fn decided(account: &str, offset: i64, outcome: &str, repeat_of: Value) -> Record {
        let value = json!({"account": account, "outcome": outcome, "repeat_of": repeat_of, "faults": reused(offset),
                           "position": {"source": "payments", "partition": 0, "offset": offset}});
        Record::new(account, value.to_string()).with_header("decision-id", &format!("payments/0/{offset}"))
    }

    fn seen() -> Seen {
        let repeated = json!({"source": "payments", "partition": 0, "offset": 0});
        let [first, other] = [("A", 0), ("B", 1)].map(|(account, at)| decided(account, at, "allow", Value::Null));
        let letter = json!({"position": {"source": "payments", "partition": 0, "offset": 3}, "cause": "not-json"});
        Seen {
            decisions: vec![other, first, decided("A", 2, "allow", repeated)],
            dead_letters: vec![Record::new("x", letter.to_string())],
        }
    }

    #[test]
    fn what_an_undisturbed_run_says_passes() {
        assert_eq!(expected().check(&seen()), Ok(()));
    }

    #[test]
    fn every_planted_fault_is_found() {
        type Plant = fn(&mut Seen);
        let table: [(&str, Plant); 8] = [
            ("0/1: has no decision and no dead letter", |seen| drop(seen.decisions.remove(0))),
            ("0/1: has 2 answers", |seen| seen.decisions.push(seen.decisions[0].clone())),
            ("0/3: has 2 answers", |seen| seen.decisions.push(decided("x", 3, "allow", Value::Null))),
            ("stands behind that of 2, of the same account", |seen| seen.decisions.swap(1, 2)),
            ("0/1: outcome is \"block\", undisturbed \"allow\"", |seen| {
                seen.decisions[0] = decided("B", 1, "block", Value::Null);
            }),
            ("(0, 9): was never sent", |seen| seen.decisions.push(decided("C", 9, "allow", Value::Null))),
            ("the key of its decision is not its account", |seen| seen.decisions[0].key = Some(b"A".to_vec())),
            ("its decision-id is None", |seen| seen.decisions[0].headers.clear()),
        ];
        for (problem, plant) in table {
            let mut seen = seen();
            plant(&mut seen);
            let told = expected().check(&seen).unwrap_err();
            assert!(told.contains(problem), "{problem}\nis not in\n{told}");
        }
    }
}
