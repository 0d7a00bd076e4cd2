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
    /// Opens a file, or standard input where the path is `-`.
    ///
    /// # Errors
    /// Where there is no such file or it cannot be opened.
    pub fn open(path: &Path) -> Result<Source, SourceError> {
        let owned = || path.to_owned();
        if path == Path::new("-") {
            return Ok(Source::over(io::stdin(), PathBuf::from("standard input"), None, true));
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
        Ok(Source::over(file, owned(), total, !metadata.is_file()))
    }

    fn over(inner: impl Read + Send + 'static, path: PathBuf, total: Option<u64>, waits: bool) -> Source {
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner, read: Arc::clone(&read) };
        let gzip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let reader: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
        Source { reader, read, total, waits, gzip, path }
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
