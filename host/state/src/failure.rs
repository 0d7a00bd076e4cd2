//! What can go wrong with the files of a state: said with the file, the place
//! in it, and the way out.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file that says something else than what was written.
///
/// It is never guessed over: what a state counted wrong would decide wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the state is damaged: {} {what}, at byte {offset}; restore the file from a copy, \
     or begin the lane anew with --force, which drops its output and state",
    .file.display()
)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where in it, in bytes from its begin.
    pub offset: u64,
    /// What is wrong there: `has a frame that does not fit its checksum`.
    pub what: String,
}

/// Why a file of the state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It is damaged.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// A newer program wrote it.
    #[error(
        "{} has format {found}, and this sandgate knows formats up to {known}: \
         it was written by a newer one; use that, or another [state] path",
        .file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// An older program wrote it.
    #[error(
        "{} has format {found}, and this sandgate reads format {known} only: it was written by an older one; \
         go on with that, or use another [state] path, or say --force to begin anew",
        .file.display()
    )]
    Older {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The one that is read here.
        known: u32,
    },
    /// There is no room left. Nothing that was committed is lost.
    #[error(
        "no room is left for {} ({error}); nothing that was committed is lost: \
         make room and run the same command again",
        .file.display()
    )]
    Full {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Nothing may be written there.
    #[error("{} cannot be written ({error}); let this user write there, or name another [state] path", .file.display())]
    ReadOnly {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The system failed otherwise.
    #[error("cannot {doing} {}: {error}", .file.display())]
    Disk {
        /// What was tried: `read`, `write`, `sync`.
        doing: Doing,
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// What was tried with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// To make it.
    Make,
    /// To read it.
    Read,
    /// To write to it.
    Write,
    /// To have it on the disk for good.
    Sync,
    /// To cut its end.
    Cut,
    /// To give it its final name.
    Rename,
    /// To remove it.
    Remove,
    /// To lock it.
    Lock,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doing::Make => "make",
            Doing::Read => "read",
            Doing::Write => "write to",
            Doing::Sync => "sync",
            Doing::Cut => "cut the end of",
            Doing::Rename => "rename",
            Doing::Remove => "remove",
            Doing::Lock => "lock",
        })
    }
}

impl Failure {
    /// What the system's error means here.
    pub(crate) fn of(doing: Doing, file: &Path, error: io::Error) -> Failure {
        let file = file.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Failure::Full { file, error }
            }
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied if doing != Doing::Read => {
                Failure::ReadOnly { file, error }
            }
            _ => Failure::Disk { doing, file, error },
        }
    }

    /// A damaged file.
    pub(crate) fn damage(file: &Path, offset: u64, what: impl Into<String>) -> Failure {
        Failure::Damage(Damage { file: file.to_owned(), offset, what: what.into() })
    }
}
