//! Where the decisions of a file lane go, and beside them the dead letters and
//! the generations.
//!
//! `decisions.jsonl` has `decisions.jsonl.dead-letters` and
//! `decisions.jsonl.generations` beside it. What is no regular file (`-`, a pipe,
//! a device) has no beside: dead letters then go to standard error, and
//! generations nowhere; a [`Target`] may name other places for them.
//!
//! The files are written under their final names, so one can watch them grow;
//! they are whole when [`Sink::finish`] has said so.

#[cfg(test)]
mod tests;

use sandgate_engine::judged::Judged;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Seek as _, SeekFrom, Write};
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

/// How many bytes of an output a commit holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Of the decisions.
    pub decisions: u64,
    /// Of the dead letters.
    pub dead_letters: u64,
}

/// An open target.
pub struct Sink {
    decisions: Out,
    dead_letters: Out,
    generations: Out,
}

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
        /// How many bytes are there; 0 where it is gone.
        found: u64,
        /// How many a run has committed.
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

/// A file that no output may replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// The file; it need not be there.
    pub path: PathBuf,
    /// What it is, as a message says it: `the input`, `the tag store`.
    pub what: &'static str,
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
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

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.decisions, &self.dead_letters, &self.generations].into_iter().filter_map(|place| match place {
            Place::File(path) => Some(path),
            _ => None,
        })
    }
}

/// Whether the path is there and no regular file: a pipe, a device.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

impl Sink {
    /// Opens everything of a target. `force` replaces what is there, but none of
    /// the `protected` files, by whatever path or link it is named.
    ///
    /// # Errors
    /// Where a file is there already, is protected, or cannot be made. Nothing
    /// is left behind then, and nothing replaced that would not have been.
    pub fn create(target: &Target, force: bool, protected: &[Protected]) -> Result<Sink, SinkError> {
        for path in target.files() {
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
        let there: Vec<PathBuf> =
            target.files().filter(|path| !force && path.exists() && !is_special(path)).cloned().collect();
        if !there.is_empty() {
            return Err(SinkError::Exists { paths: there });
        }
        let mut made = Vec::new();
        let sink = Sink::open(target, force, &mut made);
        if sink.is_err() {
            for path in made {
                // it is empty and ours; that it stays is no worse than the error
                let _ = fs::remove_file(path);
            }
        }
        sink
    }

    fn open(target: &Target, force: bool, made: &mut Vec<PathBuf>) -> Result<Sink, SinkError> {
        let mut open = |place: &Place| -> Result<Out, SinkError> {
            let out = Out::open(place, force)?;
            if let Place::File(path) = place
                && !force
                && !is_special(path)
            {
                made.push(path.clone());
            }
            Ok(out)
        };
        Ok(Sink {
            decisions: open(&target.decisions)?,
            dead_letters: open(&target.dead_letters)?,
            generations: open(&target.generations)?,
        })
    }

    /// Opens the files of a target again that a run has left, and cuts what was
    /// written behind its last commit. What was never made is made.
    ///
    /// # Errors
    /// Where a file has less in it than was committed, or cannot be opened.
    pub fn resume(target: &Target, committed: Committed) -> Result<Sink, SinkError> {
        let mut open = |place: &Place, length: Option<u64>| -> Result<Out, SinkError> {
            let Place::File(path) = place else { return Out::open(place, true) };
            let file = File::options()
                .write(true)
                .create(true)
                .truncate(length.is_none())
                .open(path)
                .map_err(|error| not_made(path, error))?;
            let name = path.display().to_string();
            let committed = length.unwrap_or(0);
            let found = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
            if found < committed {
                return Err(SinkError::Shorter { path: path.clone(), found, committed });
            }
            let mut out = Out { name, length: committed, writer: BufWriter::with_capacity(Out::BUFFER, Raw::File(file)) };
            out.cut(committed)?;
            Ok(out)
        };
        Ok(Sink {
            decisions: open(&target.decisions, Some(committed.decisions))?,
            dead_letters: open(&target.dead_letters, Some(committed.dead_letters))?,
            // these are the same at every start, and are written again
            generations: open(&target.generations, None)?,
        })
    }

    /// What a commit of now would hold: everything that was written.
    pub fn written(&self) -> Committed {
        Committed { decisions: self.decisions.length, dead_letters: self.dead_letters.length }
    }

    /// The files that must be on disk before a commit is.
    ///
    /// # Errors
    /// Where the system gives no second handle.
    pub(crate) fn files(&self) -> Result<Vec<(String, File)>, SinkError> {
        let mut files = Vec::new();
        for out in [&self.decisions, &self.dead_letters] {
            if let Raw::File(file) = out.writer.get_ref() {
                files.push((out.name.clone(), file.try_clone().map_err(|error| out.failed(error))?));
            }
        }
        Ok(files)
    }

    /// Writes what became of a batch.
    ///
    /// # Errors
    /// Where it cannot be written; the last line may then be cut off.
    pub fn write(&mut self, judged: &Judged) -> Result<(), SinkError> {
        self.decisions.write(&judged.decisions)?;
        self.dead_letters.write(&judged.dead_letters)
    }

    /// Writes the documents of generations, one a line, before the first decision
    /// that they judge.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn write_generations(&mut self, lines: &[u8]) -> Result<(), SinkError> {
        self.generations.write(lines)
    }

    /// Hands everything to the system, so that a reader sees it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        [&mut self.decisions, &mut self.dead_letters, &mut self.generations].into_iter().try_for_each(Out::flush)
    }

    /// Flushes and waits until the disk has it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(mut self) -> Result<(), SinkError> {
        self.flush()?;
        [&self.decisions, &self.dead_letters, &self.generations].into_iter().try_for_each(Out::sync)
    }
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

/// Why a file could not be made.
fn not_made(path: &Path, error: io::Error) -> SinkError {
    let folder = path
        .parent()
        .filter(|folder| error.kind() == ErrorKind::NotFound && *folder != Path::new("") && !folder.exists());
    match folder {
        Some(folder) => SinkError::NoFolder { path: path.to_owned(), folder: folder.to_owned() },
        None => SinkError::Create { path: path.to_owned(), error },
    }
}

/// One open place.
struct Out {
    name: String,
    /// Bytes in it, those that wait in the buffer too.
    length: u64,
    writer: BufWriter<Raw>,
}

enum Raw {
    File(File),
    Output(io::Stdout),
    Errors(io::Stderr),
    Nowhere,
}

impl Out {
    /// Small batches are put together to this; large ones go past it.
    const BUFFER: usize = 64 << 10;

    fn open(place: &Place, force: bool) -> Result<Out, SinkError> {
        let raw = match place {
            Place::Output => Raw::Output(io::stdout()),
            Place::Errors => Raw::Errors(io::stderr()),
            Place::Nowhere => Raw::Nowhere,
            Place::File(path) => {
                let replace = force || is_special(path);
                let mut options = File::options();
                options.write(true).create(replace).truncate(replace).create_new(!replace);
                let file = options.open(path).map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => SinkError::Exists { paths: vec![path.clone()] },
                    _ => not_made(path, error),
                })?;
                Raw::File(file)
            }
        };
        let name = match place {
            Place::File(path) => path.display().to_string(),
            Place::Output => "standard output".to_owned(),
            Place::Errors => "standard error".to_owned(),
            Place::Nowhere => String::new(),
        };
        Ok(Out { name, length: 0, writer: BufWriter::with_capacity(Out::BUFFER, raw) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        self.length += bytes.len() as u64;
        self.writer.write_all(bytes).map_err(|error| self.failed(error))
    }

    /// Cuts everything behind so many bytes, and writes on from there.
    fn cut(&mut self, length: u64) -> Result<(), SinkError> {
        if let Raw::File(file) = self.writer.get_mut() {
            let cut = file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length)));
            cut.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.writer.flush().map_err(|error| self.failed(error))
    }

    fn sync(&self) -> Result<(), SinkError> {
        match self.writer.get_ref() {
            Raw::File(file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => {
                file.sync_all().map_err(|error| self.failed(error))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, error: io::Error) -> SinkError {
        SinkError::of(self.name.clone(), error)
    }
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
}

impl Write for Raw {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Raw::File(file) => file.write(bytes),
            Raw::Output(output) => output.write(bytes),
            Raw::Errors(errors) => errors.write(bytes),
            Raw::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Raw::File(file) => file.flush(),
            Raw::Output(output) => output.flush(),
            Raw::Errors(errors) => errors.flush(),
            Raw::Nowhere => Ok(()),
        }
    }
}
