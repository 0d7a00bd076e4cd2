//! The stored form of one lane.

use crate::chain::{Chain, Found};
use crate::disk::Files;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::journal::{Journal, Place, Tuning};
use crate::position::Position;
use crate::replay::{Progress, Restore};
use std::path::PathBuf;

/// The stored form of one lane, found or made, and fit for its identity.
pub struct LaneFolder {
    place: Place,
    tuning: Tuning,
    identity: Identity,
}

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Where the lane stands; [`Position::start`] where nothing was committed.
    pub position: Position,
    /// Entries restored.
    pub entries: u64,
    /// What was cut off, or would be: a commit that a crash had left unfinished.
    pub torn: Option<Torn>,
}

/// The unfinished end of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file.
    pub file: PathBuf,
    /// Where its last commit ends.
    pub offset: u64,
    /// How many bytes came after that.
    pub bytes: u64,
}

impl LaneFolder {
    pub(super) fn new(place: Place, tuning: Tuning, identity: Identity) -> LaneFolder {
        LaneFolder { place, tuning, identity }
    }

    /// What it was made for.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the lane stands, without a replay: only its newest segment is read.
    ///
    /// # Errors
    /// Where that is damaged, of a newer format, or cannot be read.
    pub fn position(&self) -> Result<Position, Failure> {
        self.chain()?.0.position()
    }

    /// Replays everything, cuts an unfinished commit off, and opens the journal
    /// to go on. `told` hears how far it is about once in a MiB, and at the end.
    ///
    /// # Errors
    /// Where a file is damaged, of a newer format, or cannot be used.
    pub fn open(
        self,
        restore: &mut dyn Restore,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(Journal, Replayed), Failure> {
        self.place.writable()?;
        let (chain, superseded) = self.chain()?;
        let (found, replayed) = replay(&chain, restore, told)?;
        // not before: should the snapshot turn out to be damaged, what it was made of helps to mend it
        for name in superseded {
            self.place.files.remove(&self.place.folder.join(name))?;
        }
        let journal = Journal::open(self.place, chain, found.position, found.length, self.tuning)?;
        Ok((journal, replayed))
    }

    /// Replays everything and changes nothing.
    ///
    /// # Errors
    /// Like [`LaneFolder::open`].
    pub fn read(&self, restore: &mut dyn Restore, told: &mut dyn FnMut(Progress)) -> Result<Replayed, Failure> {
        let (chain, _) = self.chain()?;
        replay(&chain, restore, told).map(|(_, replayed)| replayed)
    }

    /// Where it is.
    pub(crate) fn files(&self) -> &Files {
        &self.place.files
    }

    /// What its files carry as the sign of their owner.
    pub(crate) fn owner(&self) -> u64 {
        self.place.owner
    }

    /// Its files, and those that are superseded.
    pub(crate) fn chain(&self) -> Result<(Chain, Vec<String>), Failure> {
        Chain::find(&self.place.files, &self.place.folder, self.place.owner)
    }
}

fn replay(
    chain: &Chain,
    restore: &mut dyn Restore,
    told: &mut dyn FnMut(Progress),
) -> Result<(Found, Replayed), Failure> {
    let found = chain.read(true, &mut |part| part.give(restore), told)?;
    let torn = (found.torn > 0).then(|| Torn { file: chain.newest(), offset: found.length, bytes: found.torn });
    let replayed = Replayed { position: found.position.clone(), entries: found.entries, torn };
    Ok((found, replayed))
}
