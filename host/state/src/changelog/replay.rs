//! Reading a lane's log, record by record.

use super::{ChangelogError, FIRST, Frame, HEAD, LAST, MIDWAY, Owner};
use crate::identity::{Identity, Stored};
use crate::replay::Restore;
use crate::varint::Bytes;
use std::borrow::Cow;

/// Where a lane stands after a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of the commit.
    pub number: u64,
    /// Of each source the offset to go on from.
    pub positions: Vec<u64>,
    /// Whether the lane began midway in its stream.
    pub midway: bool,
}

/// A reading of a lane's log.
#[derive(Debug)]
pub struct Replay<'o> {
    owner: Cow<'o, Owner>,
    /// The last commit that is restored.
    last: Option<Committed>,
    open: Option<Open>,
    content: Vec<u8>,
    entries: u64,
}

/// A commit whose last record has not come.
#[derive(Debug)]
struct Open {
    number: u64,
    head: bool,
}

impl<'o> Replay<'o> {
    /// A reading for this owner, who has everything through `last` already, or
    /// nothing.
    pub fn new(owner: &'o Owner, last: Option<Committed>) -> Replay<'o> {
        Replay { owner: Cow::Borrowed(owner), last, open: None, content: Vec::new(), entries: 0 }
    }

    /// The last commit that is restored.
    pub fn last(&self) -> Option<&Committed> {
        self.last.as_ref()
    }

    /// Whose log it is. One that was begun when less was there of what may grow is
    /// gone on with by the owner that began it, so that all of it has one check.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// How many entries were restored.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Takes the next record. With the last one of a commit what it added goes to
    /// `restore`, and is told: the entries, and whether the commit is a place to
    /// begin at.
    ///
    /// # Errors
    /// Where the log cannot be continued; what was restored is then of no use.
    pub fn record(&mut self, bytes: &[u8], restore: &mut dyn Restore) -> Result<Option<Added<'_>>, ChangelogError> {
        let mut rest = Bytes(bytes);
        let frame = Frame::decode(&mut rest)?;
        if frame.is(FIRST) {
            self.content.clear();
            self.open = Some(Open { number: frame.number, head: frame.is(HEAD) });
        }
        match &self.open {
            Some(open) if open.number == frame.number => {}
            // a part of a commit whose first part was deleted
            None if self.last.is_none() => return Err(ChangelogError::Beginning(frame.number)),
            _ => return Err(ChangelogError::Malformed("goes on a commit that was not begun")),
        }
        self.content.extend_from_slice(rest.0);
        if frame.check != self.owner.check {
            match self.stored() {
                Some(known) if self.last.is_none() && known.check == frame.check => {
                    known.identity.continues(&self.owner.identity).map_err(ChangelogError::changed)?;
                    self.owner = Cow::Owned(known);
                }
                Some(known) => return Err(ChangelogError::other(&known.identity, &self.owner.identity)),
                None if frame.is(LAST) => {
                    return Err(ChangelogError::Other { what: vec!["something".to_owned()], ahead: false });
                }
                None => return Ok(None),
            }
        }
        let Some(Open { head, .. }) = (if frame.is(LAST) { self.open.take() } else { None }) else {
            return Ok(None);
        };
        self.complete(frame, head, restore)
    }

    /// The owner in the head of the open commit, as soon as it can be read.
    fn stored(&self) -> Option<Owner> {
        let head = self.open.as_ref().is_some_and(|open| open.head);
        let stored = Bytes(&self.content).bytes().filter(|_| head)?;
        let Stored { identity, check } = Identity::decode(stored).ok()?;
        Some(Owner { identity, stored: stored.to_vec(), check })
    }

    fn complete(
        &mut self,
        frame: Frame,
        has_head: bool,
        restore: &mut dyn Restore,
    ) -> Result<Option<Added<'_>>, ChangelogError> {
        let Frame { number, positions, .. } = frame;
        let midway = frame.bits & MIDWAY != 0;
        let mut rest = Bytes(&self.content);
        let head = has_head.then(|| {
            let (_, front, kept) = (rest.bytes()?, rest.bytes()?, rest.bytes()?);
            Some((front, kept))
        });
        let head = match head {
            Some(None) => return Err(ChangelogError::Malformed("has a head that is cut off")),
            head => head.flatten(),
        };
        match &self.last {
            // read again, behind a place that was known only about
            Some(last) if number <= last.number => return Ok(None),
            Some(last) if number != last.number + 1 => {
                return Err(ChangelogError::Missing { from: last.number + 1, upto: number - 1 });
            }
            Some(_) => {}
            None => match head {
                Some(_) if number == 1 => {}
                Some((front, kept)) => {
                    restore.front(front)?;
                    self.entries += restore.kept(kept)?;
                }
                None => return Err(ChangelogError::Beginning(number)),
            },
        }
        let entries = rest.0;
        if !entries.is_empty() {
            self.entries += restore.entries(entries)?;
        }
        let committed = self.last.insert(Committed { number, positions, midway });
        Ok(Some(Added { owner: &self.owner, committed, entries, head: head.is_some() }))
    }
}

/// What a commit has added.
#[derive(Clone, Copy, Debug)]
pub struct Added<'a> {
    /// Whose log it is.
    pub owner: &'a Owner,
    /// Where the lane stands after it.
    pub committed: &'a Committed,
    /// Its entries.
    pub entries: &'a [u8],
    /// Whether it is a place to begin at.
    pub head: bool,
}
