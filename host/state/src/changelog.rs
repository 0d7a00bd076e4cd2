//! The state of a lane as records of a log that others keep: what its commits
//! added, so that whoever owns the lane next has it too.
//!
//! ```text
//! u8        version, 2
//! u8        bits: 1 first of a commit, 2 last of it, 4 the lane began midway in its
//!           stream, 8 the commit has a head
//! u64       the check of the lane's identity
//! unsigned  the number of the commit, from 1
//! in the last record of a commit:
//!   unsigned  how many sources, and of each unsigned: the offset to go on from
//! the rest  a part of the commit's content
//! ```
//! The content is cut anywhere; put together it is, where there is a head, *bytes*
//! identity, *bytes* front, *bytes* kept, and then the entries, end to end. The
//! front is the one before the commit; kept are entries before it that lie far
//! ahead of the clock. So a log may begin at any commit with a head, once nothing
//! else before that matters ([`Trim`]). The first commit of a lane has a head.
//!
//! A log in which commits are atomic never shows half of one. In one where they
//! are not, a commit counts when its last record is there; one that is followed by
//! a first record was given up.

mod error;
mod replay;
#[cfg(test)]
mod tests;
mod trim;

pub use error::ChangelogError;
pub use replay::{Added, Committed, Replay};
pub use trim::{Mark, Trim};

use crate::identity::Identity;
use crate::varint::{self, Bytes};

const VERSION: u8 = 3;
const FIRST: u8 = 1;
const LAST: u8 = 1 << 1;
const MIDWAY: u8 = 1 << 2;
const HEAD: u8 = 1 << 3;

/// Whose log it is.
#[derive(Clone, Debug)]
pub struct Owner {
    pub(crate) identity: Identity,
    pub(crate) stored: Vec<u8>,
    pub(crate) check: u64,
}

/// What one commit adds to a lane's log.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// Its number: that of the commit before, plus 1.
    pub number: u64,
    /// Whether the lane began midway.
    pub midway: bool,
    /// Of each source the offset to go on from.
    pub positions: &'a [u64],
    /// What makes it a place to begin at.
    pub head: Option<Head<'a>>,
    /// The entries.
    pub entries: &'a [u8],
}

/// What makes a commit a place to begin at.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The lane's front before the commit.
    pub front: &'a [u8],
    /// Entries before it that lie far ahead of the clock ([`Trim::kept`]).
    pub kept: &'a [u8],
}

/// Which record of its commit one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether it is the first.
    pub first: bool,
    /// Whether it is the last.
    pub last: bool,
}

/// The parts of a record before its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) bits: u8,
    pub(crate) check: u64,
    pub(crate) number: u64,
    /// Of the last record.
    pub(crate) positions: Vec<u64>,
}

impl Owner {
    /// The owner of a lane with this identity.
    ///
    /// # Errors
    /// Where the identity cannot be written down.
    pub fn new(identity: Identity) -> Result<Owner, serde_json::Error> {
        let (stored, check) = identity.encode()?;
        Ok(Owner { identity, stored, check })
    }

    /// The identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Gives the records of a commit to `each`, in order; each has about `size`
    /// bytes at most, and a few more before its content.
    ///
    /// # Errors
    /// The first that `each` returns.
    pub fn records<E>(
        &self,
        commit: &Commit<'_>,
        size: usize,
        mut each: impl FnMut(&[u8], Part) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut content = Vec::new();
        if let Some(Head { front, kept }) = commit.head {
            varint::bytes(&self.stored, &mut content);
            varint::bytes(front, &mut content);
            varint::bytes(kept, &mut content);
        }
        let whole: &[u8] = if content.is_empty() {
            commit.entries
        } else {
            content.extend_from_slice(commit.entries);
            &content
        };
        let mut bits = FIRST;
        if commit.midway {
            bits |= MIDWAY;
        }
        if commit.head.is_some() {
            bits |= HEAD;
        }
        let (mut rest, mut record) = (whole, Vec::new());
        loop {
            let part;
            (part, rest) = rest.split_at(rest.len().min(size.max(1)));
            if rest.is_empty() {
                bits |= LAST;
            }
            record.clear();
            record.extend_from_slice(&[VERSION, bits]);
            record.extend_from_slice(&self.check.to_le_bytes());
            varint::unsigned(commit.number, &mut record);
            if rest.is_empty() {
                varint::unsigned(commit.positions.len() as u64, &mut record);
                commit.positions.iter().for_each(|offset| varint::unsigned(*offset, &mut record));
            }
            record.extend_from_slice(part);
            each(&record, Part { first: bits & FIRST != 0, last: rest.is_empty() })?;
            if rest.is_empty() {
                return Ok(());
            }
            bits &= !FIRST;
        }
    }
}

impl Frame {
    /// Reads what stands before the content, which is then what is left.
    pub(crate) fn decode(rest: &mut Bytes<'_>) -> Result<Frame, ChangelogError> {
        match rest.byte() {
            Some(VERSION) => Frame::fields(rest).ok_or(ChangelogError::Malformed("is no record of a lane")),
            Some(version) => Err(ChangelogError::Version(version)),
            None => Err(ChangelogError::Malformed("is empty")),
        }
    }

    fn fields(rest: &mut Bytes<'_>) -> Option<Frame> {
        let bits = rest.byte().filter(|bits| bits >> 4 == 0)?;
        let (check, number) = (rest.u64()?, rest.unsigned()?);
        let mut positions = Vec::new();
        if bits & LAST != 0 {
            for _ in 0..rest.unsigned()? {
                positions.push(rest.unsigned()?);
            }
        }
        Some(Frame { bits, check, number, positions })
    }

    pub(crate) fn is(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}

/// Whether bytes are the first record of a commit.
pub fn begins(record: &[u8]) -> bool {
    record.first() == Some(&VERSION) && record.get(1).is_some_and(|bits| bits & FIRST != 0)
}
