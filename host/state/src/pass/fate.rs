//! What becomes of a row of a batch, as the caller sees it.

/// What the lane makes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new: its windows are read, its events added.
    New,
    /// It is new, but the tenant has reached its bound: its events are refused,
    /// and windows that would need them answer [`Full`](sandgate_window::Answered::Full).
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

/// A window reaches behind the beginning of what it is answered from: of a state that
/// began midway in its stream, or of series that are kept since then only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warming {
    /// Where the lane's clock had its first value, or the highest time that it looked at
    /// where the series began, in milliseconds; none before there is one.
    pub since: Option<i64>,
}

impl Warming {
    /// The one of two that began later.
    pub fn later(self, other: Warming) -> Warming {
        match (self.since, other.since) {
            (Some(one), Some(two)) => Warming { since: Some(one.max(two)) },
            _ => Warming { since: None },
        }
    }
}
