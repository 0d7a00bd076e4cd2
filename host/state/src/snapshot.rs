//! A snapshot: what still matters of all commits up to one, in one file.
//!
//! ```text
//! file  snapshot-00000002   stands for the segments 1 and 2, and what came before
//! frame snapshot  the position of the last commit in it,
//!                 u32 length of the front after that commit, and its bytes
//! frame kept      entries, end to end, about a MiB
//! frame kept      …
//! frame end       u64 entries   u64 their bytes
//! ```
//! It gets its name when all of it is on the disk; what it replaces is removed
//! after that.

#[cfg(test)]
mod tests;

use crate::disk::Files;
use crate::failure::{Doing, Failure};
use crate::frame::{FileKind, FrameKind, Framed, Frames, Next};
use crate::position::Position;
use crate::replay::{Malformed, NotTaken, TakeEntries};
use crate::segment::{numbered, unfinished};
use crate::varint::{Bytes, put_long};
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "snapshot-";
/// How many bytes of entries are gathered to a frame.
const GATHERED: usize = 1 << 20;
/// How much is written before it is synced: a whole snapshot at once would hold
/// up the commits beside it.
const SYNCED: u64 = 16 << 20;

/// What a snapshot says before its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    /// The position of its last commit.
    pub(crate) position: Position,
    /// The front after that.
    pub(crate) front: Vec<u8>,
}

/// A snapshot being written.
pub(crate) struct Writer {
    file: Framed,
    gathered: Vec<u8>,
    entries: u64,
    bytes: u64,
    synced: u64,
}

/// What the file of a snapshot is called.
pub(crate) fn name(number: u64) -> String {
    format!("{NAME}{number:08}")
}

/// The number of a snapshot by its name.
pub(crate) fn number(name: &str) -> Option<u64> {
    numbered(NAME, name)
}

impl Begin {
    fn encode(&self, out: &mut Vec<u8>) -> bool {
        self.position.encode(out) && put_long(out, &self.front)
    }

    fn decode(bytes: &[u8]) -> Option<Begin> {
        let mut rest = Bytes(bytes);
        let position = Position::decode(&mut rest)?;
        let front = rest.long()?.to_vec();
        rest.end()?;
        Some(Begin { position, front })
    }
}

impl Writer {
    /// Begins a snapshot in a file that has been begun. `None` where the front
    /// is larger than a frame can be.
    pub(crate) fn begin(mut file: Framed, begin: &Begin) -> Result<Option<Writer>, Failure> {
        let fits = file.put(FrameKind::Snapshot, |payload| begin.encode(payload))?;
        Ok(fits.then(|| Writer { file, gathered: Vec::new(), entries: 0, bytes: 0, synced: 0 }))
    }

    /// Adds the entries that `keep` appends, and counts them as it says.
    pub(crate) fn add(&mut self, keep: impl FnOnce(&mut Vec<u8>) -> Result<u64, Malformed>) -> Result<u64, NotTaken> {
        let kept = keep(&mut self.gathered)?;
        self.entries = self.entries.saturating_add(kept);
        if self.gathered.len() >= GATHERED {
            self.pour()?;
        }
        Ok(kept)
    }

    fn pour(&mut self) -> Result<(), Failure> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        // A single commit may be as large as a frame can be, and what is gathered
        // before it is small; parts of it could not be told apart here.
        let fits = self.file.put(FrameKind::Kept, |payload| {
            payload.extend_from_slice(&self.gathered);
            true
        })?;
        if !fits {
            let error = io::Error::other("more entries at once than a frame can hold");
            return Err(Failure::of(Doing::Write, self.file.path(), error));
        }
        self.bytes = self.bytes.saturating_add(self.gathered.len() as u64);
        self.gathered.clear();
        if self.file.length().saturating_sub(self.synced) >= SYNCED {
            self.file.sync()?;
            self.synced = self.file.length();
        }
        Ok(())
    }

    /// Says how many entries the added ones are, where who added them did not know.
    pub(crate) fn count(&mut self, entries: u64) {
        self.entries = entries;
    }

    /// Writes the end, and gives back the file, which is whole then and not yet
    /// synced, with the number of its entries.
    pub(crate) fn end(mut self) -> Result<(Framed, u64), Failure> {
        self.pour()?;
        let (entries, bytes) = (self.entries, self.bytes);
        let _ = self.file.put(FrameKind::End, |payload| {
            payload.extend_from_slice(&entries.to_le_bytes());
            payload.extend_from_slice(&bytes.to_le_bytes());
            true
        })?;
        Ok((self.file, entries))
    }
}

/// Makes the first snapshot of a lane, of a front and of entries before it.
pub(crate) fn create(files: &Files, lane: &Path, owner: u64, begin: &Begin, kept: &[u8]) -> Result<(), Failure> {
    let path = lane.join(name(1));
    let file = Framed::create(files, &unfinished(&path), FileKind::Snapshot, FileKind::Snapshot.seed(owner, 1))?;
    let Some(mut writer) = Writer::begin(file, begin)? else {
        return Err(Failure::damage(&path, 0, "has a front that is larger than a frame can be"));
    };
    let added = writer.add(|gathered| {
        gathered.extend_from_slice(kept);
        Ok(0)
    });
    added.map_err(|not_taken| not_taken.at(&path, 0))?;
    let (mut file, _) = writer.end()?;
    file.publish(files, &path)
}

/// Reads the begin of a snapshot.
pub(crate) fn read_begin(frames: &mut Frames) -> Result<Begin, Failure> {
    let (path, offset) = (frames.path().to_owned(), frames.offset());
    let begin = Begin::decode(frames.expect(FrameKind::Snapshot)?);
    begin.ok_or_else(|| Failure::damage(&path, offset, "does not begin with a position and a front"))
}

/// Reads the entries of a snapshot behind its begin, up to the end of the file.
/// `take` gets them with the offset behind them. Returns how many they are.
pub(crate) fn read_entries(mut frames: Frames, take: TakeEntries<'_>) -> Result<u64, Failure> {
    let path: PathBuf = frames.path().to_owned();
    let mut bytes = 0_u64;
    loop {
        let offset = frames.offset();
        let wrong = |what: &str| Failure::damage(&path, offset, what);
        match frames.next()? {
            Next::Frame(FrameKind::Kept, kept) => {
                let behind = offset.saturating_add(kept.len() as u64);
                bytes = bytes.saturating_add(kept.len() as u64);
                take(kept, behind).map_err(|not_taken| not_taken.at(&path, offset))?;
            }
            Next::Frame(FrameKind::End, end) => {
                let mut rest = Bytes(end);
                let (Some(entries), Some(counted), Some(())) = (rest.u64(), rest.u64(), rest.end()) else {
                    return Err(wrong("has an end that counts nothing"));
                };
                if counted != bytes {
                    return Err(wrong("counts other entries than it holds"));
                }
                let behind = frames.offset();
                return match frames.next()? {
                    Next::End => Ok(entries),
                    _ => Err(Failure::damage(&path, behind, "goes on behind its end")),
                };
            }
            Next::Frame(..) => return Err(wrong("has a frame that does not belong there")),
            Next::End => return Err(wrong("ends too early")),
            Next::Bad(what) => return Err(wrong(what)),
        }
    }
}
