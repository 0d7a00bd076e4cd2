//! Filling in what came as what is expected: a case is kept as it was written,
//! besides the values of `expect`.

use super::expect::{Expect, Score};
use super::run::Came;
use super::{Case, Ran};
use crate::decided::{Decided, Seen};
use sandgate_model::{Manifest, Value as Of};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// Why a case cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlessError {
    /// It changed since it was read.
    #[error("the file is not what was run; run it again")]
    Changed,
}

/// The text of a case with what came of it as what it expects. A step that
/// expects something goes on expecting that and gets the new values; where no
/// step does, every one gets outcome, reasons, and score or fault.
///
/// # Errors
/// Where the text is not that of the case.
pub fn bless(text: &str, case: &Case, ran: &Ran, manifest: &Manifest) -> Result<String, BlessError> {
    let mut document: DocumentMut = text.parse().map_err(|_| BlessError::Changed)?;
    let steps = steps(&mut document).ok_or(BlessError::Changed)?;
    if steps.len() != case.steps.len() {
        return Err(BlessError::Changed);
    }
    let all = !case.expects();
    for ((table, step), came) in steps.into_iter().zip(&case.steps).zip(&ran.steps) {
        let expect = match (&step.expect, all) {
            (Some(expect), _) => expect,
            (None, true) => &Expect::default(),
            (None, false) => continue,
        };
        let entry = table.entry("expect").or_insert_with(|| Item::Value(InlineTable::new().into()));
        let Some(expected) = entry.as_table_like_mut() else { return Err(BlessError::Changed) };
        match came {
            Came::Observed => {}
            Came::DeadLetter(cause, _) => {
                // what is expected of a decision is expected of none
                let others: Vec<String> = expected.iter().map(|(name, _)| name.to_owned()).collect();
                others.iter().filter(|name| *name != "dead_letter").for_each(|name| drop(expected.remove(name)));
                put(expected, "dead_letter", cause.as_str());
            }
            Came::Decided(decided) => fill(expected, expect, decided, manifest),
        }
        if expected.is_empty() {
            table.remove("expect");
        }
    }
    Ok(document.to_string())
}

fn steps(document: &mut DocumentMut) -> Option<Vec<&mut dyn TableLike>> {
    match document.get_mut("step")? {
        Item::ArrayOfTables(tables) => Some(tables.iter_mut().map(|table: &mut Table| table as _).collect()),
        Item::Value(Value::Array(array)) => {
            array.iter_mut().map(|value| value.as_inline_table_mut().map(|table| table as _)).collect()
        }
        _ => None,
    }
}

fn fill(expected: &mut dyn TableLike, expect: &Expect, decided: &Decided, manifest: &Manifest) {
    expected.remove("dead_letter");
    let new = expected.is_empty();
    if new || expect.outcome.is_some() {
        put(expected, "outcome", decided.outcome.as_str());
    }
    if new || expect.reasons.is_some() {
        put(expected, "reasons", Array::from_iter(decided.reasons.iter().map(|(code, _)| code.as_str())));
    }
    match (expect.score, decided.score) {
        (Some(Score::Within(least, most)), Some(score)) if (least..=most).contains(&score) => {}
        (None, _) if !new => {}
        (_, Some(score)) => put(expected, "score", score),
        (_, None) => drop(expected.remove("score")),
    }
    match &decided.fault {
        Some((word, _)) => put(expected, "fault", word.as_str()),
        None => drop(expected.remove("fault")),
    }
    let messages =
        expect.messages.iter().filter_map(|(code, _)| decided.reasons.iter().find(|(other, _)| other == code));
    let messages: Vec<(&str, Value)> = messages.map(|(code, text)| (code.as_str(), text.as_str().into())).collect();
    table(expected, "messages", &messages, expect.messages.is_empty());
    let named = || expect.inputs.iter().map(|(name, _)| name).chain(&expect.absent);
    let (mut values, mut absent) = (Vec::new(), Array::new());
    for name in named() {
        let at = manifest.inputs.iter().position(|input| input.name == *name);
        match at.map(|at| &decided.inputs[at]) {
            Some(Seen::Value(value)) => values.push((name.as_str(), toml_of(value))),
            Some(Seen::Absent) => absent.push(name.as_str()),
            _ => {}
        }
    }
    table(expected, "inputs", &values, expect.inputs.is_empty() && values.is_empty());
    match absent.is_empty() {
        true => drop(expected.remove("absent")),
        false => put(expected, "absent", absent),
    }
}

/// Puts a value in the place of the one that is there, with its spaces and comments.
fn put(table: &mut dyn TableLike, name: &str, value: impl Into<Value>) {
    let mut value = value.into();
    if let Some(Item::Value(old)) = table.get(name) {
        *value.decor_mut() = old.decor().clone();
    }
    table.insert(name, Item::Value(value));
}

fn table(expected: &mut dyn TableLike, name: &str, members: &[(&str, Value)], left_alone: bool) {
    if left_alone {
        return;
    }
    expected.remove(name);
    if !members.is_empty() {
        put(expected, name, InlineTable::from_iter(members.iter().map(|(name, value)| (*name, value.clone()))));
    }
}

/// A value as an author writes it.
fn toml_of(value: &Of) -> Value {
    match value {
        Of::Flag(flag) => (*flag).into(),
        Of::Integer(integer) => (*integer).into(),
        Of::Number(number) => (*number).into(),
        Of::Text(text) => text.as_str().into(),
        Of::Decimal(decimal) => decimal.to_string().into(),
        Of::Instant(instant) => instant.to_string().into(),
    }
}
