//! The values that the words of events stand for.

use crate::layout::{FamilyOf, OperandOf};
use crate::texts::Texts;
use sandgate_model::Value;
use sandgate_window::{Event, value};
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
            operand.kind.filter(|_| is_there).and_then(|kind| value(*word, kind, |id| texts.get(id).cloned()))
        };
        let words = event.words.iter().zip(&family.operands).map(word).collect();
        KeptEvent { time: event.time, classes: event.classes, words }
    }
}
