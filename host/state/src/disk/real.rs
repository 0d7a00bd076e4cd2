//! The file system of the machine.

use super::{Disk, DiskFile, Locked, Sharing};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

/// The machine's own.
pub(crate) struct Real;

impl Disk for Real {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Ok(()) => self.sync_folder(above(folder)),
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound && above(folder) != folder => {
                self.make_folder(above(folder))?;
                fs::create_dir(folder)?;
                self.sync_folder(above(folder))
            }
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn read(&self, file: &Path) -> io::Result<(Box<dyn Read>, u64)> {
        let file = File::open(file)?;
        let length = file.metadata()?.len();
        Ok((Box::new(file), length))
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::create(file)?))
    }

    fn extend(&self, file: &Path, length: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut file = File::options().write(true).open(file)?;
        file.set_len(length)?;
        // What a killed host wrote and did not sync is counted as committed from
        // here on, so it has to be there for good as well.
        file.sync_all()?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir_all(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn lock(&self, path: &Path, sharing: Sharing) -> io::Result<Locked> {
        let writable = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let (file, writable) = match (writable, sharing) {
            (Ok(file), _) => (file, true),
            (Err(error), Sharing::Alone) => return Err(error),
            (Err(error), Sharing::Readers) => match File::open(path) {
                Ok(file) => (file, false),
                // where nobody can make a lock, nobody can write
                Err(none) if none.kind() == ErrorKind::NotFound => return Ok(Locked::Held(Box::new(()))),
                Err(_) => return Err(error),
            },
        };
        let locked = match sharing {
            Sharing::Alone => file.try_lock(),
            Sharing::Readers => file.try_lock_shared(),
        };
        match locked {
            Ok(()) => {
                let mut lock = Lock { file, writable };
                lock.say(&std::process::id().to_string());
                Ok(Locked::Held(Box::new(lock)))
            }
            Err(TryLockError::WouldBlock) => Ok(Locked::Busy(holder(file))),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The folder that a path is in.
fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => path,
    }
}

/// Whose lock it is, if it says so.
fn holder(mut file: File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// A held lock; the system lets it go with the file, also of a killed process.
struct Lock {
    file: File,
    writable: bool,
}

impl Lock {
    /// Leaves a word for whoever finds it locked. That it can be left is no
    /// condition of the lock.
    fn say(&mut self, word: &str) {
        if self.writable {
            let said = self.file.set_len(0).and_then(|()| self.file.rewind());
            let _ = said.and_then(|()| self.file.write_all(word.as_bytes()));
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.say("");
    }
}
