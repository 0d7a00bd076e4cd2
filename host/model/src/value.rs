//! A value of one of the kinds, with its text owned or borrowed.

use crate::{Decimal, Instant, Kind};
use std::cmp::Ordering;
use std::fmt;

/// A value. `Value<&str>` borrows its text and is `Copy`, for the hot path;
/// `Value<String>` owns it, for parameters and defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<T = String> {
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Number`]; never NaN or infinite.
    Number(f64),
    /// Of [`Kind::Decimal`].
    Decimal(Decimal),
    /// Of [`Kind::Text`].
    Text(T),
    /// Of [`Kind::Instant`].
    Instant(Instant),
}

impl<'a> Value<&'a str> {
    /// A text as a value of a kind: whole numbers as digits, decimals at the scale,
    /// instants as RFC 3339, flags as `true` and `false`. `None` where it is none.
    pub fn parse(text: &'a str, kind: Kind) -> Option<Value<&'a str>> {
        Some(match kind {
            Kind::Text => Value::Text(text),
            Kind::Integer => Value::Integer(text.parse().ok()?),
            Kind::Decimal { scale } => Value::Decimal(Decimal::parse(text, scale).ok()?),
            Kind::Number => Value::Number(text.parse().ok().filter(|number: &f64| number.is_finite())?),
            Kind::Flag => Value::Flag(text.parse().ok()?),
            Kind::Instant => Value::Instant(Instant::parse_rfc3339(text).ok()?),
        })
    }
}

impl<T: AsRef<str>> Value<T> {
    /// The kind of this value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Flag(_) => Kind::Flag,
            Value::Integer(_) => Kind::Integer,
            Value::Number(_) => Kind::Number,
            Value::Decimal(decimal) => Kind::Decimal { scale: decimal.scale },
            Value::Text(_) => Kind::Text,
            Value::Instant(_) => Kind::Instant,
        }
    }

    /// The same value with its text borrowed.
    pub fn borrowed(&self) -> Value<&str> {
        match self {
            Value::Flag(flag) => Value::Flag(*flag),
            Value::Integer(integer) => Value::Integer(*integer),
            Value::Number(number) => Value::Number(*number),
            Value::Decimal(decimal) => Value::Decimal(*decimal),
            Value::Text(text) => Value::Text(text.as_ref()),
            Value::Instant(instant) => Value::Instant(*instant),
        }
    }

    /// The order of two values of one kind that has an order; flags, texts and
    /// values of different kinds have none.
    pub fn order<U: AsRef<str>>(&self, other: &Value<U>) -> Option<Ordering> {
        match (self, other) {
            (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
            (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
            (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
            (Value::Instant(left), Value::Instant(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// As messages and problems show it: texts in quotes.
impl<T: AsRef<str>> fmt::Display for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::Integer(integer) => write!(f, "{integer}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Decimal(decimal) => write!(f, "{decimal}"),
            Value::Text(text) => write!(f, "{:?}", text.as_ref()),
            Value::Instant(instant) => write!(f, "{instant}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;
    use crate::Kind;

    #[test]
    fn a_text_is_read_as_a_kind_or_not_at_all() {
        let table: &[(&str, Kind, bool)] = &[
            ("3", Kind::Integer, true),
            ("3.0", Kind::Integer, false),
            ("three", Kind::Integer, false),
            ("3.50", Kind::Decimal { scale: 2 }, true),
            ("3.505", Kind::Decimal { scale: 2 }, false),
            ("NaN", Kind::Number, false),
            ("true", Kind::Flag, true),
            ("yes", Kind::Flag, false),
            ("2026-01-01T00:00:00Z", Kind::Instant, true),
            ("", Kind::Text, true),
        ];
        for (text, kind, readable) in table {
            let read = Value::parse(text, *kind);
            assert_eq!(read.map(|value| value.kind()), readable.then_some(*kind), "{text} as {kind}");
        }
    }
}
