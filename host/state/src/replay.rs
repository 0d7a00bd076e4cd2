//! What the durable side asks of whoever knows what an entry is: to the journal
//! entries are bytes, end to end, in the order of the lane.

use crate::failure::Failure;
use std::path::Path;

/// Takes back what was stored, in the order in which it was committed.
///
/// With a snapshot: once [`front`](Restore::front), then
/// [`kept`](Restore::kept) for its entries. After that, or without one from the
/// beginning: [`entries`](Restore::entries) for the commits.
pub trait Restore {
    /// The front as it stood where the snapshot was taken: the clock and its
    /// ring, the counts.
    ///
    /// # Errors
    /// Where it is none.
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed>;

    /// Entries that were kept by the snapshot: they are behind the front, which
    /// they do not move. Returns how many they are.
    ///
    /// # Errors
    /// Where they are none.
    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed>;

    /// The entries of one or more commits, which move the front as they did when
    /// they were decided. Returns how many they are.
    ///
    /// # Errors
    /// Where they are none.
    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed>;
}

/// Says which entries still matter, seen from a front.
pub trait Sieve: Send {
    /// Appends to `kept` what must stay of some entries, whole or shortened, in
    /// their order. Returns how many entries that are.
    ///
    /// # Errors
    /// Where they are none.
    fn keep(&mut self, entries: &[u8], kept: &mut Vec<u8>) -> Result<u64, Malformed>;
}

/// Bytes that passed their checksum and are no entries, or no front.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Malformed {
    /// What is wrong with them: `holds an entry that is cut off`.
    pub what: String,
    /// Whether they were only written where more was known of what may grow, so that
    /// who learns that reads them.
    pub ahead: bool,
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Entries restored.
    pub entries: u64,
    /// Bytes read of the files.
    pub bytes: u64,
    /// Bytes that there are.
    pub total: u64,
}

/// One part of what is stored, on its way out.
pub(crate) enum Part<'a> {
    /// The front of a snapshot.
    Front(&'a [u8]),
    /// Entries that a snapshot keeps.
    Kept(&'a [u8]),
    /// The entries of one or more commits.
    Commits(&'a [u8]),
}

/// Why a part was not taken.
pub(crate) enum NotTaken {
    /// It is not what it should be.
    Malformed(Malformed),
    /// It could not be passed on.
    Failure(Failure),
}

impl Part<'_> {
    /// Gives it to whoever restores.
    pub(crate) fn give(self, restore: &mut dyn Restore) -> Result<u64, NotTaken> {
        let entries = match self {
            Part::Front(front) => restore.front(front).map(|()| 0),
            Part::Kept(entries) => restore.kept(entries),
            Part::Commits(entries) => restore.entries(entries),
        };
        Ok(entries?)
    }
}

impl From<Malformed> for NotTaken {
    fn from(malformed: Malformed) -> NotTaken {
        NotTaken::Malformed(malformed)
    }
}

impl From<Failure> for NotTaken {
    fn from(failure: Failure) -> NotTaken {
        NotTaken::Failure(failure)
    }
}

impl NotTaken {
    /// What it means for the file that the part is from.
    pub(crate) fn at(self, file: &Path, offset: u64) -> Failure {
        match self {
            NotTaken::Malformed(malformed) => Failure::damage(file, offset, malformed.what),
            NotTaken::Failure(failure) => failure,
        }
    }
}

/// Takes parts, and says how many entries each had.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Part<'_>) -> Result<u64, NotTaken>;

/// Takes entries with the offset behind them in their file.
pub(crate) type TakeEntries<'a> = &'a mut dyn FnMut(&[u8], u64) -> Result<(), NotTaken>;
