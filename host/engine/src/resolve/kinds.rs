//! What a value that a policy or a tenant wrote is as another kind.

use sandgate_model::{Decimal, Kind, Value};

/// The value of a condition as a field's kind reads it.
pub(super) fn of_kind(value: &Value, kind: Kind) -> Option<Value> {
    Some(match (value, kind) {
        (Value::Flag(flag), Kind::Flag) => Value::Flag(*flag),
        (Value::Integer(integer), Kind::Integer) => Value::Integer(*integer),
        (Value::Integer(integer), Kind::Number) => Value::Number(*integer as f64),
        (Value::Number(number), Kind::Number) => Value::Number(*number),
        // of a parameter, at its own scale: it fits where the digits beyond the field's are zeros
        (Value::Decimal(decimal), Kind::Decimal { scale }) => {
            Value::Decimal(Decimal::parse(&decimal.to_string(), scale).ok()?)
        }
        (Value::Decimal(decimal), Kind::Integer) => Value::Integer(Decimal::parse(&decimal.to_string(), 0).ok()?.units),
        (Value::Decimal(decimal), Kind::Number) => Value::Number(decimal.to_f64()),
        (Value::Instant(instant), Kind::Instant) => Value::Instant(*instant),
        (Value::Integer(units), Kind::Decimal { scale }) => {
            Value::Decimal(Decimal { units: *units, scale: 0 }.rescale(scale)?)
        }
        // a number of JSON keeps no more digits than a float, but these are its own
        (Value::Number(number), Kind::Decimal { scale }) => {
            Value::Decimal(Decimal::parse(&number.to_string(), scale).ok()?)
        }
        // 10.0 is written as a text, and is a whole number
        (Value::Text(text), Kind::Integer) => Value::Integer(Decimal::parse(text, 0).ok()?.units),
        (Value::Text(text), Kind::Text) => Value::Text(text.clone()),
        (Value::Text(_), Kind::Flag) => return None,
        (Value::Text(text), kind) => match Value::parse(text, kind)? {
            Value::Decimal(decimal) => Value::Decimal(decimal),
            Value::Number(number) => Value::Number(number),
            Value::Instant(instant) => Value::Instant(instant),
            _ => return None,
        },
        _ => return None,
    })
}
