//! Values as whole numbers in their own order, so that one can step from a value
//! to the next, halve the way between two, and find a threshold exactly.
//!
//! One unit is the smallest step of a kind: 1 of an integer, one unit of a
//! decimal's scale, a millisecond of an instant, the next float of a number.

use sandgate_model::{Decimal, Instant, Kind, Value};

/// Where a value stands in the order of its kind; a text stands nowhere.
pub(crate) fn rank(value: &Value) -> Option<i64> {
    match value {
        Value::Flag(flag) => Some(i64::from(*flag)),
        Value::Integer(integer) => Some(*integer),
        Value::Decimal(decimal) => Some(decimal.units),
        Value::Instant(instant) => Some(instant.millis()),
        Value::Number(number) => Some(folded(number.to_bits() as i64)),
        Value::Text(_) => None,
    }
}

/// The value that stands there, if the kind has one.
pub(crate) fn ranked(kind: Kind, rank: i64) -> Option<Value> {
    Some(match kind {
        Kind::Flag => Value::Flag(match rank {
            0 => false,
            1 => true,
            _ => return None,
        }),
        Kind::Integer => Value::Integer(rank),
        Kind::Decimal { scale } => Value::Decimal(Decimal { units: rank, scale }),
        Kind::Instant => Value::Instant(Instant::from_millis(rank).ok()?),
        Kind::Number => Value::Number(Some(f64::from_bits(folded(rank) as u64)).filter(|number| number.is_finite())?),
        Kind::Text => return None,
    })
}

/// From the bits of a float to its place and back: floats below zero are stored
/// as sign and size, which turns their order round. Both zeros have place 0.
fn folded(bits: i64) -> i64 {
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

/// The same amount in another kind, cut off towards zero where it is finer;
/// nothing where there is no such value.
pub(crate) fn converted(value: &Value, kind: Kind) -> Option<Value> {
    let number = match value {
        Value::Integer(integer) => *integer as f64,
        Value::Decimal(decimal) => decimal.to_f64(),
        Value::Number(number) => *number,
        same => return Some(same.clone()).filter(|same| same.kind() == kind),
    };
    match (value, kind) {
        (same, kind) if same.kind() == kind => Some(same.clone()),
        (_, Kind::Number) => Some(Value::Number(number)),
        (Value::Decimal(decimal), Kind::Integer) => {
            Some(Value::Integer(decimal.units / 10i64.pow(u32::from(decimal.scale))))
        }
        (Value::Integer(integer), Kind::Decimal { scale }) => {
            Some(Value::Decimal(Decimal { units: *integer, scale: 0 }.rescale(scale)?))
        }
        (Value::Decimal(decimal), Kind::Decimal { scale }) => Some(Value::Decimal(match decimal.rescale(scale) {
            Some(decimal) => decimal,
            None => {
                let finer = decimal.scale.checked_sub(scale)?;
                Decimal { units: decimal.units / 10i64.pow(u32::from(finer)), scale }
            }
        })),
        (Value::Number(_), Kind::Integer | Kind::Decimal { .. }) => {
            let scale = if let Kind::Decimal { scale } = kind { scale } else { 0 };
            let units = number * 10f64.powi(i32::from(scale));
            // floats beyond this are no whole numbers of 64 bits
            if units.abs() < 9e18 { ranked(kind, units as i64) } else { None }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{converted, rank, ranked};
    use sandgate_model::{Decimal, Kind, Value};

    #[test]
    fn numbers_stand_in_their_order_and_come_back() {
        let rising = [f64::MIN, -1.5, -1.0, -f64::MIN_POSITIVE, 0.0, f64::MIN_POSITIVE, 0.7, 1.0, f64::MAX];
        let ranks: Vec<i64> = rising.iter().filter_map(|number| rank(&Value::Number(*number))).collect();
        assert!(ranks.is_sorted_by(|left, right| left < right), "{ranks:?}");
        for (number, rank) in rising.into_iter().zip(ranks) {
            assert_eq!(ranked(Kind::Number, rank), Some(Value::Number(number)));
            let next = ranked(Kind::Number, rank + 1);
            assert_eq!(next, Some(number.next_up()).filter(|next| next.is_finite()).map(Value::Number));
        }
        assert_eq!(rank(&Value::Number(-0.0)), Some(0));
    }

    #[test]
    fn an_amount_is_the_same_in_every_kind_that_can_hold_it() {
        let decimal = |units, scale| Value::Decimal(Decimal { units, scale });
        let table = [
            (Value::Integer(3), Kind::Decimal { scale: 2 }, Some(decimal(300, 2))),
            (Value::Integer(i64::MAX), Kind::Decimal { scale: 2 }, None),
            (decimal(1250, 2), Kind::Decimal { scale: 4 }, Some(decimal(125_000, 4))),
            (decimal(1250, 2), Kind::Decimal { scale: 1 }, Some(decimal(125, 1))),
            (decimal(1250, 2), Kind::Integer, Some(Value::Integer(12))),
            (decimal(1250, 2), Kind::Number, Some(Value::Number(12.5))),
            (Value::Number(0.5), Kind::Decimal { scale: 1 }, Some(decimal(5, 1))),
            (Value::Number(1e300), Kind::Integer, None),
            (Value::Flag(true), Kind::Integer, None),
            (Value::Text("3".into()), Kind::Integer, None),
        ];
        for (value, kind, expected) in table {
            assert_eq!(converted(&value, kind), expected, "{value} as {kind}");
        }
    }
}
