//! A value of one of the kinds, with its text owned or borrowed.

use crate::{Decimal, Instant, Kind};

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

    /// The same value with its text owned.
    pub fn owned(&self) -> Value {
        match self.borrowed() {
            Value::Flag(flag) => Value::Flag(flag),
            Value::Integer(integer) => Value::Integer(integer),
            Value::Number(number) => Value::Number(number),
            Value::Decimal(decimal) => Value::Decimal(decimal),
            Value::Text(text) => Value::Text(text.to_owned()),
            Value::Instant(instant) => Value::Instant(instant),
        }
    }
}
