//! One partition of all topics: its judge, and what its last commit left. The
//! worker reads and judges, the committer commits, the group may take it away.

use sandgate_engine::LaneJudge;
use sandgate_engine::judged::Judge as _;
use sandgate_state::changelog::{Committed, Mark, Owner, Trim};
use sandgate_state::journal::Journal;
use sandgate_state::position::{Position, SourcePosition};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A lane that this host works for.
pub(super) struct Lane {
    pub(super) partition: i32,
    pub(super) judge: LaneJudge,
    pub(super) owner: Owner,
    /// Whether nothing of it may be committed any more.
    gone: AtomicBool,
    /// Whether the group has taken it away; set before this host is a member again.
    pub(super) lost: Arc<AtomicBool>,
    kept: Mutex<Kept>,
}

/// What its last commit left.
pub(super) struct Kept {
    /// Where the lane stands.
    pub(super) last: Committed,
    /// The number of the first batch that is not committed.
    pub(super) next: u64,
    /// Where its changelog goes on, as far as this is known.
    pub(super) log: i64,
    pub(super) trim: Trim,
    /// The copy on this host's disk, while it can be used.
    pub(super) journal: Option<Journal>,
    /// Commits since it was asked what may be deleted.
    asked: u32,
}

/// What one commit did to a lane.
pub(super) struct Done<'c> {
    /// The last batch in it.
    pub(super) through: u64,
    pub(super) positions: Vec<u64>,
    pub(super) entries: &'c [u8],
    /// Where the changelog has the commit's first record, if it has a head.
    pub(super) head: Option<i64>,
    /// Where the changelog goes on behind it, where that was told.
    pub(super) log: Option<i64>,
}

impl Lane {
    /// How many commits there are between two questions what may be deleted.
    const ASK: u32 = 256;

    pub(super) fn new(partition: i32, judge: LaneJudge, owner: Owner, kept: Kept, lost: &Arc<AtomicBool>) -> Lane {
        let (gone, lost) = (AtomicBool::new(false), Arc::clone(lost));
        Lane { partition, judge, owner, gone, lost, kept: Mutex::new(kept) }
    }

    /// Nothing of it may be committed any more.
    pub(super) fn leave(&self) {
        if !self.gone.swap(true, Ordering::SeqCst) {
            self.judge.leave();
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst) || self.lost.load(Ordering::SeqCst)
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit came about. Says before which place its changelog may be deleted, if
    /// there is a new one.
    pub(super) fn committed(&self, done: Done<'_>) -> Option<Mark> {
        self.judge.committed(done.through);
        let mut kept = self.kept();
        let kept = &mut *kept;
        kept.next = done.through + 1;
        kept.last.number += 1;
        kept.last.positions = done.positions;
        if let Some(offset) = done.head {
            kept.trim.head(offset);
        }
        kept.trim.grow(&self.judge.lane().layout());
        if let Err(error) = kept.trim.entries(done.entries, self.judge.lane().clock()) {
            // they were made by this very program; nothing is deleted on their account
            tracing::error!(partition = self.partition, %error, "the changelog cannot be followed");
        }
        kept.log = done.log.unwrap_or(kept.log);
        kept.store(done.entries, self);
        kept.asked += 1;
        if done.head.is_none() && kept.asked < Lane::ASK {
            return None;
        }
        kept.asked = 0;
        kept.trim.passed(&self.judge.lane().sieve())
    }
}

impl Kept {
    pub(super) fn new(last: Committed, log: i64, trim: Trim, journal: Option<Journal>) -> Kept {
        Kept { last, next: 0, log, trim, journal, asked: 0 }
    }

    /// Writes a commit into the copy on the disk; one that fails is given up, and
    /// made again from the changelog at the next start.
    fn store(&mut self, entries: &[u8], lane: &Lane) {
        let Some(journal) = &mut self.journal else { return };
        let mut stored = journal.commit(entries, &place(&self.last, self.log));
        if stored.is_ok()
            && journal.is_due()
            && let Some((front, sieve)) = lane.judge.compaction()
        {
            stored = journal.compact(front, sieve);
        }
        let error = match (stored, journal.compacted()) {
            (Err(error), _) => error.to_string(),
            (Ok(()), Some(Err(failure))) => failure.to_string(),
            _ => return,
        };
        tracing::warn!(
            partition = lane.partition, %error,
            "the copy of the state on this host's disk is given up; the changelog has all of it"
        );
        self.journal = None;
    }
}

/// Where a lane stands, as its copy on the disk writes it down: the offsets, and
/// behind them the number of the commit, the changelog's offset, and how it began.
pub(super) fn place(last: &Committed, log: i64) -> Position {
    let source = |offset: &u64| SourcePosition { offset: *offset, hash: 0, complete: true, ended: false };
    let mut tally = last.number.to_le_bytes().to_vec();
    tally.extend_from_slice(&log.to_le_bytes());
    tally.push(u8::from(last.midway));
    Position { sources: last.positions.iter().map(source).collect(), tally, ..Position::default() }
}

/// The reverse of [`place`]: none of a copy that has no commit yet.
pub(super) fn placed(position: &Position) -> Option<(Committed, i64)> {
    let (number, rest) = position.tally.split_first_chunk()?;
    let (log, rest) = rest.split_first_chunk()?;
    let [midway] = rest else { return None };
    let positions = position.sources.iter().map(|source| source.offset).collect();
    let last = Committed { number: u64::from_le_bytes(*number), positions, midway: *midway == 1 };
    Some((last, i64::from_le_bytes(*log)))
}

#[cfg(test)]
mod tests {
    use super::{place, placed};
    use sandgate_state::changelog::Committed;
    use sandgate_state::position::Position;

    #[test]
    fn a_place_survives_on_the_disk() {
        let last = Committed { number: 300, positions: vec![7, u64::MAX], midway: true };
        assert_eq!(placed(&place(&last, 9)), Some((last, 9)));
        assert_eq!(placed(&Position::start(2)), None);
    }
}
