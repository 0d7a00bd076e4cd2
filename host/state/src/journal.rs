//! The journal of a lane: its record is the commit.
//!
//! A commit is one frame, written in one go and synced before it counts, so a
//! crash can leave at most one that is unfinished, at the end of the newest
//! segment. From time to time everything but the newest segment is replaced by a
//! snapshot of what still matters. The files that are replaced are not changed
//! meanwhile, so that is done beside the commits, by a thread of its own.
//!
//! Here is no clock: how often to commit is the caller's decision.

mod compaction;
#[cfg(test)]
mod tests;

pub(crate) use compaction::sift;

use compaction::Compaction;

use crate::chain::Chain;
use crate::disk::{Files, Sharing};
use crate::failure::{Doing, Failure};
use crate::frame::Framed;
use crate::position::Position;
use crate::replay::Sieve;
use crate::segment;
use crate::snapshot::Begin;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// The most bytes of one commit.
pub const COMMIT_MAX: u64 = 1 << 30;

/// An open journal. It may be moved to a thread that commits; while it lives,
/// the state folder is locked.
pub struct Journal {
    place: Place,
    chain: Chain,
    segment: Framed,
    position: Position,
    /// Bytes of the newest snapshot.
    snapshot: u64,
    /// Bytes written since the newest snapshot was begun.
    since: u64,
    tuning: Tuning,
    stopped: bool,
    running: Option<Running>,
    compacted: Option<Result<Compacted, Failure>>,
}

/// Where a journal is, and what must be held while it is open.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) files: Files,
    pub(crate) folder: PathBuf,
    /// The check of the lane's identity, which its files carry.
    pub(crate) owner: u64,
    pub(crate) lock: Lock,
}

/// The held lock of the state folder.
#[derive(Clone)]
pub(crate) struct Lock {
    pub(crate) sharing: Sharing,
    pub(crate) _held: Arc<dyn Send + Sync>,
}

impl Lock {
    /// Nothing, if it is held alone.
    pub(crate) fn writable(&self, folder: &Path) -> Result<(), Failure> {
        match self.sharing {
            Sharing::Alone => Ok(()),
            Sharing::Readers => {
                let error = io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "it was opened only to look at it");
                Err(Failure::of(Doing::Write, folder, error))
            }
        }
    }
}

impl Place {
    /// Nothing, if the lock is held alone.
    pub(crate) fn writable(&self) -> Result<(), Failure> {
        self.lock.writable(&self.folder)
    }
}

/// What a journal weighs against each other: bytes written, and bytes kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Bytes of journal that are worth a snapshot, if the last one is not larger.
    /// Fewer make the folder smaller and a restart quicker, and write more: as long
    /// as a lane keeps less than this, its snapshot is written that often.
    pub worth: u64,
    /// Whether a commit waits for the disk. A journal that only spares somebody the
    /// way to another copy need not: after a crash of the machine it is made anew.
    pub synced: bool,
}

/// 64 MiB, synced.
impl Default for Tuning {
    fn default() -> Tuning {
        Tuning { worth: 64 << 20, synced: true }
    }
}

/// A compaction on its way.
struct Running {
    thread: JoinHandle<Result<Compacted, Failure>>,
    stop: Arc<AtomicBool>,
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk did not take it. What was committed before is safe; whether this
    /// one is there is found out when the lane is opened again.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// An earlier one failed, so nobody knows any more what the file holds:
    /// open the lane again.
    #[error("the journal takes no more commits after one that failed; run the same command again")]
    Stopped,
    /// It is larger than the journal takes; nothing was written.
    #[error("a commit of {bytes} bytes is larger than the {COMMIT_MAX} that the journal takes; commit more often")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the files that were replaced.
    pub before: u64,
    /// Bytes of the snapshot that replaces them.
    pub after: u64,
    /// Entries that it keeps.
    pub entries: u64,
}

impl Journal {
    /// Goes on behind what a replay found.
    pub(crate) fn open(
        place: Place,
        chain: Chain,
        position: Position,
        length: u64,
        tuning: Tuning,
    ) -> Result<Journal, Failure> {
        let segment = segment::extend(&place.files, &place.folder, place.owner, chain.last, length)?;
        let (snapshot, since) = chain.bytes()?;
        let (running, compacted) = (None, None);
        Ok(Journal { place, chain, segment, position, snapshot, since, tuning, stopped: false, running, compacted })
    }

    /// Writes entries and the position behind them, and returns when the disk
    /// has both. Output and dead letters must be synced before.
    ///
    /// # Errors
    /// Where it cannot be written; the journal then takes no more. A commit that
    /// is too large is refused and changes nothing.
    pub fn commit(&mut self, entries: &[u8], position: &Position) -> Result<(), JournalError> {
        let bytes = (entries.len() as u64).saturating_add(position.tally.len() as u64);
        if bytes > COMMIT_MAX {
            return Err(JournalError::TooLarge { bytes });
        }
        self.go_on()?;
        let before = self.segment.length();
        let fits = segment::append(&mut self.segment, entries, position, self.tuning.synced)?;
        self.stopped = false;
        if !fits {
            return Err(JournalError::TooLarge { bytes });
        }
        self.since = self.since.saturating_add(self.segment.length().saturating_sub(before));
        self.position.clone_from(position);
        Ok(())
    }

    /// The position of the last commit.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Whether enough has been written since the last snapshot that a new one is
    /// worth its cost, and none is being written.
    pub fn is_due(&mut self) -> bool {
        self.collect(false);
        self.running.is_none() && !self.stopped && self.since >= self.snapshot.max(self.tuning.worth)
    }

    /// Begins a new segment and, in a thread of its own, a snapshot of
    /// everything before it. `front` and `sieve` are those of the last commit.
    /// One that is running is waited for.
    ///
    /// # Errors
    /// Where the new segment cannot be made; the journal then takes no more.
    pub fn compact(&mut self, front: Vec<u8>, sieve: Box<dyn Sieve>) -> Result<(), JournalError> {
        self.collect(true);
        let compaction = self.rotate(front, sieve)?;
        let stop = compaction.stop();
        let thread = std::thread::Builder::new().name("compaction".to_owned()).spawn(move || compaction.run());
        match thread {
            Ok(thread) => self.running = Some(Running { thread, stop }),
            Err(error) => self.settle(Err(Failure::of(Doing::Make, &self.place.folder, error))),
        }
        Ok(())
    }

    /// What became of the last compaction, told once when it has ended. One that
    /// failed changes nothing but the size of the folder, and is tried again
    /// after as many bytes.
    pub fn compacted(&mut self) -> Option<Result<Compacted, Failure>> {
        self.collect(false);
        self.compacted.take()
    }

    /// Ends the journal: waits for the compaction that is running, and says what
    /// became of it if that was not told before. Without this it is given up, and a
    /// lane that is continued by short runs only would never get its snapshot.
    pub fn finish(mut self) -> Option<Result<Compacted, Failure>> {
        self.collect(true);
        self.compacted.take()
    }

    /// Begins a new segment, and gives back the work of replacing those before.
    fn rotate(&mut self, front: Vec<u8>, sieve: Box<dyn Sieve>) -> Result<Compaction, JournalError> {
        self.go_on()?;
        let Place { files, folder, owner, .. } = &self.place;
        let next = self.chain.last.saturating_add(1);
        let segment = segment::create(files, folder, *owner, next, &self.position)?;
        files.sync_folder(folder)?;
        let begin = Begin { position: self.position.clone(), front };
        let compaction = Compaction::new(self.place.clone(), self.chain.clone(), begin, sieve);
        self.segment = segment;
        self.chain = self.chain.through(next);
        self.since = self.segment.length();
        self.stopped = false;
        Ok(compaction)
    }

    /// Takes the result of a compaction.
    fn settle(&mut self, done: Result<Compacted, Failure>) {
        if let Ok(Compacted { after, .. }) = done {
            self.snapshot = after;
            self.chain.snapshot = self.chain.last.checked_sub(1);
        }
        self.compacted = Some(done);
    }

    /// Takes the result of the running compaction, if it has ended or is to be
    /// waited for.
    fn collect(&mut self, wait: bool) {
        if let Some(running) = self.running.take_if(|running| wait || running.thread.is_finished()) {
            match running.thread.join() {
                Ok(done) => self.settle(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }

    /// Stops the journal, unless what is now begun ends well.
    fn go_on(&mut self) -> Result<(), JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        self.stopped = true;
        Ok(())
    }
}

/// A compaction that is running is given up, so that none outlives the lock:
/// whoever has the time waits for it with [`Journal::finish`].
impl Drop for Journal {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.store(true, Ordering::Relaxed);
            // its panic has no place to go while this is dropped
            let _ = running.thread.join();
        }
    }
}
