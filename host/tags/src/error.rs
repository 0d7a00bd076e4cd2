//! Why a tag store could not be used.

use std::path::{Path, PathBuf};

/// What stands in the way, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error(
        "there is no tag store at {}: fill one with `sandgate tags --config FILE load TAGS`, \
         or let `sql` under [tags] name the right file", path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The path is that of a directory.
    #[error("{} is a directory, and a tag store is a file: let `sql` under [tags] name a file in it", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// The file was a store, and its content makes no sense any more.
    #[error(
        "the tag store {} is damaged ({said}): move it away with the files beside it whose names begin with its own, \
         and fill a new one with `sandgate tags --config FILE load TAGS`, or restore a copy", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database said.
        said: String,
    },
    /// The file is something else.
    #[error(
        "{} is not a tag store ({detail}): let `sql` under [tags] name another file, \
         `sandgate tags --config FILE load TAGS` creates it", path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead, as far as is known.
        detail: String,
    },
    /// The file has a layout of a later version.
    #[error(
        "the tag store {} has layout {layout}, this version knows layouts up to {known}: use a newer sandgate",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        layout: i64,
        /// The newest layout that this version knows.
        known: i64,
    },
    /// The user may not do that here.
    #[error(
        "this user may not {doing} the tag store {}: SQLite keeps what its users share in files beside it, \
         so whoever reads it has to be able to write to its folder too", path.display()
    )]
    Denied {
        /// The file.
        path: PathBuf,
        /// What was tried: `open`, `read`, `write to`.
        doing: &'static str,
    },
    /// The database answered with an error.
    #[error(
        "could not {doing} the tag store {}: {said}; check that its folder exists, that the disk is not full, \
         and that no other program holds the file locked", path.display()
    )]
    Failed {
        /// The file.
        path: PathBuf,
        /// What was tried: `open`, `read`, `write to`.
        doing: &'static str,
        /// What the database said.
        said: String,
    },
    /// A server could not be reached, or did not answer in time.
    #[error("{server} cannot be used: {said}; check that it runs and can be reached from here")]
    Unreachable {
        /// Its address, without a password.
        server: String,
        /// What stood in the way.
        said: String,
    },
    /// A server answered that this user may not come in, or not do that.
    #[error("{server} refuses us: {said}; check user, password and rights in its URL and on the server")]
    Refused {
        /// Its address, without a password.
        server: String,
        /// What the server said.
        said: String,
    },
    /// A server has no tables of ours.
    #[error("there are no tags in {server}: fill them in with `sandgate tags --config FILE load TAGS`")]
    Unfilled {
        /// Its address, without a password.
        server: String,
    },
    /// The answer took longer than is allowed.
    #[error("{server} did not answer within {} ms", limit.as_millis())]
    Late {
        /// Its address, without a password.
        server: String,
        /// How long was waited.
        limit: std::time::Duration,
    },
}

impl Error {
    /// Whether it will be the same the next time, until somebody does something.
    pub fn lasts(&self) -> bool {
        !matches!(self, Error::Failed { .. } | Error::Unreachable { .. } | Error::Late { .. })
    }

    /// The failure of `doing` something at `path`.
    pub(crate) fn failed(path: &Path, doing: &'static str, said: impl ToString) -> Error {
        Error::Failed { path: path.to_owned(), doing, said: said.to_string() }
    }
}
