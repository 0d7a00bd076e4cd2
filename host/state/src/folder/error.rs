//! Why a state folder, or a lane in it, cannot be used.

use crate::failure::Failure;
use crate::identity::Mismatch;
use std::path::PathBuf;

/// Why a state folder, or a lane in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another program has it.
    #[error(
        "the state folder {} is in use by another sandgate{}; stop it, or give this one another [state] path",
        .path.display(), .pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
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
    #[error("there is no state in {}: has a host run with this [state] path?", .path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// The identity cannot be written down.
    #[error("the lane's identity cannot be written down: {0}")]
    Identity(#[source] serde_json::Error),
    /// A file of it cannot be used.
    #[error(transparent)]
    Failure(#[from] Failure),
}
