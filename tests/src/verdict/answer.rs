//! An answer to a position, without what differs between a file and a topic.

use serde_json::Value;
use std::fmt;

/// Where a record stood: shown as the `decision-id` of its decision.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The name of its source.
    pub source: String,
    /// Its partition.
    pub partition: i64,
    /// Its number in the partition.
    pub offset: i64,
}

impl Place {
    /// The place of a position.
    ///
    /// # Panics
    /// Where it is none.
    pub fn of(position: &Value) -> Place {
        let partition = position["partition"].as_i64();
        Place {
            source: position["source"].as_str().unwrap_or_default().to_owned(),
            partition: partition.unwrap_or_else(|| panic!("a position without a partition: {position}")),
            offset: offset_of(position),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source, self.partition, self.offset)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// Without its position; `repeat_of` is the number of a record.
    Decision(Value),
    /// Its cause.
    DeadLetter(String),
}

/// A decision without what differs between a file and a topic: positions are
/// numbers of records.
pub(super) fn bare(decision: &Value, unsaid: &[&str], number: impl Fn(i64) -> i64) -> Value {
    let mut bare = decision.clone();
    let Some(keys) = bare.as_object_mut() else { return bare };
    keys.remove("position");
    for key in unsaid {
        keys.remove(*key);
    }
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

/// The place of the first record of a repeat's id, which came from the same source.
pub(super) fn first_of(decision: &Value, repeat: &Place) -> Option<Place> {
    Some(Place { offset: decision["repeat_of"].as_i64()?, ..repeat.clone() })
}

/// The text that names the first record of an id, with its number in place of its offset.
fn renumbered(detail: &str, number: impl Fn(i64) -> i64) -> Option<String> {
    const AT: &str = "at offset ";
    let (before, behind) = detail.split_once(AT)?;
    let (offset, behind) = behind.split_once(' ')?;
    Some(format!("{before}{AT}{} {behind}", number(offset.parse().ok()?)))
}

pub(super) fn cause(letter: &Value) -> String {
    letter["cause"].as_str().unwrap_or_else(|| panic!("a dead letter without a cause: {letter}")).to_owned()
}

fn offset_of(position: &Value) -> i64 {
    position["offset"].as_i64().unwrap_or_else(|| panic!("a position without an offset: {position}"))
}

/// Where two answers differ first.
pub(super) fn difference(answer: &Answer, expected: &Answer) -> String {
    if let (Answer::Decision(Value::Object(answer)), Answer::Decision(Value::Object(expected))) = (answer, expected) {
        let differs = expected.iter().find(|(key, value)| answer.get(*key) != Some(value));
        if let Some((key, value)) = differs {
            return format!("{key} is {}, undisturbed {value}", answer.get(key).unwrap_or(&Value::Null));
        }
    }
    format!("{answer:?}, undisturbed {expected:?}")
}
