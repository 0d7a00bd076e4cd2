//! The places that a lane writes to, and the files that none of them may be.

use super::SinkError;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What a file lane writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The decisions.
    pub decisions: Place,
    /// The records that could not be used.
    pub dead_letters: Place,
    /// What each generation is made of.
    pub generations: Place,
}

/// One place to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, or anything else with a path.
    File(PathBuf),
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
    /// It is not written.
    Nowhere,
}

/// A file that no output may replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The file; it need not be there.
    pub path: PathBuf,
    /// What it is, as a message says it: `the input`, `the tag store`.
    pub what: &'static str,
}

impl Target {
    /// What belongs to an output: the files beside it, if it is one.
    pub fn of(output: &Path) -> Target {
        let beside = |suffix: &str| {
            let mut name = OsString::from(output);
            name.push(suffix);
            Place::File(PathBuf::from(name))
        };
        let standard = output == Path::new("-");
        if standard || is_special(output) {
            let decisions = if standard { Place::Output } else { Place::File(output.to_owned()) };
            return Target { decisions, dead_letters: Place::Errors, generations: Place::Nowhere };
        }
        Target {
            decisions: Place::File(output.to_owned()),
            dead_letters: beside(".dead-letters"),
            generations: beside(".generations"),
        }
    }

    /// Checks that its files may be written: none of them is one of the
    /// `protected`, by whatever path or link it is named.
    ///
    /// # Errors
    /// Where one is, or can be no output.
    pub fn check(&self, protected: &[Protected]) -> Result<(), SinkError> {
        for path in self.files() {
            if let Some(Protected { what, .. }) = protected.iter().find(|file| same_file(path, &file.path)) {
                return Err(SinkError::Protected { path: path.clone(), what });
            }
            if path.is_dir() {
                return Err(SinkError::Directory { path: path.clone() });
            }
            if is_gzip(path) && !is_special(path) {
                return Err(SinkError::Gzip { path: path.clone() });
            }
        }
        Ok(())
    }

    /// Those of its files that are there already.
    pub fn there(&self) -> Vec<PathBuf> {
        self.files().filter(|path| path.exists() && !is_special(path)).cloned().collect()
    }

    /// Those of its files that are there already and hold something.
    pub fn occupied(&self) -> Vec<PathBuf> {
        let holds = |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        self.there().into_iter().filter(holds).collect()
    }

    /// Makes those of its files that are not there, and has their names on disk.
    ///
    /// # Errors
    /// Where one cannot be made or written to.
    pub fn make(&self) -> Result<(), SinkError> {
        for path in self.files() {
            let made = fs::File::options().write(true).create(true).truncate(false).open(path);
            made.map_err(|error| SinkError::not_made(path, error))?;
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(|error| SinkError::not_made(path, error))?;
        }
        Ok(())
    }

    /// Whether what is written to it can be cut back and written on: files can,
    /// pipes and devices cannot.
    pub fn is_file(&self) -> bool {
        matches!(&self.decisions, Place::File(path) if !is_special(path))
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.decisions, &self.dead_letters, &self.generations].into_iter().filter_map(|place| match place {
            Place::File(path) => Some(path),
            _ => None,
        })
    }
}

/// Whether the path is there and no regular file: a pipe, a device.
pub(super) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Whether both are there and the same regular file, through whatever links: a
/// path says nothing about hard ones.
fn same_file(output: &Path, other: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).ok().filter(Metadata::is_file);
    let place = |metadata: Metadata| (metadata.dev(), metadata.ino());
    file(output).map(place).is_some_and(|output| file(other).map(place) == Some(output))
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}
