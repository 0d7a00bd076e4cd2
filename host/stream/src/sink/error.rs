//! Why an output cannot be written: said with its name and the way out.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Files are there already.
    #[error("{} there already; move them away, name another output, or say --force to replace them", listed(.paths))]
    Exists {
        /// Those that are.
        paths: Vec<PathBuf>,
    },
    /// A file has less in it than was committed.
    #[error(
        "the output {} has {found} bytes, but {committed} were committed: it was changed or moved; \
         put it back to go on, or say --force to judge everything again (that drops the output and its state)",
        .path.display()
    )]
    Shorter {
        /// The file.
        path: PathBuf,
        /// How many bytes are there.
        found: u64,
        /// How many a run has committed.
        committed: u64,
    },
    /// A file is gone.
    #[error(
        "the output {} is gone, of which {committed} bytes were committed; put it back to go on, or say --force to \
         judge everything again (that drops its state)",
        .path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// How many bytes a run has committed.
        committed: u64,
    },
    /// A file is not the one that was committed.
    #[error(
        "the output {} is not the one of which {committed} bytes were committed: something else stands there; \
         put it back to go on, or say --force to judge everything again (that drops the output and its state)",
        .path.display()
    )]
    Replaced {
        /// The file.
        path: PathBuf,
        /// How many bytes a run has committed.
        committed: u64,
    },
    /// The output would overwrite what the run stands on.
    #[error("the output {} is {what}, which would be lost; name another output", .path.display())]
    Protected {
        /// The file.
        path: PathBuf,
        /// What it is: `the input`, `the tag store`.
        what: &'static str,
    },
    /// It is a directory.
    #[error("the output {} is a directory; name a file in it", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// The folder of an output is not there.
    #[error(
        "the output {} cannot be made, because there is no folder {}; make the folder first",
        .path.display(), .folder.display()
    )]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Where it should be.
        folder: PathBuf,
    },
    /// The name promises a form that is not written.
    #[error(
        "the output {} would not be gzip: decisions are written as JSON lines; name it without .gz, \
         or say --to - and pipe it into gzip",
        .path.display()
    )]
    Gzip {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be made.
    #[error("cannot write the output {}: {error}", .path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is no room left.
    #[error("no room is left to write {name} ({error}); make room, and the same command goes on from there")]
    Full {
        /// The file.
        name: String,
        /// What the system says.
        error: io::Error,
    },
    /// Nobody reads it any more.
    #[error("whoever read {name} has gone; the run ends here")]
    Gone {
        /// The pipe.
        name: String,
    },
    /// Writing failed.
    #[error("cannot write {name}: {error}; mend that, and the same command goes on from there")]
    Write {
        /// The file.
        name: String,
        /// What the system says.
        error: io::Error,
    },
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

impl SinkError {
    /// What the system's answer to a write means.
    pub(crate) fn of(name: String, error: io::Error) -> SinkError {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                SinkError::Full { name, error }
            }
            ErrorKind::BrokenPipe => SinkError::Gone { name },
            _ => SinkError::Write { name, error },
        }
    }

    /// Why a file could not be made.
    pub(super) fn not_made(path: &Path, error: io::Error) -> SinkError {
        let folder = path
            .parent()
            .filter(|folder| error.kind() == ErrorKind::NotFound && *folder != Path::new("") && !folder.exists());
        match folder {
            Some(folder) => SinkError::NoFolder { path: path.to_owned(), folder: folder.to_owned() },
            None => SinkError::Create { path: path.to_owned(), error },
        }
    }
}
