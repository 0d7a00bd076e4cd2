//! The inputs of one policy for one transaction: each a value, an absence or a
//! fault. They are what the policy is judged on, what its messages show and what
//! the decision records, so all three read the same cells.

use crate::circumstance::Circumstances;
use crate::decode::{self, Misread};
use crate::generation::{Binding, Column, Columns};
use crate::json;
use sandgate_model::{Fault, Kind, Value};
use sandgate_sandbox::Rows;
use sandgate_window::Why;
use sandgate_window::key::TEXT_BYTES_MAX;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// What one input is for one transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    /// There is none, and the policy can do without.
    Absent,
    /// It was found.
    Found(Value<&'a str>),
    /// There is none, and the declared default stands in.
    Defaulted(Value<&'a str>),
    /// It cannot be used.
    Bad(Bad<'a>),
}

/// Why an input cannot be used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bad<'a> {
    Missing,
    Misread(&'a Misread),
    WrongTag {
        text: &'a str,
        kind: Kind,
    },
    /// A tag that could not be looked up, where the tenant wants no default for it.
    Lost,
    Below(&'a Value),
    Above(&'a Value),
    /// A window over a field that cannot be used.
    Window(&'a Seen),
    /// A window that gives more than the input can hold.
    TooLarge(Kind),
    /// The tenant's bound on events is reached.
    Full,
    /// A shared series has more events than its bound.
    Crowded,
    /// A shared series could not be asked.
    Unasked,
}

/// What a window answers about one transaction.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Nothing: it is empty, or the transaction has no key.
    Absent,
    /// A value of the window's own kind.
    Value(Value<Arc<str>>),
    /// More than 64 bits hold.
    TooLarge,
    /// The field of this name cannot be used.
    Bad { field: Arc<str>, why: Why },
    /// Events that it covers were not taken up, for lack of room.
    Full,
    /// It covers more events of a shared series than are kept or read.
    Crowded,
    /// Its shared series could not be asked. Never an absence: that would look like no event.
    Missing,
}

/// A tag of a row, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) enum Tag {
    /// There is none, or none could be looked up and its default is to stand in.
    #[default]
    Absent,
    /// Its text.
    Text(Arc<str>),
    /// It could not be looked up, which is to be a fault.
    Lost,
}

/// What was found in a column: fields as their source declares them, tags as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet<'a> {
    pub(crate) fields: Vec<Result<Option<Value<&'a str>>, Misread>>,
    pub(crate) tags: Vec<Tag>,
    /// Windows, of which there are so many for each row.
    pub(crate) windows: Vec<Seen>,
    pub(crate) windows_each: usize,
    /// What its rows owe to the clock or to a failure.
    pub(crate) circumstances: Circumstances,
}

impl<'a> Cell<'a> {
    /// The value, if there is one.
    pub(crate) fn value(self) -> Option<Value<&'a str>> {
        match self {
            Cell::Found(value) | Cell::Defaulted(value) => Some(value),
            Cell::Absent | Cell::Bad(_) => None,
        }
    }

    /// Appends the cell to the row that crosses the contract.
    pub(crate) fn push(self, kind: Kind, rows: &mut Rows) {
        match self.value() {
            Some(value) => rows.push(value),
            None => rows.push_absent(kind),
        }
    }

    /// The fault of the policy that declared this cell's input, if it is one.
    pub(crate) fn fault(self, input: &str) -> Option<Fault> {
        match self {
            Cell::Bad(Bad::Full | Bad::Crowded) => Some(Fault::StateFull),
            Cell::Bad(bad) => Some(Fault::Input { input: input.to_owned(), detail: bad.to_string() }),
            _ => None,
        }
    }
}

impl<'a> Sheet<'a> {
    /// The cell of `binding` for the transaction in `row`.
    pub(crate) fn cell(&'a self, row: usize, columns: &Columns, binding: &'a Binding) -> Cell<'a> {
        if let Some(given) = &binding.given {
            let absent = matches!(self.field(row, columns, given.absent), Ok(Some(Value::Flag(true))));
            match self.field(row, columns, given.value) {
                Ok(None) if !absent => {}
                found => return settled(found, binding),
            }
        }
        let found = match binding.column {
            Column::Field(column) => self.field(row, columns, column),
            // whose tag it is must be known: else its default would stand in for anybody's
            Column::Tag(column) => self.field(row, columns, columns.tags[column].by).and_then(|_| {
                match &self.tags[row * columns.tags.len() + column] {
                    Tag::Text(text) => {
                        Value::parse(text, binding.kind).map(Some).ok_or(Bad::WrongTag { text, kind: binding.kind })
                    }
                    Tag::Absent => Ok(None),
                    Tag::Lost => Err(Bad::Lost),
                }
            }),
            Column::Window(window) => match &self.windows[row * self.windows_each + window] {
                Seen::Absent => Ok(None),
                Seen::Value(value) => {
                    decode::widen(value.borrowed(), binding.kind).map(Some).map_err(|_| Bad::TooLarge(binding.kind))
                }
                Seen::TooLarge => Err(Bad::TooLarge(binding.kind)),
                Seen::Full => Err(Bad::Full),
                Seen::Crowded => Err(Bad::Crowded),
                Seen::Missing => Err(Bad::Unasked),
                bad @ Seen::Bad { .. } => Err(Bad::Window(bad)),
            },
        };
        settled(found, binding)
    }

    fn field(&'a self, row: usize, columns: &Columns, column: usize) -> Result<Option<Value<&'a str>>, Bad<'a>> {
        self.fields[row * columns.fields.len() + column].as_ref().map(|value| *value).map_err(Bad::Misread)
    }
}

/// What was found, within the bounds of the input, or what stands in for it.
fn settled<'a>(found: Result<Option<Value<&'a str>>, Bad<'a>>, binding: &'a Binding) -> Cell<'a> {
    match found {
        Err(bad) => Cell::Bad(bad),
        Ok(Some(value)) => bounded(value, binding),
        Ok(None) => match &binding.default {
            Some(default) => Cell::Defaulted(default.borrowed()),
            None if binding.optional => Cell::Absent,
            None => Cell::Bad(Bad::Missing),
        },
    }
}

fn bounded<'a>(value: Value<&'a str>, binding: &'a Binding) -> Cell<'a> {
    if let Some(minimum) = &binding.minimum
        && value.order(&minimum.borrowed()) == Some(Ordering::Less)
    {
        return Cell::Bad(Bad::Below(minimum));
    }
    if let Some(maximum) = &binding.maximum
        && value.order(&maximum.borrowed()) == Some(Ordering::Greater)
    {
        return Cell::Bad(Bad::Above(maximum));
    }
    Cell::Found(value)
}

/// What a person reads behind the name of the input.
impl fmt::Display for Bad<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Missing => f.write_str("is required and absent"),
            Bad::Misread(misread) => misread.fmt(f),
            Bad::WrongTag { text, kind } => {
                let shown: String = text.chars().take(64).collect();
                write!(f, "is a tag with the value {shown:?}, which is no {kind}")
            }
            Bad::Lost => f.write_str("is a tag that could not be looked up"),
            Bad::Below(bound) => write!(f, "is below its minimum of {}", text(bound)),
            Bad::Above(bound) => write!(f, "is above its maximum of {}", text(bound)),
            Bad::Window(seen) => seen.fmt(f),
            Bad::TooLarge(kind) => write!(f, "is more than a {kind} can hold"),
            Bad::Full => f.write_str("needs events that were not taken up: the tenant's bound on events is reached"),
            Bad::Crowded => f.write_str("needs more events than are kept of a shared series"),
            Bad::Unasked => f.write_str("needs a shared series, which could not be asked"),
        }
    }
}

/// What is wrong with a window.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Bad { field, why: Why::Misread } => {
                write!(f, "is a window over field `{field}`, which is of another kind here")
            }
            Seen::Bad { field, why: Why::TooLong { bytes } } => {
                write!(
                    f,
                    "is a window over field `{field}`, whose {bytes} bytes are more than the {TEXT_BYTES_MAX} of an event"
                )
            }
            _ => f.write_str("is a window"),
        }
    }
}

/// A bound as decisions print it.
fn text(bound: &Value) -> String {
    let mut out = Vec::new();
    json::value(&mut out, bound.borrowed());
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Bad, Cell, Sheet, Tag};
    use crate::decode::Misread;
    use crate::generation::{Binding, Column, Columns, TagColumn};
    use sandgate_model::{Kind, Value};

    #[test]
    fn a_tag_of_whom_nobody_can_tell_is_a_fault_and_never_its_default() {
        let tag = TagColumn { entity: "device".to_owned(), attribute: "blocked".to_owned(), by: 0 };
        let columns = Columns { fields: vec![(0, Kind::Text)], tags: vec![tag], seats: Vec::new() };
        let binding = Binding {
            column: Column::Tag(0),
            kind: Kind::Flag,
            optional: true,
            default: Some(Value::Flag(false)),
            minimum: None,
            maximum: None,
            given: None,
        };
        let sheet = |field| Sheet { fields: vec![field], tags: vec![Tag::Absent], ..Sheet::default() };
        let unreadable = sheet(Err(Misread::Kind { found: "a number", wanted: "text" }));
        assert!(matches!(unreadable.cell(0, &columns, &binding), Cell::Bad(Bad::Misread(_))));
        for known in [Ok(Some(Value::Text("d-1"))), Ok(None)] {
            let known = sheet(known);
            assert!(matches!(known.cell(0, &columns, &binding), Cell::Defaulted(Value::Flag(false))));
        }
    }
}
