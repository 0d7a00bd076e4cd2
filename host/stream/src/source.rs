//! Where the records of a file lane come from: a file, a gzipped file, a pipe,
//! standard input.
//!
//! A name that ends in `.gz` is read as gzip, of one member or many. Standard
//! input (`-`) is read as it is: `zcat x.gz | sandgate run --from - …`.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open source.
pub struct Source {
    pub(crate) reader: Box<dyn Read + Send>,
    /// How many bytes were read, compressed ones where it is compressed.
    pub(crate) read: Arc<AtomicU64>,
    /// How many there are, as far as one can know.
    pub(crate) total: Option<u64>,
    /// Whether reading may wait for somebody: then a batch does not wait to be full.
    pub(crate) waits: bool,
    /// The most bytes of a record.
    pub(crate) size_max: u64,
    gzip: bool,
    path: PathBuf,
}

/// Why the records of a source cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("there is no input {}; check the path", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is a directory.
    #[error("the input {} is a directory; name a file of JSON lines in it", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// It is there, but cannot be opened.
    #[error("cannot open the input {}: {error}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Reading it failed on the way.
    #[error("cannot read the input {} beyond byte {at}: {error}; what came before is judged", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// How many bytes of records were read.
        at: u64,
        /// What the system says.
        error: io::Error,
    },
    /// It is another one than the run was begun with.
    #[error(
        "the input {} is not the one whose first {at} bytes were judged: it was changed or cut; put the former one \
         back to go on, or say --force to judge this one from its start (that drops the output and its state)",
        .path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// How far it was judged.
        at: u64,
    },
    /// It grew behind a line without end that was judged already.
    #[error(
        "the input {} has grown, but its last line had no end when it was judged (up to byte {at}), so it is not \
         known what was added to it; say --force to judge it from its start (that drops the output and its state)",
        .path.display()
    )]
    LineGrew {
        /// The file.
        path: PathBuf,
        /// How far it was judged.
        at: u64,
    },
    /// It grew after it was judged together with others.
    #[error(
        "the input {} has grown behind byte {at}, after it was judged together with others: its new records would \
         belong between those that are decided; use another [state] path and output, or say --force to judge all \
         from the start (that drops the output and its state)",
        .path.display()
    )]
    OneOfSeveral {
        /// The file.
        path: PathBuf,
        /// How far it was judged.
        at: u64,
    },
    /// It is no gzip, or damaged.
    #[error(
        "the input {} is not gzip, or cut off or damaged behind byte {at} of its content ({error}); \
         what came before is judged: fetch the file again, or unpack what can be saved",
        .path.display()
    )]
    Gzip {
        /// The file.
        path: PathBuf,
        /// How many bytes of content were read.
        at: u64,
        /// What is wrong with it.
        error: io::Error,
    },
}

impl Source {
    /// Opens a file, or standard input where the path is `-`, whose records have
    /// at most `size_max` bytes.
    ///
    /// # Errors
    /// Where there is no such file or it cannot be opened.
    pub fn open(path: &Path, size_max: u64) -> Result<Source, SourceError> {
        let owned = || path.to_owned();
        if path == Path::new("-") {
            return Ok(Source::over(io::stdin(), PathBuf::from("standard input"), None, true, size_max));
        }
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SourceError::Missing { path: owned() },
            _ => SourceError::Open { path: owned(), error },
        })?;
        let metadata = file.metadata().map_err(|error| SourceError::Open { path: owned(), error })?;
        if metadata.is_dir() {
            return Err(SourceError::Directory { path: owned() });
        }
        let total = metadata.is_file().then_some(metadata.len());
        Ok(Source::over(file, owned(), total, !metadata.is_file(), size_max))
    }

    fn over(
        inner: impl Read + Send + 'static,
        path: PathBuf,
        total: Option<u64>,
        waits: bool,
        size_max: u64,
    ) -> Source {
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner, read: Arc::clone(&read) };
        let gzip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let reader: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
        Source { reader, read, total, waits, size_max, gzip, path }
    }

    /// Whether a run over it can be taken up again: a file can, a pipe cannot.
    pub fn is_file(&self) -> bool {
        !self.waits
    }

    /// The input is not the one that was judged up to `at`.
    pub(crate) fn changed(&self, at: u64) -> SourceError {
        SourceError::Changed { path: self.path.clone(), at }
    }

    /// The input's last line had no end when it was judged, and now there is more.
    pub(crate) fn line_grew(&self, at: u64) -> SourceError {
        SourceError::LineGrew { path: self.path.clone(), at }
    }

    /// The input has grown behind `at`, and others were merged with it.
    pub(crate) fn one_of_several(&self, at: u64) -> SourceError {
        SourceError::OneOfSeveral { path: self.path.clone(), at }
    }

    /// What a failed read means, `at` bytes of content after the start.
    pub(crate) fn failed(&self, at: u64, error: io::Error) -> SourceError {
        let path = self.path.clone();
        let damage = [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
        if self.gzip && damage.contains(&error.kind()) {
            SourceError::Gzip { path, at, error }
        } else {
            SourceError::Read { path, at, error }
        }
    }
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
