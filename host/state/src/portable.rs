//! A lane's state as one file, to move it to another host.
//!
//! ```text
//! frame identity  the bytes of lane.json
//! and then what a snapshot has: its begin, the entries kept, its end
//! ```

#[cfg(test)]
mod tests;

use crate::disk::Files;
use crate::failure::Failure;
use crate::folder::{Folder, FolderError, LaneFolder};
use crate::frame::{FileKind, FrameKind, Framed, Frames};
use crate::identity::{Identity, Mismatch};
use crate::journal::sift;
use crate::position::Position;
use crate::replay::Sieve;
use crate::segment::{self, unfinished};
use crate::snapshot::{self, Begin, Writer};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Why a state cannot be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum PortableError {
    /// The file is there already.
    #[error("{} is there already; name another file", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The lane has a state already.
    #[error("the state folder holds a lane for the output {output} already; say --force to replace it")]
    Occupied {
        /// The output.
        output: String,
    },
    /// It was exported under another configuration.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The state folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file cannot be used.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Writes what matters of a lane to one file. `position`, `front` and `sieve`
/// are those of the lane after a replay. Returns how many entries were written.
///
/// # Errors
/// Where the lane cannot be read, or the file not be written.
pub fn export(
    lane: &LaneFolder,
    position: &Position,
    front: Vec<u8>,
    sieve: &mut dyn Sieve,
    to: &Path,
) -> Result<u64, PortableError> {
    let files = lane.files();
    if files.read(to).is_ok() {
        return Err(PortableError::Exists { file: to.to_owned() });
    }
    let temporary = unfinished(to);
    let written = write(lane, position, front, sieve, &temporary).and_then(|(mut file, entries)| {
        file.publish(files, to)?;
        Ok(entries)
    });
    let entries = written.inspect_err(|_| {
        // it is ours, and no export
        let _ = files.remove(&temporary);
    })?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    files.sync_folder(folder)?;
    Ok(entries)
}

fn write(
    lane: &LaneFolder,
    position: &Position,
    front: Vec<u8>,
    sieve: &mut dyn Sieve,
    path: &Path,
) -> Result<(Framed, u64), PortableError> {
    let (identity, _) = lane.identity().encode().map_err(FolderError::Identity)?;
    let seed = FileKind::Export.seed(lane.owner(), 0);
    let mut file = Framed::create(lane.files(), path, FileKind::Export, seed)?;
    // an identity that was stored once is never too large
    let _ = file.put(FrameKind::Identity, |payload| {
        payload.extend_from_slice(&identity);
        true
    })?;
    let begin = Begin { position: position.clone(), front };
    let (chain, _) = lane.chain()?;
    Ok(sift(file, &begin, &chain, true, sieve, &AtomicBool::new(false))?)
}

fn open(files: &Files, file: &Path) -> Result<(Frames, Identity), Failure> {
    let mut frames = Frames::open(files, file, FileKind::Export, None)?;
    let stored = Identity::decode(frames.expect(FrameKind::Identity)?);
    let stored = stored.map_err(|unreadable| unreadable.at(file))?;
    Ok((frames, stored.identity))
}

/// Puts an exported file into a state folder, as the state of the lane
/// `identity`: its sources and its configuration must be those of the export,
/// its paths may be others. Returns how many entries it holds.
///
/// # Errors
/// Where the lane has a state already and `force` is not said, or the file
/// cannot be used.
pub fn import(folder: &Folder, file: &Path, identity: &Identity, force: bool) -> Result<u64, PortableError> {
    let (mut frames, exported) = open(folder.files(), file)?;
    exported.same_sources(identity)?;
    exported.same_configuration(identity)?;
    let begin = snapshot::read_begin(&mut frames)?;
    if begin.position.sources.len() != identity.inputs.len() {
        return Err(Failure::damage(file, frames.offset(), "has a position of other sources").into());
    }
    if force {
        // the file must be whole before anything is dropped for it
        let (mut frames, _) = open(folder.files(), file)?;
        snapshot::read_begin(&mut frames)?;
        snapshot::read_entries(frames, &mut |_, _| Ok(()))?;
    } else if folder.find(&identity.output)?.is_some() {
        return Err(PortableError::Occupied { output: identity.output.clone() });
    }
    let (mut frames, mut entries) = (Some(frames), 0);
    folder.make(identity, &mut |files, lane, owner| {
        if let Some(frames) = frames.take() {
            entries = copy(files, lane, owner, &begin, frames)?;
        }
        segment::create(files, lane, owner, 2, &begin.position)?;
        Ok(())
    })?;
    Ok(entries)
}

/// Makes the first snapshot of a lane of what an exported file holds.
fn copy(files: &Files, lane: &Path, owner: u64, begin: &Begin, frames: Frames) -> Result<u64, Failure> {
    let path = lane.join(snapshot::name(1));
    let file = Framed::create(files, &unfinished(&path), FileKind::Snapshot, FileKind::Snapshot.seed(owner, 1))?;
    let Some(mut writer) = Writer::begin(file, begin)? else {
        return Err(Failure::damage(frames.path(), 0, "has a front that is larger than a frame can be"));
    };
    let entries = snapshot::read_entries(frames, &mut |entries, _| {
        let added = writer.add(|kept| {
            kept.extend_from_slice(entries);
            Ok(0)
        });
        added.map(|_| ())
    })?;
    writer.count(entries);
    let (mut file, entries) = writer.end()?;
    file.publish(files, &path)?;
    Ok(entries)
}
