//! What becomes of a row of a batch, as the caller sees it.

use sandgate_model::Value;
use sandgate_window::Bad;
use std::sync::Arc;

/// What the lane makes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new: its windows are read, its events added.
    New,
    /// It is new, but the tenant has reached its bound: its events are refused,
    /// and windows that would need them answer [`Answered::Full`].
    Full,
    /// The same record came before: the first one's answer stands, and nothing is added.
    Repeat(Repeat),
    /// Another record of this id came before; nothing is added.
    Reused {
        /// Where that record was in the same source.
        offset: u64,
    },
}

/// The first record of an id, as a repeat of it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Where the first one was in the same source.
    pub offset: u64,
    pub(crate) table: usize,
    pub(crate) number: u64,
}

/// How late a record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// The lane's clock as it stood before the record.
    pub clock: i64,
    /// The oldest time that would not have been late: the clock less the lateness.
    pub horizon: i64,
}

/// A window reaches behind the beginning of a state that began midway in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warming {
    /// The first value of the lane's clock, in milliseconds; none before it has one.
    pub since: Option<i64>,
}

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
    /// Events that the window covers were refused by the tenant's bound.
    Full,
}
