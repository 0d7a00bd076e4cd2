//! The values that the words of events stand for.

use crate::layout::{FamilyOf, OperandOf, WindowOf};
use crate::pass::Answered;
use crate::texts::Texts;
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::{Answer, Event};
use std::sync::Arc;

/// What is kept of one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptSeries {
    /// The events that are kept as such, oldest first.
    pub events: Vec<KeptEvent>,
    /// How many older ones are kept in sums only, where all windows that reach them
    /// have a resolution.
    pub summed_up: u64,
}

/// An event that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptEvent {
    /// Event time in milliseconds since 1970.
    pub time: i64,
    /// The classes that it belongs to, a bit each.
    pub classes: u64,
    /// Its operands, as the family's shape counts them; `None` where it has none
    /// that a window would read.
    pub words: Vec<Option<Value<Arc<str>>>>,
}

impl KeptEvent {
    pub(super) fn of(event: Event<'_>, family: &FamilyOf, texts: &Texts) -> KeptEvent {
        let word = |(word, operand): (&u64, &OperandOf)| {
            let is_there = operand.classes & event.classes != 0;
            operand.kind.filter(|_| is_there).and_then(|kind| value(*word, kind, texts))
        };
        let words = event.words.iter().zip(&family.operands).map(word).collect();
        KeptEvent { time: event.time, classes: event.classes, words }
    }
}

/// What a window answers, with its texts found.
pub(super) fn answered(answer: Answer, window: &WindowOf, texts: &Texts) -> Answered {
    match answer {
        Answer::Empty => Answered::Absent,
        Answer::Integer(integer) => Answered::Integer(integer),
        Answer::Number(number) => Answered::Number(number),
        Answer::Word(word) => {
            window.kind.and_then(|kind| value(word, kind, texts)).map_or(Answered::Absent, Answered::Latest)
        }
    }
}

/// The value that a word of an event stands for.
fn value(word: u64, kind: Kind, texts: &Texts) -> Option<Value<Arc<str>>> {
    let integer = word.cast_signed();
    Some(match kind {
        Kind::Flag => Value::Flag(word != 0),
        Kind::Integer => Value::Integer(integer),
        Kind::Number => Value::Number(f64::from_bits(word)),
        Kind::Decimal { scale } => Value::Decimal(Decimal { units: integer, scale }),
        Kind::Instant => Value::Instant(Instant::from_millis(integer).ok()?),
        Kind::Text => Value::Text(texts.get(word)?.clone()),
    })
}
