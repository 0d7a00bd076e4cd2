//! The state folder: one host at a time, and in it a folder for each lane.
//!
//! ```text
//! state/
//!   lock                        held while a host runs; the host's process id
//!   lanes/
//!     6c1f0a54b2d98e37/         a lane: 16 digits of the hash of its output's path
//!       lane.json               its identity
//!       snapshot-00000002       what still matters of everything before
//!       journal-00000003        the commits since
//!   sets/
//!     00000001-7f0a….json       a policy set that has decided here, with its document
//! ```
//! A lane's folder gets its name when all in it is on the disk, and loses it
//! before anything of it is removed: there is a whole lane or none.

mod error;
mod lane;
mod sets;
#[cfg(test)]
mod tests;

pub use error::FolderError;
pub use lane::{LaneFolder, Replayed, Torn};

use crate::disk::real::Real;
use crate::disk::{Disk, Files, Locked, Sharing};
use crate::failure::Failure;
use crate::identity::{Identity, Mismatch, Stored, Unreadable};
use crate::journal::{Lock, Place, Tuning};
use crate::position::Position;
use crate::segment::{self, UNFINISHED};
use crate::snapshot::{self, Begin};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// What a lane's folder is called while it is removed.
const DROPPED: &str = ".dropped";
/// The file of a lane's identity.
const IDENTITY: &str = "lane.json";

/// An open state folder, locked for this host (or shared with other readers) as
/// long as this, one of its lanes or their journals live.
#[derive(Clone)]
pub struct Folder {
    files: Files,
    path: PathBuf,
    lanes: PathBuf,
    lock: Lock,
    tuning: Tuning,
}

impl Folder {
    /// Opens a state folder for this host alone, and makes it where it is not
    /// there.
    ///
    /// # Errors
    /// Where another host has it, or it cannot be made.
    pub fn open(path: &Path) -> Result<Folder, FolderError> {
        Folder::open_with(path, Tuning::default())
    }

    /// Like [`Folder::open`]; the journals of its lanes go by `tuning`.
    ///
    /// # Errors
    /// Like [`Folder::open`].
    pub fn open_with(path: &Path, tuning: Tuning) -> Result<Folder, FolderError> {
        Folder::open_on(Arc::new(Real), path, tuning)
    }

    /// Opens a state folder to look at it, which no host may use meanwhile.
    ///
    /// # Errors
    /// Where a host has it, or there is none.
    pub fn open_read_only(path: &Path) -> Result<Folder, FolderError> {
        let files = Files::new(Arc::new(Real));
        let lanes = path.join("lanes");
        if files.list(&lanes)?.is_none() {
            return Err(FolderError::Absent { path: path.to_owned() });
        }
        let lock = lock(&files, path, Sharing::Readers)?;
        Ok(Folder { files, path: path.to_owned(), lanes, lock, tuning: Tuning::default() })
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, path: &Path, tuning: Tuning) -> Result<Folder, FolderError> {
        let files = Files::new(disk);
        let lanes = path.join("lanes");
        files.make_folder(&lanes)?;
        let lock = lock(&files, path, Sharing::Alone)?;
        let names = files.list(&lanes)?.unwrap_or_default();
        for lane in names.iter().filter_map(|name| name.strip_suffix(UNFINISHED)) {
            let made = lanes.join(lane);
            let is_there = |name: &str| names.iter().any(|other| other == name);
            // a lane is dropped for another only when that one is whole
            if is_there(&format!("{lane}{DROPPED}")) && !is_there(lane) {
                files.rename(&with_suffix(&made, UNFINISHED), &made)?;
                files.sync_folder(&lanes)?;
            } else {
                files.remove_folder(&with_suffix(&made, UNFINISHED))?;
            }
        }
        for name in names.iter().filter(|name| name.ends_with(DROPPED)) {
            files.remove_folder(&lanes.join(name))?;
        }
        Ok(Folder { files, path: path.to_owned(), lanes, lock, tuning })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What lanes it holds.
    ///
    /// # Errors
    /// Where one of them cannot be read.
    pub fn identities(&self) -> Result<Vec<Identity>, FolderError> {
        let mut identities = Vec::new();
        for name in self.files.list(&self.lanes)?.unwrap_or_default() {
            // a folder by another name is none of ours
            if name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                identities.push(self.stored(&self.lanes.join(name))?.identity);
            }
        }
        Ok(identities)
    }

    /// The lane of this identity, made where there is none. `force` drops what
    /// is there for its output and begins anew.
    ///
    /// # Errors
    /// Where there is one of other inputs or another configuration, or these
    /// inputs belong to another output.
    pub fn lane(&self, identity: &Identity, force: bool) -> Result<LaneFolder, FolderError> {
        if !force {
            if let Some(lane) = self.find(&identity.output)? {
                lane.identity().continues(identity)?;
                return Ok(lane);
            }
            let mut others = self.identities()?.into_iter().filter(|known| known.same_files(identity));
            if let Some(known) = others.find(|known| self.has_begun(known)) {
                return Err(Mismatch::Output { known: known.output, given: identity.output.clone() }.into());
            }
        }
        self.make(identity, &mut |files, folder, owner| {
            segment::create(files, folder, owner, 1, &Position::start(identity.inputs.len()))?;
            Ok(())
        })
    }

    /// The lane of this identity, made anew: it stands at `position`, with this front
    /// and these entries before it.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn lane_from(
        &self,
        identity: &Identity,
        position: &Position,
        front: &[u8],
        kept: &[u8],
    ) -> Result<LaneFolder, FolderError> {
        let begin = Begin { position: position.clone(), front: front.to_vec() };
        self.make(identity, &mut |files, folder, owner| {
            snapshot::create(files, folder, owner, &begin, kept)?;
            segment::create(files, folder, owner, 2, position)?;
            Ok(())
        })
    }

    /// The lane of an output as it is, or `None`.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn find(&self, output: &str) -> Result<Option<LaneFolder>, FolderError> {
        let path = self.place_of(output);
        if self.files.list(&path)?.is_none() {
            return Ok(None);
        }
        let stored = self.stored(&path)?;
        if stored.identity.output != output {
            let what = format!("belongs to the output {}", stored.identity.output);
            return Err(Failure::damage(&path.join(IDENTITY), 0, what).into());
        }
        Ok(Some(self.lane_folder(path, stored.identity, stored.check)))
    }

    /// Drops the state of a lane, if there is one.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn drop_lane(&self, output: &str) -> Result<(), FolderError> {
        self.lock.writable(&self.path)?;
        if let Some(dropped) = self.put_aside(&self.place_of(output))? {
            self.files.remove_folder(&dropped)?;
        }
        Ok(())
    }

    /// Renames a lane's folder, if it is there, to what is about to be removed.
    fn put_aside(&self, path: &Path) -> Result<Option<PathBuf>, FolderError> {
        if self.files.list(path)?.is_none() {
            return Ok(None);
        }
        let dropped = with_suffix(path, DROPPED);
        if self.files.list(&dropped)?.is_some() {
            self.files.remove_folder(&dropped)?;
        }
        self.files.rename(path, &dropped)?;
        self.files.sync_folder(&self.lanes)?;
        Ok(Some(dropped))
    }

    /// Whether anything was committed in a lane; one that cannot be read counts.
    fn has_begun(&self, known: &Identity) -> bool {
        let start = Position::start(known.inputs.len());
        let lane = self.find(&known.output).ok().flatten();
        lane.is_none_or(|lane| lane.position().map_or(true, |position| position != start))
    }

    /// Makes a lane's folder with its identity and what `fill` puts beside it.
    pub(crate) fn make(
        &self,
        identity: &Identity,
        fill: &mut dyn FnMut(&Files, &Path, u64) -> Result<(), Failure>,
    ) -> Result<LaneFolder, FolderError> {
        self.lock.writable(&self.path)?;
        let files = &self.files;
        let path = self.place_of(&identity.output);
        let making = with_suffix(&path, UNFINISHED);
        if files.list(&making)?.is_some() {
            files.remove_folder(&making)?;
        }
        files.make_folder(&making)?;
        let (bytes, check) = identity.encode().map_err(FolderError::Identity)?;
        let mut file = files.create(&making.join(IDENTITY))?;
        file.write(&bytes)?;
        file.sync()?;
        fill(files, &making, check)?;
        files.sync_folder(&making)?;
        // one that is there goes only now: whenever this ends, there is one or the other
        let dropped = self.put_aside(&path)?;
        files.rename(&making, &path)?;
        files.sync_folder(&self.lanes)?;
        if let Some(dropped) = dropped {
            files.remove_folder(&dropped)?;
        }
        Ok(self.lane_folder(path, identity.clone(), check))
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    fn lane_folder(&self, path: PathBuf, identity: Identity, check: u64) -> LaneFolder {
        let place = Place { files: self.files.clone(), folder: path, owner: check, lock: self.lock.clone() };
        LaneFolder::new(place, self.tuning, identity)
    }

    fn place_of(&self, output: &str) -> PathBuf {
        self.lanes.join(format!("{:016x}", xxh3_64(output.as_bytes())))
    }

    fn stored(&self, lane: &Path) -> Result<Stored, FolderError> {
        let path = lane.join(IDENTITY);
        let Some(bytes) = self.files.read_whole(&path)? else {
            return Err(Failure::damage(&path, 0, "is missing").into());
        };
        Identity::decode(&bytes).map_err(|unreadable| unreadable.at(&path).into())
    }
}

impl Unreadable {
    /// What it means for a file.
    pub(crate) fn at(self, file: &Path) -> Failure {
        match self {
            Unreadable::Damaged(what) => Failure::damage(file, 0, what),
            Unreadable::Newer(found) => Failure::Newer { file: file.to_owned(), found, known: crate::identity::FORMAT },
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn lock(files: &Files, folder: &Path, sharing: Sharing) -> Result<Lock, FolderError> {
    match files.lock(&folder.join("lock"), sharing)? {
        Locked::Held(held) => Ok(Lock { sharing, _held: Arc::from(held) }),
        Locked::Busy(pid) => Err(FolderError::Busy { path: folder.to_owned(), pid }),
    }
}
