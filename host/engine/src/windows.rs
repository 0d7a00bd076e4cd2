//! Between a batch and the state of its lane: what a record's event holds, and
//! what the windows of a row answer.

use crate::cells::Seen;
use crate::decode::Transaction;
use crate::generation::Windows;
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_state::{Answered, Pass, Warming};
use sandgate_window::{Cell, Part};
use std::sync::Arc;

impl Windows {
    /// The stored fields of a record of that source.
    pub(crate) fn cells<'a>(&self, source: usize, transaction: &Transaction<'a>, out: &mut Vec<Cell<'a>>) {
        out.clear();
        for (field, (_, kind)) in self.fields[source].iter().zip(&self.base.stored) {
            out.push(match field.map(|field| transaction.value(field, *kind)) {
                None | Some(Ok(None)) => Cell::Absent,
                Some(Ok(Some(value))) => Cell::Value(value),
                Some(Err(_)) => Cell::Misread,
            });
        }
    }

    /// Whether a window that the set's policies read reaches behind the beginning of
    /// its series; of several the one that began last.
    pub(crate) fn warming(&self, pass: &Pass<'_>, row: usize) -> Option<Warming> {
        pass.warming(row)?;
        let here = self.read.iter().filter_map(|window| match self.apart.as_ref() {
            None => Some(*window),
            Some(apart) => match apart.parts.get(*window) {
                Some(Part::Here(window)) => Some(*window),
                _ => None,
            },
        });
        here.filter_map(|window| pass.warming_of(row, window)).reduce(Warming::later)
    }

    /// What a window whose answers are of this kind answered.
    pub(crate) fn seen(&self, answered: &Answered, kind: Kind) -> Seen {
        match answered {
            Answered::Absent => Seen::Absent,
            Answered::Integer(integer) => i64::try_from(*integer)
                .ok()
                .and_then(|integer| of_integer(integer, kind))
                .map_or(Seen::TooLarge, Seen::Value),
            Answered::Number(number) => Seen::Value(Value::Number(*number)),
            Answered::Latest(value) => Seen::Value(value.clone()),
            Answered::Bad(bad) => {
                let field = self.base.stored.get(bad.field).map_or("", |(name, _)| name.as_str());
                Seen::Bad { field: Arc::from(field), why: bad.why }
            }
            Answered::Full => Seen::Full,
        }
    }
}

/// The whole number of a window as a value of the window's kind.
fn of_integer(integer: i64, kind: Kind) -> Option<Value<Arc<str>>> {
    Some(match kind {
        Kind::Decimal { scale } => Value::Decimal(Decimal { units: integer, scale }),
        Kind::Instant => Value::Instant(Instant::from_millis(integer).ok()?),
        Kind::Flag => Value::Flag(integer != 0),
        _ => Value::Integer(integer),
    })
}
