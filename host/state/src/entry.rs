//! A record as the state knows it, and its journal entry.

mod codec;
#[cfg(test)]
mod tests;

pub use codec::{EntryError, change, decode, encode};
pub(crate) use codec::{encode_fill, encode_growth};

use crate::bound::Since;

/// A record on its way into the state, beside the values of its stored fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is: an index into [`crate::Layout::tenants`].
    pub tenant: u32,
    /// Where it comes from: an index into [`crate::Layout::sources`].
    pub source: u32,
    /// Whether it is judged; otherwise it is only observed.
    pub judged: bool,
    /// Event time in milliseconds since 1970.
    pub time: i64,
    /// Its offset in its source.
    pub offset: u64,
    /// Hash of its id.
    pub id: [u8; 16],
    /// Hash of the canonical values of the fields that its source declares.
    pub content: [u8; 16],
    /// Whether the id is composed of several fields: such a one is never faulted as reused.
    pub composed: bool,
}

/// What was decided: kept with the id, so that a repeat gets the first answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The outcome, as the caller counts outcomes. Of an observed record: 0.
    pub outcome: u8,
    /// The generation that decided. Of an observed record: 0.
    pub generation: u32,
}

/// What became of the events of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in the series that it belongs to.
    Kept,
    /// The tenant's bound on events refused it.
    Refused,
    /// Its id was another record's: it is no event and its id is not remembered.
    Reused,
}

/// An entry of the journal: a record with everything that was found out about it
/// when it arrived, so that a replay needs to decide nothing again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// The record.
    pub entry: Entry,
    /// The lane's clock as it stood before the record.
    pub clock: Option<i64>,
    /// What became of its events.
    pub standing: Standing,
    /// What was decided.
    pub settled: Settled,
}

/// What stands between entries: the lane keeps something else from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Entries feed other families, or have other fields.
    Growth(Growth),
    /// A family has events of before its beginning.
    Fill(Fill),
}

/// What a tenant's entries feed and hold: those behind this feed so many families of
/// its plan, and hold so many of its stored fields; those before it what there was.
/// Fewer again where they do not bring the fields for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Whose they are: an index into [`crate::Layout::tenants`].
    pub tenant: u32,
    /// How many families there are from here on.
    pub families: u32,
    /// How many stored fields there are from here on.
    pub fields: u32,
}

/// From here on a family is answered with the entries of before its beginning that
/// hold the fields which it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Whose it is: an index into [`crate::Layout::tenants`].
    pub tenant: u32,
    /// Which family of its plan.
    pub family: u32,
    /// Since when it knows all.
    pub(crate) since: Since,
}
