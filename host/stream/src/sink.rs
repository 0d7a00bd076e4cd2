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

mod error;
mod target;
#[cfg(test)]
mod tests;

pub use error::SinkError;
use target::is_special;
pub use target::{Place, Protected, Target};

use sandgate_engine::judged::Judged;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Seek as _, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

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

impl Sink {
    /// Opens everything of a target that was checked. `force` replaces what is there.
    ///
    /// # Errors
    /// Where a file is there already, or cannot be made. Nothing is left behind
    /// then, and nothing replaced that would not have been.
    pub fn create(target: &Target, force: bool) -> Result<Sink, SinkError> {
        let there = if force { Vec::new() } else { target.there() };
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
        let open = |place: &Place, length: Option<u64>| -> Result<Out, SinkError> {
            let Place::File(path) = place else { return Out::open(place, true) };
            let file = File::options()
                .write(true)
                .create(true)
                .truncate(length.is_none())
                .open(path)
                .map_err(|error| SinkError::not_made(path, error))?;
            let name = path.display().to_string();
            let committed = length.unwrap_or(0);
            let found = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
            if found < committed {
                return Err(SinkError::Shorter { path: path.clone(), found, committed });
            }
            let mut out =
                Out { name, length: committed, writer: BufWriter::with_capacity(Out::BUFFER, Raw::File(file)) };
            if committed > 0 && !ends_a_line(path, committed) {
                return Err(SinkError::Replaced { path: path.clone(), committed });
            }
            out.cut(committed)?;
            // its name must be as durable as what will be committed of it
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| out.failed(error))?;
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

/// Whether a line ends at this length of a file, as it does at every commit.
fn ends_a_line(path: &Path, length: u64) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut last, length - 1));
    read.is_ok() && last == *b"\n"
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
                    _ => SinkError::not_made(path, error),
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
