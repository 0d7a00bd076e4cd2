//! Replacing old segments by a snapshot of what still matters of them.
//!
//! Everything is streamed: the former snapshot and the closed segments in their
//! order through a sieve into a new snapshot. Memory holds one commit and about
//! a MiB of what is kept.

use super::{Compacted, Place};
use crate::chain::Chain;
use crate::failure::{Doing, Failure};
use crate::frame::{FileKind, Framed};
use crate::replay::{NotTaken, Part, Sieve};
use crate::segment::unfinished;
use crate::snapshot::{self, Begin, Writer};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The work of one compaction.
pub(crate) struct Compaction {
    place: Place,
    chain: Chain,
    begin: Begin,
    sieve: Box<dyn Sieve>,
    stop: Arc<AtomicBool>,
}

impl Compaction {
    pub(super) fn new(place: Place, chain: Chain, begin: Begin, sieve: Box<dyn Sieve>) -> Compaction {
        Compaction { place, chain, begin, sieve, stop: Arc::default() }
    }

    /// What gives it up when it is set.
    pub(super) fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Writes the snapshot and removes what it replaces.
    pub(super) fn run(mut self) -> Result<Compacted, Failure> {
        let Place { files, folder, .. } = self.place.clone();
        let path = folder.join(snapshot::name(self.chain.last));
        let temporary = unfinished(&path);
        let published = self.write(&temporary).and_then(|(mut file, entries)| {
            file.publish(&files, &path)?;
            Ok((file.length(), entries))
        });
        let (after, entries) = published.inspect_err(|_| {
            // It would be removed when the lane is opened next; on a full disk its
            // room is needed sooner.
            let _ = files.remove(&temporary);
        })?;
        files.sync_folder(&folder)?;
        let (snapshot, segments) = self.chain.bytes()?;
        for replaced in self.chain.paths() {
            // What stays is superseded, and removed when the lane is opened next.
            let _ = files.remove(&replaced);
        }
        Ok(Compacted { before: snapshot.saturating_add(segments), after, entries })
    }

    fn write(&mut self, path: &Path) -> Result<(Framed, u64), Failure> {
        let seed = FileKind::Snapshot.seed(self.place.owner, self.chain.last);
        let file = Framed::create(&self.place.files, path, FileKind::Snapshot, seed)?;
        sift(file, &self.begin, &self.chain, false, &mut *self.sieve, &self.stop)
    }
}

/// Writes what a sieve keeps of a chain behind what a file holds so far. Gives
/// back the file, and how many entries it was given.
pub(crate) fn sift(
    file: Framed,
    begin: &Begin,
    chain: &Chain,
    may_be_torn: bool,
    sieve: &mut dyn Sieve,
    stop: &AtomicBool,
) -> Result<(Framed, u64), Failure> {
    let path = file.path().to_owned();
    let failed = |error| Failure::of(Doing::Write, &path, error);
    let Some(mut writer) = Writer::begin(file, begin)? else {
        return Err(failed(io::Error::other("the front is larger than a frame can be")));
    };
    let mut take = |part: Part<'_>| {
        if stop.load(Ordering::Relaxed) {
            return Err(NotTaken::Failure(failed(io::ErrorKind::Interrupted.into())));
        }
        match part {
            // it has been moved by what came after it
            Part::Front(_) => Ok(0),
            Part::Kept(entries) | Part::Commits(entries) => writer.add(|kept| sieve.keep(entries, kept)),
        }
    };
    chain.read(may_be_torn, &mut take, &mut |_| {})?;
    writer.end()
}
