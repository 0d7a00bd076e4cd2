//! Conditions of windows, made quick to ask.
//!
//! A condition is asked of every record, so its values are sorted once, and kinds
//! with an order become whole numbers.

use super::Cell;
use sandgate_model::manifest::Test;
use sandgate_model::{Kind, Value};

/// A condition, and the classes that ask it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) field: usize,
    pub(super) kind: Kind,
    pub(super) check: Check,
    pub(super) classes: u64,
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Check {
    /// Whether it is among these, sorted, or among none of them.
    Words {
        among: Vec<i64>,
        negated: bool,
    },
    Numbers {
        among: Vec<f64>,
        negated: bool,
    },
    Texts {
        among: Vec<Box<str>>,
        negated: bool,
    },
    /// Whether it is this or more, or less.
    WordAtLeast {
        least: i64,
        negated: bool,
    },
    NumberAtLeast {
        least: f64,
        negated: bool,
    },
}

/// What a condition says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Yes,
    No,
    /// The field cannot be read.
    Misread,
}

impl Check {
    /// The test of a field of this kind; `None` if a value of it is of another kind.
    pub(super) fn of(test: &Test, kind: Kind) -> Option<Check> {
        match test {
            Test::AnyOf(values) => Check::among(values, kind, false),
            Test::NoneOf(values) => Check::among(values, kind, true),
            Test::AtLeast(value) => Check::at_least(value, kind, false),
            Test::Below(value) => Check::at_least(value, kind, true),
            // whoever knows the tenant's settings puts them in first
            Test::Set(..) => None,
        }
    }

    fn among(values: &[Value], kind: Kind, negated: bool) -> Option<Check> {
        let values = values.iter().map(Value::borrowed);
        Some(match kind {
            Kind::Text => {
                let among = values.map(|value| if let Value::Text(text) = value { Some(text.into()) } else { None });
                let mut among: Vec<Box<str>> = among.collect::<Option<_>>()?;
                among.sort_unstable();
                among.dedup();
                Check::Texts { among, negated }
            }
            Kind::Number => {
                let among = values.map(|value| if let Value::Number(number) = value { Some(number) } else { None });
                let mut among: Vec<f64> = among.collect::<Option<_>>()?;
                among.sort_unstable_by(f64::total_cmp);
                among.dedup();
                Check::Numbers { among, negated }
            }
            kind => {
                let mut among: Vec<i64> = values.map(|value| word(value, kind)).collect::<Option<_>>()?;
                among.sort_unstable();
                among.dedup();
                Check::Words { among, negated }
            }
        })
    }

    fn at_least(value: &Value, kind: Kind, negated: bool) -> Option<Check> {
        match (kind, value) {
            (Kind::Number, Value::Number(least)) => Some(Check::NumberAtLeast { least: *least, negated }),
            // neither has an order
            (Kind::Flag | Kind::Text | Kind::Number, _) => None,
            (kind, value) => word(value.borrowed(), kind).map(|least| Check::WordAtLeast { least, negated }),
        }
    }

    /// Asks a value; `None` if it is of another kind than the field.
    fn holds(&self, value: Value<&str>, kind: Kind) -> Option<bool> {
        let (holds, negated) = match (self, value) {
            (Check::Texts { among, negated }, Value::Text(text)) => {
                (among.binary_search_by(|known| known.as_ref().cmp(text)).is_ok(), negated)
            }
            // not searched: zero is equal to its negative, and they are few
            (Check::Numbers { among, negated }, Value::Number(number)) => (among.contains(&number), negated),
            (Check::NumberAtLeast { least, negated }, Value::Number(number)) => (number >= *least, negated),
            (Check::Words { among, negated }, value) => (among.binary_search(&word(value, kind)?).is_ok(), negated),
            (Check::WordAtLeast { least, negated }, value) => (word(value, kind)? >= *least, negated),
            _ => return None,
        };
        Some(holds != *negated)
    }

    /// Whether it holds of a field that is absent: that is none of any values, and nothing else.
    fn holds_of_nothing(&self) -> bool {
        use Check::{Numbers, Texts, Words};
        matches!(self, Words { negated: true, .. } | Numbers { negated: true, .. } | Texts { negated: true, .. })
    }
}

impl Condition {
    /// Asks a record, by its cell of the condition's field.
    pub(super) fn ask(&self, cell: Cell<'_>) -> Said {
        let holds = match cell {
            Cell::Absent => Some(self.check.holds_of_nothing()),
            Cell::Misread => None,
            Cell::Value(value) => self.check.holds(value, self.kind),
        };
        match holds {
            Some(true) => Said::Yes,
            Some(false) => Said::No,
            None => Said::Misread,
        }
    }
}

/// The whole number that a value is, if it is of this kind: the integer, the units,
/// the milliseconds, 0 or 1.
pub(super) fn word(value: Value<&str>, kind: Kind) -> Option<i64> {
    match (value, kind) {
        (Value::Flag(flag), Kind::Flag) => Some(i64::from(flag)),
        (Value::Integer(integer), Kind::Integer) => Some(integer),
        (Value::Decimal(decimal), Kind::Decimal { scale }) if decimal.scale == scale => Some(decimal.units),
        (Value::Instant(instant), Kind::Instant) => Some(instant.millis()),
        _ => None,
    }
}
