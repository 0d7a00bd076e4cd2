//! The documents of the generations that judged, beside their decisions: one a line,
//! each once, and there before the first decision that names it.

use super::target::Place;
use super::{Out, Raw, SinkError};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use xxhash_rust::xxh3::xxh3_128;

/// The longest line that is read again; a document is much shorter.
const LINE_MAX: usize = 16 << 20;

/// The documents that were written down.
pub(super) struct Documents {
    pub(super) out: Out,
    /// By their hash.
    known: HashSet<u128>,
}

impl Documents {
    /// None, in what was just opened.
    pub(super) fn none(out: Out) -> Documents {
        Documents { out, known: HashSet::new() }
    }

    /// Those that an earlier run has left; a line without an end was not written to
    /// its end, and is cut off.
    pub(super) fn reopen(place: &Place) -> Result<Documents, SinkError> {
        let Place::File(path) = place else { return Ok(Documents::none(Out::open(place, true)?)) };
        let not_made = |error| SinkError::not_made(path, error);
        let mut options = File::options();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(not_made)?;
        let (mut known, mut whole, mut line) = (HashSet::new(), 0, Vec::new());
        let mut lines = BufReader::new(&file);
        loop {
            line.clear();
            let read = lines.read_until(b'\n', &mut line).map_err(not_made)?;
            if read == 0 || read > LINE_MAX || !line.ends_with(b"\n") {
                break;
            }
            known.insert(xxh3_128(&line));
            whole += read as u64;
        }
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::Start(whole))).map_err(not_made)?;
        Ok(Documents { out: Out::over(path.display().to_string(), Raw::File(file)), known })
    }

    /// Writes a document with the end of its line, unless it is there, and waits until
    /// the disk has it.
    pub(super) fn write(&mut self, line: &[u8]) -> Result<(), SinkError> {
        if !self.known.insert(xxh3_128(line)) {
            return Ok(());
        }
        self.out.write(line)?;
        self.out.flush()?;
        self.out.sync()
    }
}
