//! What the state asks of a file system, so that tests can give it one that
//! fails.
//!
//! [`Disk`] is the small part of a file system that the state stands on, with
//! the promises it needs; [`Files`] says in every error which file it was.

#[cfg(test)]
pub(crate) mod faulty;
#[cfg(test)]
mod node;
pub(crate) mod real;

use crate::failure::{Doing, Failure};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file system.
pub(crate) trait Disk: Send + Sync {
    /// Makes a folder and those above it, for good. One that is there is fine.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// The names in a folder, sorted.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Opens a file to read it from its begin, and says how long it is.
    fn read(&self, file: &Path) -> io::Result<(Box<dyn Read>, u64)>;
    /// Makes an empty file in place of whatever was there.
    fn create(&self, file: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Cuts a file to a length, for good, and opens it to write on from there.
    fn extend(&self, file: &Path, length: u64) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file or folder another name in the same folder, at once or not at all.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, file: &Path) -> io::Result<()>;
    /// Removes a folder and all in it.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;
    /// Returns when what was made, renamed and removed in a folder is so for good.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Locks a file, which is made where it can be, until the lock is dropped.
    fn lock(&self, file: &Path, sharing: Sharing) -> io::Result<Locked>;
}

/// A file that is written at its end.
pub(crate) trait DiskFile: Write + Send {
    /// Returns when all that was written is there for good.
    fn sync(&mut self) -> io::Result<()>;
}

/// Who may have a lock together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// One alone.
    Alone,
    /// All who only read.
    Readers,
}

/// What became of asking for a lock.
pub(crate) enum Locked {
    /// It is held as long as this lives.
    Held(Box<dyn Send + Sync>),
    /// Another has it, and may have left its process id there.
    Busy(Option<u32>),
}

/// A file system whose errors name the file.
#[derive(Clone)]
pub(crate) struct Files(Arc<dyn Disk>);

/// A file being written, that knows its name and length.
pub(crate) struct Written {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    length: u64,
}

impl Files {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Files {
        Files(disk)
    }

    pub(crate) fn make_folder(&self, folder: &Path) -> Result<(), Failure> {
        self.0.make_folder(folder).map_err(|error| Failure::of(Doing::Make, folder, error))
    }

    /// The names in a folder, sorted; `None` where there is no such folder.
    pub(crate) fn list(&self, folder: &Path) -> Result<Option<Vec<String>>, Failure> {
        match self.0.list(folder) {
            Ok(names) => Ok(Some(names)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::of(Doing::Read, folder, error)),
        }
    }

    pub(crate) fn read(&self, file: &Path) -> Result<(Box<dyn Read>, u64), Failure> {
        self.0.read(file).map_err(|error| Failure::of(Doing::Read, file, error))
    }

    /// All of a small file; `None` where there is none.
    pub(crate) fn read_whole(&self, file: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let failed = |error| Failure::of(Doing::Read, file, error);
        let (mut reader, _) = match self.0.read(file) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }

    pub(crate) fn create(&self, file: &Path) -> Result<Written, Failure> {
        let made = self.0.create(file).map_err(|error| Failure::of(Doing::Make, file, error))?;
        Ok(Written { path: file.to_owned(), file: made, length: 0 })
    }

    pub(crate) fn extend(&self, file: &Path, length: u64) -> Result<Written, Failure> {
        let opened = self.0.extend(file, length).map_err(|error| Failure::of(Doing::Cut, file, error))?;
        Ok(Written { path: file.to_owned(), file: opened, length })
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), Failure> {
        self.0.rename(from, to).map_err(|error| Failure::of(Doing::Rename, from, error))
    }

    pub(crate) fn remove(&self, file: &Path) -> Result<(), Failure> {
        self.0.remove(file).map_err(|error| Failure::of(Doing::Remove, file, error))
    }

    pub(crate) fn remove_folder(&self, folder: &Path) -> Result<(), Failure> {
        self.0.remove_folder(folder).map_err(|error| Failure::of(Doing::Remove, folder, error))
    }

    pub(crate) fn sync_folder(&self, folder: &Path) -> Result<(), Failure> {
        self.0.sync_folder(folder).map_err(|error| Failure::of(Doing::Sync, folder, error))
    }

    pub(crate) fn lock(&self, file: &Path, sharing: Sharing) -> Result<Locked, Failure> {
        self.0.lock(file, sharing).map_err(|error| Failure::of(Doing::Lock, file, error))
    }
}

impl Written {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How long it is by now.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|error| Failure::of(Doing::Write, &self.path, error))?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        self.file.sync().map_err(|error| Failure::of(Doing::Sync, &self.path, error))
    }

    /// Gives it another name in its folder.
    pub(crate) fn rename(&mut self, files: &Files, to: &Path) -> Result<(), Failure> {
        files.rename(&self.path, to)?;
        self.path = to.to_owned();
        Ok(())
    }
}
