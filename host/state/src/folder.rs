//! The state folder: one host at a time, and in it a folder for each lane.

use crate::failure::Failure;
use crate::identity::{Identity, Mismatch};
use crate::journal::Journal;
use crate::position::Position;
use crate::replay::{Progress, Restore};
use std::path::{Path, PathBuf};

/// An open state folder, locked for this host (or shared with other readers).
#[derive(Clone)]
pub struct Folder {
    path: PathBuf,
}

/// The stored form of one lane, found or made, and fit for its identity.
pub struct LaneFolder {
    folder: Folder,
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

/// Why a state folder, or a lane in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another program has it.
    #[error("the state folder {} is in use by another sandgate{}; stop it, or give this one another [state] path",
        .path.display(), .pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Busy {
        /// The folder.
        path: PathBuf,
        /// The other's process id, where it has said so.
        pid: Option<u32>,
    },
    /// The lane is another one than the one asked for.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// There is no such folder.
    #[error("there is no state in {}; has a lane ever run with this [state] path?", .path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// A file of it cannot be used.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Folder {
    /// Opens a state folder for this host alone, and makes it where it is not
    /// there.
    ///
    /// # Errors
    /// Where another host has it, or it cannot be made.
    pub fn open(path: &Path) -> Result<Folder, FolderError> {
        let _ = path;
        unimplemented!()
    }

    /// Opens a state folder to look at it, which no host may use meanwhile.
    ///
    /// # Errors
    /// Where a host has it, or there is none.
    pub fn open_read_only(path: &Path) -> Result<Folder, FolderError> {
        let _ = path;
        unimplemented!()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What lanes it holds, in the order of their outputs.
    ///
    /// # Errors
    /// Where one of them cannot be read.
    pub fn identities(&self) -> Result<Vec<Identity>, FolderError> {
        unimplemented!()
    }

    /// The lane of this identity, made where there is none. `force` drops what
    /// is there for its output and begins anew.
    ///
    /// # Errors
    /// Where there is one of other inputs, another configuration, or these
    /// inputs belong to another output.
    pub fn lane(&self, identity: &Identity, force: bool) -> Result<LaneFolder, FolderError> {
        let _ = (identity, force);
        unimplemented!()
    }

    /// The lane of an output as it is, or `None`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn find(&self, output: &str) -> Result<Option<LaneFolder>, FolderError> {
        let _ = output;
        unimplemented!()
    }
}

impl LaneFolder {
    /// What it was made for.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Replays everything, cuts an unfinished commit off, and opens the journal
    /// to go on. `told` hears how far it is, a few times for each 64 MiB.
    ///
    /// # Errors
    /// Where a file is damaged, of a newer format, or cannot be used.
    pub fn open(
        self,
        restore: &mut dyn Restore,
        told: &mut dyn FnMut(Progress),
    ) -> Result<(Journal, Replayed), Failure> {
        let _ = (restore, told, self.folder);
        unimplemented!()
    }

    /// Replays everything and changes nothing.
    ///
    /// # Errors
    /// Like [`LaneFolder::open`].
    pub fn read(&self, restore: &mut dyn Restore, told: &mut dyn FnMut(Progress)) -> Result<Replayed, Failure> {
        let _ = (restore, told);
        unimplemented!()
    }
}
