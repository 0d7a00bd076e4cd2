//! What a window answers, with its texts found: what whoever keeps series tells a row.

use crate::plan::Bad;
use crate::shape::Answer;
use sandgate_model::{Decimal, Instant, Kind, Value};
use std::sync::Arc;

/// What a window answers for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// Nothing: no key, or no event where the aggregate needs one.
    Absent,
    /// A count, a sum in units, how many are distinct, a time in milliseconds, or
    /// the least or greatest of integers, decimals (units) or instants.
    Integer(i128),
    /// A mean or deviation, or the least or greatest of numbers.
    Number(f64),
    /// The newest event's value, of the operand's kind.
    Latest(Value<Arc<str>>),
    /// A field of this row that the window needs cannot be used.
    Bad(Bad),
    /// Events that the window covers were refused by a bound.
    Full,
}

impl Answered {
    /// The answer of a window whose operand is of this kind; `text` finds the texts
    /// that words of events stand for.
    pub fn of(answer: Answer, kind: Option<Kind>, text: impl Fn(u64) -> Option<Arc<str>>) -> Answered {
        match answer {
            Answer::Empty => Answered::Absent,
            Answer::Integer(integer) => Answered::Integer(integer),
            Answer::Number(number) => Answered::Number(number),
            Answer::Word(word) => {
                kind.and_then(|kind| value(word, kind, text)).map_or(Answered::Absent, Answered::Latest)
            }
        }
    }
}

/// The value that a word of an event stands for.
pub fn value(word: u64, kind: Kind, text: impl Fn(u64) -> Option<Arc<str>>) -> Option<Value<Arc<str>>> {
    let integer = word.cast_signed();
    Some(match kind {
        Kind::Flag => Value::Flag(word != 0),
        Kind::Integer => Value::Integer(integer),
        Kind::Number => Value::Number(f64::from_bits(word)),
        Kind::Decimal { scale } => Value::Decimal(Decimal { units: integer, scale }),
        Kind::Instant => Value::Instant(Instant::from_millis(integer).ok()?),
        Kind::Text => Value::Text(text(word)?),
    })
}
