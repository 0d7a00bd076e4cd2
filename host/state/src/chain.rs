//! The files of one lane, in the order in which they are read: the newest
//! snapshot, then the segments behind it.

use crate::disk::Files;
use crate::failure::Failure;
use crate::frame::{FileKind, Frames};
use crate::position::Position;
use crate::replay::{NotTaken, Part, Progress, Take};
use crate::segment::{self, UNFINISHED};
use crate::snapshot;
use std::path::{Path, PathBuf};

/// How many bytes are read between two words about it.
const TOLD: u64 = 1 << 20;
/// Small commits are put together to this: whoever takes them may spread a lot
/// of entries over threads.
const GATHERED: usize = 1 << 20;

/// A snapshot, if there is one, and the segments `first` to `last`.
#[derive(Clone)]
pub(crate) struct Chain {
    files: Files,
    folder: PathBuf,
    owner: u64,
    /// The newest snapshot.
    pub(crate) snapshot: Option<u64>,
    /// The newest segment.
    pub(crate) last: u64,
}

/// What a reading found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The last position.
    pub(crate) position: Position,
    /// Entries read.
    pub(crate) entries: u64,
    /// Whole bytes of the last segment.
    pub(crate) length: u64,
    /// Bytes behind them.
    pub(crate) torn: u64,
}

/// Tells how far a reading is, now and then.
struct Teller<'a> {
    told: &'a mut dyn FnMut(Progress),
    progress: Progress,
    before: u64,
    next: u64,
}

impl Teller<'_> {
    /// `offset` bytes of the present file are read.
    fn at(&mut self, offset: u64, entries: u64) {
        self.progress.entries = self.progress.entries.saturating_add(entries);
        self.progress.bytes = self.before.saturating_add(offset);
        if self.progress.bytes >= self.next {
            self.next = self.progress.bytes.saturating_add(TOLD);
            (self.told)(self.progress);
        }
    }

    /// The present file is read.
    fn behind(&mut self, length: u64) {
        self.before = self.before.saturating_add(length);
    }
}

impl Chain {
    /// The files of a lane's folder, and the names of those that are superseded
    /// or were never finished. Files of other names are nobody's business.
    pub(crate) fn find(files: &Files, folder: &Path, owner: u64) -> Result<(Chain, Vec<String>), Failure> {
        let names = files.list(folder)?.unwrap_or_default();
        let snapshot = names.iter().filter_map(|name| snapshot::number(name)).max();
        let replaced = snapshot.unwrap_or(0);
        let missing = |number| Failure::damage(&folder.join(segment::name(number)), 0, "is missing");
        let mut last = replaced;
        let mut segments: Vec<_> = names.iter().filter_map(|name| segment::number(name)).collect();
        segments.sort_unstable();
        for number in segments.into_iter().filter(|number| *number > replaced) {
            if number.checked_sub(1) != Some(last) {
                return Err(missing(last.saturating_add(1)));
            }
            last = number;
        }
        if last == replaced {
            return Err(missing(replaced.saturating_add(1)));
        }
        let superseded = |name: &String| {
            let unfinished = name.strip_suffix(UNFINISHED);
            let is_ours = |name: &str| segment::number(name).or(snapshot::number(name)).is_some();
            unfinished.is_some_and(is_ours)
                || segment::number(name).is_some_and(|number| number <= replaced)
                || snapshot::number(name).is_some_and(|number| number < replaced)
        };
        let superseded = names.iter().filter(|name| superseded(name)).cloned().collect();
        Ok((Chain { files: files.clone(), folder: folder.to_owned(), owner, snapshot, last }, superseded))
    }

    /// The same chain, but only up to a segment.
    pub(crate) fn through(&self, last: u64) -> Chain {
        Chain { last, ..self.clone() }
    }

    /// The files: the snapshot, then the segments.
    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let snapshot = self.snapshot.map(snapshot::name);
        snapshot.into_iter().chain(self.segments().map(segment::name)).map(|name| self.folder.join(name))
    }

    /// The file that is written.
    pub(crate) fn newest(&self) -> PathBuf {
        self.folder.join(segment::name(self.last))
    }

    fn segments(&self) -> std::ops::RangeInclusive<u64> {
        self.snapshot.unwrap_or(0).saturating_add(1)..=self.last
    }

    /// Bytes of the snapshot, and of the segments.
    pub(crate) fn bytes(&self) -> Result<(u64, u64), Failure> {
        let (mut snapshot, mut segments) = (0, 0_u64);
        for (at, path) in self.paths().enumerate() {
            let (_, length) = self.files.read(&path)?;
            match self.snapshot {
                Some(_) if at == 0 => snapshot = length,
                _ => segments = segments.saturating_add(length),
            }
        }
        Ok((snapshot, segments))
    }

    /// The last position.
    pub(crate) fn position(&self) -> Result<Position, Failure> {
        let seed = FileKind::Journal.seed(self.owner, self.last);
        let read = segment::read(&self.files, &self.newest(), seed, None, true, &mut |_, _| Ok(()))?;
        Ok(read.position)
    }

    /// Reads all of it, part by part. The last segment `may_be_torn` where a
    /// crash can have been the last that happened to it.
    pub(crate) fn read(
        &self,
        may_be_torn: bool,
        take: Take<'_>,
        told: &mut dyn FnMut(Progress),
    ) -> Result<Found, Failure> {
        let (snapshot, segments) = self.bytes()?;
        let progress = Progress { total: snapshot.saturating_add(segments), ..Progress::default() };
        let mut teller = Teller { told, progress, before: 0, next: 0 };
        let mut before = None;
        if let Some(number) = self.snapshot {
            before = Some(self.read_snapshot(number, take, &mut teller)?);
            teller.behind(snapshot);
        }
        let mut ended = None;
        for number in self.segments() {
            let path = self.folder.join(segment::name(number));
            let seed = FileKind::Journal.seed(self.owner, number);
            let may_be_torn = may_be_torn && number == self.last;
            let mut gathered = Vec::new();
            let mut give = |entries: &[u8], offset| {
                // commits of nothing but repeats move the position only
                let entries = if entries.is_empty() { 0 } else { take(Part::Commits(entries))? };
                teller.at(offset, entries);
                Ok(())
            };
            let mut gather = |entries: &[u8], offset| {
                if gathered.is_empty() && entries.len() >= GATHERED {
                    return give(entries, offset);
                }
                gathered.extend_from_slice(entries);
                if gathered.len() >= GATHERED {
                    give(&gathered, offset)?;
                    gathered.clear();
                }
                Ok(())
            };
            let read = segment::read(&self.files, &path, seed, before.as_ref(), may_be_torn, &mut gather)?;
            give(&gathered, read.length).map_err(|not_taken: NotTaken| not_taken.at(&path, read.length))?;
            teller.behind(read.length);
            before = Some(read.position.clone());
            ended = Some(read);
        }
        let mut progress = teller.progress;
        progress.bytes = progress.total;
        (teller.told)(progress);
        // `find` saw to it that there is a segment
        let Some(ended) = ended else { return Err(Failure::damage(&self.folder, 0, "holds no journal")) };
        let segment::Ended { position, length, torn } = ended;
        Ok(Found { position, entries: progress.entries, length, torn })
    }

    fn read_snapshot(&self, number: u64, take: Take<'_>, teller: &mut Teller<'_>) -> Result<Position, Failure> {
        let path = self.folder.join(snapshot::name(number));
        let seed = FileKind::Snapshot.seed(self.owner, number);
        let mut frames = Frames::open(&self.files, &path, FileKind::Snapshot, Some(seed))?;
        let begin = snapshot::read_begin(&mut frames)?;
        take(Part::Front(&begin.front)).map_err(|not_taken| not_taken.at(&path, 0))?;
        snapshot::read_entries(frames, &mut |entries, offset| {
            teller.at(offset, take(Part::Kept(entries))?);
            Ok(())
        })?;
        Ok(begin.position)
    }
}
