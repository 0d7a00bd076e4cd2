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
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
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
    /// The output would overwrite its own input.
    #[error("the output {} is the input; name another output", .path.display())]
    IsInput {
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
    #[error("no room is left to write {name} ({error}); make room and run again with --force")]
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
    #[error("cannot write {name}: {error}; mend that and run again with --force")]
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
    /// Opens everything of a target. `force` replaces what is there; `input` is
    /// the file that will be read, which is never replaced.
    ///
    /// # Errors
    /// Where a file is there already, is the input, or cannot be made. Nothing
    /// is left behind then, and nothing replaced that would not have been.
    pub fn create(target: &Target, force: bool, input: &Path) -> Result<Sink, SinkError> {
        if let Some(path) = target.files().find(|path| same_file(path, input)) {
            return Err(SinkError::IsInput { path: path.clone() });
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
                        _ => SinkError::Create { path: path.clone(), error },
                    })?;
                    if !replace {
                        made.push(path.clone());
                    }
                    Raw::File(file)
                }
            };
            let name = match place {
                Place::File(path) => path.display().to_string(),
                Place::Output => "standard output".to_owned(),
                Place::Errors => "standard error".to_owned(),
                Place::Nowhere => String::new(),
            };
            Ok(Out { name, writer: BufWriter::with_capacity(Out::BUFFER, raw) })
        };
        Ok(Sink {
            decisions: open(&target.decisions)?,
            dead_letters: open(&target.dead_letters)?,
            generations: open(&target.generations)?,
        })
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

/// Whether both are there and the same, through whatever links.
fn same_file(output: &Path, input: &Path) -> bool {
    match (fs::canonicalize(output), fs::canonicalize(input)) {
        (Ok(output), Ok(input)) => output == input && !is_special(&input),
        _ => false,
    }
}

/// One open place.
struct Out {
    name: String,
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

    fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        self.writer.write_all(bytes).map_err(|error| self.failed(error))
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
        let name = self.name.clone();
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
