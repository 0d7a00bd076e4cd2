//! The journal of a lane: its record is the commit.

use crate::failure::Failure;
use crate::position::Position;
use crate::replay::Sieve;

/// An open journal. It may be moved to a thread that commits.
pub struct Journal {}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk did not take it. What was committed before is safe; whether this
    /// one is there is found out when the lane is opened again.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// An earlier one failed, so nobody knows any more what the file holds:
    /// open the lane again.
    #[error("the journal takes no more commits after one that failed; run the same command again")]
    Stopped,
    /// It is larger than a frame can be.
    #[error("a commit of {bytes} bytes is larger than the {most} that the journal takes; commit more often")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The largest.
        most: u64,
    },
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the files that were replaced.
    pub before: u64,
    /// Bytes of the snapshot that replaces them.
    pub after: u64,
    /// Entries that it keeps.
    pub entries: u64,
}

impl Journal {
    /// Writes entries and the position behind them, and returns when the disk
    /// has both. Output and dead letters must be synced before.
    ///
    /// # Errors
    /// Where it cannot be written; the journal then takes no more.
    pub fn commit(&mut self, entries: &[u8], position: &Position) -> Result<(), JournalError> {
        let _ = (entries, position);
        unimplemented!()
    }

    /// Whether enough has been written since the last snapshot that a new one is
    /// worth its cost, and none is being written.
    pub fn is_due(&self) -> bool {
        unimplemented!()
    }

    /// Begins a new segment and, in a thread of its own, a snapshot of
    /// everything before it. `front` and `sieve` are those of the last commit.
    ///
    /// # Errors
    /// Where the new segment cannot be made.
    pub fn compact(&mut self, front: &[u8], sieve: Box<dyn Sieve>) -> Result<(), JournalError> {
        let _ = (front, sieve);
        unimplemented!()
    }

    /// What became of the last compaction, told once when it has ended. One that
    /// failed changes nothing but the size of the folder, and is tried again
    /// after as many bytes.
    pub fn compacted(&mut self) -> Option<Result<Compacted, Failure>> {
        unimplemented!()
    }
}
