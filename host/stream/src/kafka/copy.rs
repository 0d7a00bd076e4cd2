//! The copy of a lane's state on this host's disk: only so that a host that comes
//! back need not read the whole changelog. It is written without waiting for the
//! disk; whatever is wrong with it, it is dropped and made again.

use super::lane::{place, placed};
use sandgate_engine::generation::Generation;
use sandgate_state::changelog::Committed;
use sandgate_state::folder::{Folder, FolderError};
use sandgate_state::identity::Identity;
use sandgate_state::journal::{Journal, Tuning};
use sandgate_state::replay::Restore;
use std::path::Path;

/// The folder of all copies; none where there is none.
#[derive(Clone)]
pub struct Copies(Option<Folder>);

/// A copy that could be used.
pub(super) struct Copied {
    pub(super) journal: Journal,
    /// Whose it is: the lane as it was begun.
    pub(super) identity: Identity,
    /// Where it stands, and where the changelog goes on behind it.
    pub(super) last: Committed,
    pub(super) log: i64,
}

impl Copies {
    /// The copies in a folder, whose journals are made shorter by so many bytes.
    ///
    /// # Errors
    /// Where another host has the folder, or it cannot be made.
    pub fn open(path: Option<&Path>, worth: u64) -> Result<Copies, FolderError> {
        let tuning = Tuning { worth, synced: false };
        Ok(Copies(path.map(|path| Folder::open_with(path, tuning)).transpose()?))
    }

    /// Keeps the document of a policy set that is about to decide: decisions name
    /// it by its digest.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep_set(&self, generation: &Generation) -> Result<(), FolderError> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let digest = generation.set.to_string();
        // a colon in the name of a file is in the way of those who copy it
        let digest = digest.rsplit(':').next().unwrap_or(&digest);
        folder.keep_set(digest, generation.line().as_bytes())
    }

    /// Restores the copy of a lane, if there is one that this identity continues. Where
    /// it failed half of it may be restored.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn restore(&self, identity: &Identity, restore: &mut dyn Restore) -> Result<Option<Copied>, String> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let Some(lane) = folder.find(&identity.output).map_err(|error| error.to_string())? else { return Ok(None) };
        if lane.identity().continues(identity).is_err() {
            return Ok(None);
        }
        let identity = lane.identity().clone();
        let begun = lane.position().map_err(|failure| failure.to_string())?;
        if placed(&begun).is_none() {
            return Ok(None);
        }
        let (journal, replayed) = lane.open(restore, &mut |_| {}).map_err(|failure| failure.to_string())?;
        let placed = placed(&replayed.position);
        Ok(placed.map(|(last, log)| Copied { journal, identity, last, log }))
    }

    /// Begins a copy anew: empty, or with what a changelog that lacks its beginning
    /// begins with. Without one the host works as well, and says why.
    pub(super) fn begin(&self, identity: &Identity, from: Option<(&[u8], &[u8])>, at: &Committed) -> Option<Journal> {
        let folder = self.0.as_ref()?;
        let lane = match from {
            Some((front, kept)) => folder.lane_from(identity, &place(at, -1), front, kept),
            None => folder.lane(identity, true),
        };
        let opened = lane.map_err(|error| error.to_string()).and_then(|lane| {
            let mut nobody = Nobody;
            lane.open(&mut nobody, &mut |_| {}).map_err(|failure| failure.to_string())
        });
        match opened {
            Ok((journal, _)) => Some(journal),
            Err(error) => {
                tracing::warn!(%error, "no copy of the state is kept on this host's disk");
                None
            }
        }
    }
}

/// Has everything already.
struct Nobody;

impl Restore for Nobody {
    fn front(&mut self, _: &[u8]) -> Result<(), sandgate_state::replay::Malformed> {
        Ok(())
    }

    fn kept(&mut self, _: &[u8]) -> Result<u64, sandgate_state::replay::Malformed> {
        Ok(0)
    }

    fn entries(&mut self, _: &[u8]) -> Result<u64, sandgate_state::replay::Malformed> {
        Ok(0)
    }
}
