//! Frames: how every binary file of the state is made, so that a wrong byte
//! anywhere is seen.
//!
//! ```text
//! preamble, 32 bytes                        frame
//!   "sandgate"                                u32  length of the payload, never 0
//!   u8   kind: j journal, s snapshot,         u64  check of the length
//!        x export                             u64  check of the payload
//!   u8   format version, 2                    the payload: u8 its kind, then what it holds
//!   6 zeros
//!   u64  seed
//!   u64  check of the 24 bytes before
//! ```
//! Numbers are least significant byte first; checks are XXH3 (64 bits). Those of
//! a frame are seeded with the file's seed plus the offset of the frame: a frame
//! is valid at its own place in its own file only, whatever bytes a record
//! carries. That the length has a check of its own tells an unfinished frame at
//! the end from a damaged one in the middle: heads of frames can be searched for.

#[cfg(test)]
mod tests;

use crate::disk::{Files, Written};
use crate::failure::{Doing, Failure};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// The format that this program writes, and the only one that it reads.
pub(crate) const FORMAT: u8 = 3;

const MAGIC: [u8; 8] = *b"sandgate";
const PREAMBLE: usize = 32;
const HEAD: usize = 20;
/// Large enough that reading is hardly more than checking.
const BUFFER: usize = 1 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A segment of a journal.
    Journal,
    /// A snapshot.
    Snapshot,
    /// An exported lane.
    Export,
}

/// What a frame is: the first byte of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// Opens a segment.
    Segment,
    /// A commit.
    Commit,
    /// Opens a snapshot.
    Snapshot,
    /// Entries that a snapshot keeps.
    Kept,
    /// Closes a snapshot.
    End,
    /// What an exported lane was.
    Identity,
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    /// A frame: its kind and what it holds.
    Frame(FrameKind, &'a [u8]),
    /// The end of the file, behind a whole frame.
    End,
    /// Something that is no valid frame.
    Bad(&'static str),
}

/// Reads a file frame by frame.
pub(crate) struct Frames {
    path: PathBuf,
    reader: BufReader<Box<dyn Read>>,
    seed: u64,
    offset: u64,
    length: u64,
    payload: Vec<u8>,
}

/// Writes a file frame by frame.
pub(crate) struct Framed {
    file: Written,
    seed: u64,
    buffer: Vec<u8>,
}

impl FileKind {
    fn byte(self) -> u8 {
        match self {
            FileKind::Journal => b'j',
            FileKind::Snapshot => b's',
            FileKind::Export => b'x',
        }
    }

    /// What makes the checks of this file its own: whose it is, and which.
    pub(crate) fn seed(self, owner: u64, number: u64) -> u64 {
        let mut bytes = [self.byte(); 9];
        bytes[1..].copy_from_slice(&number.to_le_bytes());
        xxh3_64_with_seed(&bytes, owner)
    }
}

impl FrameKind {
    fn byte(self) -> u8 {
        match self {
            FrameKind::Segment => 1,
            FrameKind::Commit => 2,
            FrameKind::Snapshot => 3,
            FrameKind::Kept => 4,
            FrameKind::End => 5,
            FrameKind::Identity => 6,
        }
    }

    fn of(byte: u8) -> Option<FrameKind> {
        use FrameKind::{Commit, End, Identity, Kept, Segment, Snapshot};
        [Segment, Commit, Snapshot, Kept, End, Identity].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// The check of a length, which makes it the head of a frame at this place.
fn check_of_length(length: [u8; 4], place: u64) -> u64 {
    xxh3_64_with_seed(&length, place)
}

/// The length that a head gives, if it is one at this place.
fn length_of(head: &[u8; HEAD], place: u64) -> Option<u32> {
    let [a, b, c, d, check @ ..] = *head;
    let check = check.first_chunk().map(|check| u64::from_le_bytes(*check))?;
    (check == check_of_length([a, b, c, d], place)).then(|| u32::from_le_bytes([a, b, c, d]))
}

impl Framed {
    /// Begins a file.
    pub(crate) fn create(files: &Files, path: &Path, kind: FileKind, seed: u64) -> Result<Framed, Failure> {
        let mut preamble = Vec::with_capacity(PREAMBLE);
        preamble.extend_from_slice(&MAGIC);
        preamble.extend_from_slice(&[kind.byte(), FORMAT, 0, 0, 0, 0, 0, 0]);
        preamble.extend_from_slice(&seed.to_le_bytes());
        preamble.extend_from_slice(&xxh3_64(&preamble).to_le_bytes());
        let mut file = files.create(path)?;
        file.write(&preamble)?;
        Ok(Framed { file, seed, buffer: Vec::new() })
    }

    /// Goes on with a file behind `length` bytes of it; what comes after them is
    /// cut off.
    pub(crate) fn extend(files: &Files, path: &Path, seed: u64, length: u64) -> Result<Framed, Failure> {
        Ok(Framed { file: files.extend(path, length)?, seed, buffer: Vec::new() })
    }

    /// Writes one frame, whose payload `fill` appends, in one go. `false`, and
    /// nothing is written, where `fill` says no or the payload is too large.
    pub(crate) fn put(&mut self, kind: FrameKind, fill: impl FnOnce(&mut Vec<u8>) -> bool) -> Result<bool, Failure> {
        let place = self.seed.wrapping_add(self.file.length());
        self.buffer.clear();
        self.buffer.resize(HEAD, 0);
        self.buffer.push(kind.byte());
        let filled = fill(&mut self.buffer);
        let Some((head, payload)) = self.buffer.split_first_chunk_mut::<HEAD>() else { return Ok(false) };
        let Some(length) = u32::try_from(payload.len()).ok().filter(|_| filled) else { return Ok(false) };
        let length = length.to_le_bytes();
        head[..4].copy_from_slice(&length);
        head[4..12].copy_from_slice(&check_of_length(length, place).to_le_bytes());
        head[12..].copy_from_slice(&xxh3_64_with_seed(payload, place).to_le_bytes());
        self.file.write(&self.buffer)?;
        Ok(true)
    }

    /// Returns when all of it is there for good.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        self.file.sync()
    }

    /// How long the file is by now.
    pub(crate) fn length(&self) -> u64 {
        self.file.length()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file, which is whole, its final name: all of it is there for
    /// good before the name is.
    pub(crate) fn publish(&mut self, files: &Files, path: &Path) -> Result<(), Failure> {
        self.file.sync()?;
        self.file.rename(files, path)
    }
}

impl Frames {
    /// Opens a file, which must be of this kind and, where it is known, have
    /// this seed.
    pub(crate) fn open(files: &Files, path: &Path, kind: FileKind, seed: Option<u64>) -> Result<Frames, Failure> {
        let (reader, length) = files.read(path)?;
        let reader = BufReader::with_capacity(BUFFER, reader);
        let mut frames =
            Frames { path: path.to_owned(), reader, seed: 0, offset: PREAMBLE as u64, length, payload: Vec::new() };
        let mut bytes = [0; PREAMBLE];
        if length < PREAMBLE as u64 {
            return Err(Failure::damage(path, length, "ends before its first frame"));
        }
        frames.fill(&mut bytes)?;
        let (checked, check) = bytes.split_at(24);
        if xxh3_64(checked).to_le_bytes() != check {
            let what = if checked.starts_with(&MAGIC) { "has a damaged begin" } else { "is no file of a state" };
            return Err(Failure::damage(path, 0, what));
        }
        let [_, _, _, _, _, _, _, _, found_kind, version, _, _, _, _, _, _, found_seed @ ..] = bytes;
        if version > FORMAT {
            let (found, known) = (u32::from(version), u32::from(FORMAT));
            return Err(Failure::Newer { file: path.to_owned(), found, known });
        }
        if version < FORMAT {
            let (found, known) = (u32::from(version), u32::from(FORMAT));
            return Err(Failure::Older { file: path.to_owned(), found, known });
        }
        frames.seed = found_seed.first_chunk().map_or(0, |seed| u64::from_le_bytes(*seed));
        if found_kind != kind.byte() || seed.is_some_and(|seed| seed != frames.seed) {
            return Err(Failure::damage(path, 0, "is another file than its name says, or of another lane"));
        }
        Ok(frames)
    }

    /// The next frame.
    pub(crate) fn next(&mut self) -> Result<Next<'_>, Failure> {
        let left = self.length.saturating_sub(self.offset);
        if left == 0 {
            return Ok(Next::End);
        }
        if left < HEAD as u64 {
            return Ok(Next::Bad("ends within a frame"));
        }
        let place = self.seed.wrapping_add(self.offset);
        let mut head = [0; HEAD];
        self.fill(&mut head)?;
        let Some(length) = length_of(&head, place) else {
            return Ok(Next::Bad("has something else than a frame"));
        };
        if u64::from(length) > left - HEAD as u64 {
            return Ok(Next::Bad("ends within a frame"));
        }
        let mut payload = std::mem::take(&mut self.payload);
        // `resize` zeroes only what a longer frame adds
        payload.resize(length as usize, 0);
        let filled = self.fill(&mut payload);
        self.payload = payload;
        filled?;
        if head[12..] != xxh3_64_with_seed(&self.payload, place).to_le_bytes() {
            return Ok(Next::Bad("has a frame that does not fit its checksum"));
        }
        let Some((kind, held)) = self.payload.split_first() else {
            return Ok(Next::Bad("has an empty frame"));
        };
        let Some(kind) = FrameKind::of(*kind) else {
            return Ok(Next::Bad("has a frame of an unknown kind"));
        };
        self.offset = self.offset.saturating_add(HEAD as u64).saturating_add(u64::from(length));
        Ok(Next::Frame(kind, held))
    }

    /// The next frame, which must be one of this kind.
    pub(crate) fn expect(&mut self, kind: FrameKind) -> Result<&[u8], Failure> {
        let (path, offset) = (self.path.clone(), self.offset);
        match self.next()? {
            Next::Frame(found, held) if found == kind => Ok(held),
            Next::Frame(..) => Err(Failure::damage(&path, offset, "has a frame of a kind that does not belong there")),
            Next::End => Err(Failure::damage(&path, offset, "ends too early")),
            Next::Bad(what) => Err(Failure::damage(&path, offset, what)),
        }
    }

    /// Whether the head of a frame stands anywhere behind the one that is bad:
    /// then more was written after it, and it was whole once.
    ///
    /// The file is read again from its begin: that is rare, and needs no more of
    /// a file system.
    pub(crate) fn any_behind(&self, files: &Files) -> Result<bool, Failure> {
        let failed = |error| Failure::of(Doing::Read, &self.path, error);
        let (reader, length) = files.read(&self.path)?;
        let mut reader = BufReader::with_capacity(BUFFER, reader.take(length));
        let mut head = [0; HEAD];
        let mut at = 0_u64;
        loop {
            let bytes = reader.fill_buf().map_err(failed)?;
            if bytes.is_empty() {
                return Ok(false);
            }
            for byte in bytes {
                head.rotate_left(1);
                head[HEAD - 1] = *byte;
                at = at.saturating_add(1);
                let Some(begin) = at.checked_sub(HEAD as u64).filter(|begin| *begin > self.offset) else { continue };
                if length_of(&head, self.seed.wrapping_add(begin)).is_some() {
                    return Ok(true);
                }
            }
            let read = bytes.len();
            reader.consume(read);
        }
    }

    /// How many bytes of whole frames are read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How long the file is.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Failure> {
        self.reader.read_exact(bytes).map_err(|error| Failure::of(Doing::Read, &self.path, error))
    }
}
