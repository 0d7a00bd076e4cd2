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

mod documents;
mod error;
mod target;
#[cfg(test)]
mod tests;

use documents::Documents;
pub use error::SinkError;
use target::is_special;
pub use target::{Place, Protected, Target};

use sandgate_engine::judged::Judged;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read as _, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use xxhash_rust::xxh3::Xxh3;

/// What a commit holds of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Of the decisions.
    pub decisions: Written,
    /// Of the dead letters.
    pub dead_letters: Written,
}

/// What was written to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many bytes.
    pub length: u64,
    /// The running hash of them (XXH3).
    pub hash: u64,
}

/// An open target.
pub struct Sink {
    decisions: Out,
    dead_letters: Out,
    generations: Documents,
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
            generations: Documents::none(open(&target.generations)?),
        })
    }

    /// Opens the files of a target again that a run has left, and cuts what was
    /// written behind its last commit. `told` hears how many bytes of them were
    /// read to see that they are still the same.
    ///
    /// # Errors
    /// Where a file is not what was committed, or cannot be opened; nothing is cut
    /// then.
    pub fn resume(target: &Target, committed: Committed, told: &mut dyn FnMut(u64)) -> Result<Sink, SinkError> {
        let [mut decisions, mut dead_letters] = [
            Out::reopen(&target.decisions, committed.decisions, told)?,
            Out::reopen(&target.dead_letters, committed.dead_letters, told)?,
        ];
        decisions.cut()?;
        dead_letters.cut()?;
        Ok(Sink { decisions, dead_letters, generations: Documents::reopen(&target.generations)? })
    }

    /// What a commit of now would hold: everything that was written.
    pub fn written(&self) -> Committed {
        Committed { decisions: self.decisions.written(), dead_letters: self.dead_letters.written() }
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

    /// Writes the document of a generation, a line with its end, before the first
    /// decision that it judges. One that is there already is not written again.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_generation(&mut self, line: &str) -> Result<(), SinkError> {
        self.generations.write(line.as_bytes())
    }

    /// Hands everything to the system, so that a reader sees it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        [&mut self.decisions, &mut self.dead_letters].into_iter().try_for_each(Out::flush)
    }

    /// Flushes and waits until the disk has it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(mut self) -> Result<(), SinkError> {
        self.flush()?;
        [&self.decisions, &self.dead_letters].into_iter().try_for_each(Out::sync)
    }
}

/// One open place.
struct Out {
    name: String,
    /// Bytes in it, those that wait in the buffer too.
    length: u64,
    /// Over these bytes.
    hash: Box<Xxh3>,
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
        Ok(Out::over(name, raw))
    }

    fn over(name: String, raw: Raw) -> Out {
        Out { name, length: 0, hash: Box::new(Xxh3::new()), writer: BufWriter::with_capacity(Out::BUFFER, raw) }
    }

    /// Opens a file in which so much was committed, and reads that.
    fn reopen(place: &Place, committed: Written, told: &mut dyn FnMut(u64)) -> Result<Out, SinkError> {
        let Place::File(path) = place else { return Out::open(place, true) };
        let opened = File::options().read(true).write(true).open(path);
        let mut file = match opened {
            Err(error) if error.kind() == ErrorKind::NotFound && committed.length > 0 => {
                return Err(SinkError::Lost { path: path.clone(), committed: committed.length });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                File::options().read(true).write(true).create(true).truncate(false).open(path)
            }
            opened => opened,
        }
        .map_err(|error| SinkError::not_made(path, error))?;
        let (mut hash, mut length, mut chunk) = (Box::new(Xxh3::new()), 0, vec![0; 1 << 20]);
        while length < committed.length {
            let wanted = chunk.len().min(usize::try_from(committed.length - length).unwrap_or(usize::MAX));
            let read = file.read(&mut chunk[..wanted]).map_err(|error| SinkError::not_made(path, error))?;
            if read == 0 {
                return Err(SinkError::Shorter { path: path.clone(), found: length, committed: committed.length });
            }
            hash.update(&chunk[..read]);
            length += read as u64;
            told(length);
        }
        if length > 0 && hash.digest() != committed.hash {
            return Err(SinkError::Replaced { path: path.clone(), committed: length });
        }
        Ok(Out { length, hash, ..Out::over(path.display().to_string(), Raw::File(file)) })
    }

    fn written(&self) -> Written {
        Written { length: self.length, hash: self.hash.digest() }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        self.length += bytes.len() as u64;
        self.hash.update(bytes);
        self.writer.write_all(bytes).map_err(|error| self.failed(error))
    }

    /// Cuts everything behind what was read, and writes on from there.
    fn cut(&mut self) -> Result<(), SinkError> {
        let length = self.length;
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
