//! A lane's state as one file, to move it to another host.

use crate::failure::Failure;
use crate::folder::{Folder, FolderError, LaneFolder};
use crate::identity::{Identity, Mismatch};
use crate::replay::Sieve;
use std::path::{Path, PathBuf};

/// Why a state cannot be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum PortableError {
    /// The file is there already.
    #[error("{} is there already; name another file", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The lane has a state already.
    #[error("the state folder holds a lane for the output {output} already; say --force to replace it")]
    Occupied {
        /// The output.
        output: String,
    },
    /// It was exported under another configuration.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The state folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file cannot be used.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Writes what matters of a lane to one file. `front` and `sieve` are those of
/// the lane after a replay. Returns how many entries were written.
///
/// # Errors
/// Where the lane cannot be read, or the file not be written.
pub fn export(lane: &LaneFolder, front: &[u8], sieve: Box<dyn Sieve>, to: &Path) -> Result<u64, PortableError> {
    let _ = (lane, front, sieve, to);
    unimplemented!()
}

/// What an exported file was made of.
///
/// # Errors
/// Where it is none.
pub fn identity(file: &Path) -> Result<Identity, Failure> {
    let _ = file;
    unimplemented!()
}

/// Puts an exported file into a state folder, as the state of the lane
/// `identity`: its sources and its configuration must be those of the export,
/// its paths may be others. Returns how many entries it holds.
///
/// # Errors
/// Where the lane has a state already and `force` is not said, or the file
/// cannot be used.
pub fn import(folder: &Folder, file: &Path, identity: &Identity, force: bool) -> Result<u64, PortableError> {
    let _ = (folder, file, identity, force);
    unimplemented!()
}
