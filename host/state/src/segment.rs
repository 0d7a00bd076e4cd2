//! A segment of the journal: commits in their order.
//!
//! ```text
//! file  journal-00000001, journal-00000002, …
//! frame segment   the position at its begin
//! frame commit    the position after it, then the entries, end to end
//! frame commit    …
//! ```
//! It gets its name when its first frame is on the disk, so only commits can be
//! cut off by a crash. Its first position is the last of the segment before it
//! (or of the snapshot in its place): a file that went missing is noticed.

#[cfg(test)]
mod tests;

use crate::disk::Files;
use crate::failure::Failure;
use crate::frame::{FileKind, FrameKind, Framed, Frames, Next};
use crate::position::Position;
use crate::replay::TakeEntries;
use crate::varint::Bytes;
use std::path::{Path, PathBuf};

/// What a file is called while it is being written.
pub(crate) const UNFINISHED: &str = ".new";
const NAME: &str = "journal-";

/// How a segment ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The position of its last commit, or the one at its begin.
    pub(crate) position: Position,
    /// Bytes of whole frames.
    pub(crate) length: u64,
    /// Bytes behind them.
    pub(crate) torn: u64,
}

/// What the file of a segment is called.
pub(crate) fn name(number: u64) -> String {
    format!("{NAME}{number:08}")
}

/// The number of a segment by its name.
pub(crate) fn number(name: &str) -> Option<u64> {
    numbered(NAME, name)
}

/// The number behind a prefix, where a file is called exactly so.
pub(crate) fn numbered(prefix: &str, name: &str) -> Option<u64> {
    let number = name.strip_prefix(prefix)?.parse().ok()?;
    (format!("{prefix}{number:08}") == name).then_some(number)
}

/// What a file is called until it is whole.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    PathBuf::from(name)
}

/// Begins a segment in a folder, which has to be synced for its name to last.
pub(crate) fn create(
    files: &Files,
    folder: &Path,
    owner: u64,
    number: u64,
    position: &Position,
) -> Result<Framed, Failure> {
    let path = folder.join(name(number));
    let mut file = Framed::create(files, &unfinished(&path), FileKind::Journal, FileKind::Journal.seed(owner, number))?;
    // a position that was committed once is never too large
    let _ = file.put(FrameKind::Segment, |payload| position.encode(payload))?;
    file.publish(files, &path)?;
    Ok(file)
}

/// Opens a segment to write on behind what a replay found whole.
pub(crate) fn extend(files: &Files, folder: &Path, owner: u64, number: u64, length: u64) -> Result<Framed, Failure> {
    Framed::extend(files, &folder.join(name(number)), FileKind::Journal.seed(owner, number), length)
}

/// Appends a commit and returns when it is there, if it is to be `synced` for good.
/// `false`, and nothing is written, where it is too large for a frame.
pub(crate) fn append(file: &mut Framed, entries: &[u8], position: &Position, synced: bool) -> Result<bool, Failure> {
    let fits = file.put(FrameKind::Commit, |payload| {
        let fits = position.encode(payload);
        payload.extend_from_slice(entries);
        fits
    })?;
    if fits && synced {
        file.sync()?;
    }
    Ok(fits)
}

/// Reads a segment that begins `before`. Each commit's entries go to `take`, with
/// the offset behind them. Where it `may_be_torn` (the last one may), a bad frame
/// with nothing valid behind it ends it.
pub(crate) fn read(
    files: &Files,
    path: &Path,
    seed: u64,
    before: Option<&Position>,
    may_be_torn: bool,
    take: TakeEntries<'_>,
) -> Result<Ended, Failure> {
    let mut frames = Frames::open(files, path, FileKind::Journal, Some(seed))?;
    let held = frames.expect(FrameKind::Segment)?;
    let mut rest = Bytes(held);
    let Some(mut position) = Position::decode(&mut rest).filter(|_| rest.0.is_empty()) else {
        return Err(Failure::damage(path, 0, "does not begin with a position"));
    };
    if before.is_some_and(|before| *before != position) {
        return Err(Failure::damage(path, 0, "does not begin where the file before it ends"));
    }
    loop {
        let offset = frames.offset();
        let commit = match frames.next()? {
            Next::Frame(FrameKind::Commit, commit) => commit,
            Next::Frame(..) => return Err(Failure::damage(path, offset, "has a frame that does not belong there")),
            Next::End => return Ok(Ended { position, length: offset, torn: 0 }),
            Next::Bad(what) => {
                if !may_be_torn || frames.any_behind(files)? {
                    return Err(Failure::damage(path, offset, what));
                }
                let torn = frames.length().saturating_sub(offset);
                return Ok(Ended { position, length: offset, torn });
            }
        };
        let mut rest = Bytes(commit);
        let Some(after) = Position::decode(&mut rest) else {
            return Err(Failure::damage(path, offset, "has a commit without a position"));
        };
        let behind = offset.saturating_add(commit.len() as u64);
        take(rest.0, behind).map_err(|not_taken| not_taken.at(path, offset))?;
        position = after;
    }
}
