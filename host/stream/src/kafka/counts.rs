//! What the host counts on its way, for whoever shows it. Plain numbers that any
//! thread may read at any time.

use sandgate_engine::tally::Tally;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts of one host, from its start on.
#[derive(Debug, Default)]
pub struct Counts {
    /// Records judged and committed.
    pub records: AtomicU64,
    /// Commits that came about.
    pub commits: AtomicU64,
    /// Commits that were taken back.
    pub aborts: AtomicU64,
    /// Microseconds of all commits together, from closing the window to the answer.
    pub commit_us: AtomicU64,
    /// The longest of them of late, in microseconds; whoever reads it may set it to 0.
    pub commit_us_max: AtomicU64,
    /// Lanes that this host owns and works for.
    pub lanes: AtomicU64,
    /// Lanes that it owns and refuses.
    pub refused: AtomicU64,
    /// Events restored from changelogs.
    pub restored: AtomicU64,
    /// Records that wait for their commit.
    pub waiting: AtomicU64,
    /// Decisions too large for their topic, which are dead letters now.
    pub oversized: AtomicU64,
    /// Producers that were given up and made anew.
    pub producers: AtomicU64,
    tally: Mutex<Tally>,
}

impl Counts {
    /// What became of all committed records.
    pub fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn committed<'t>(&self, took: Duration, records: u64, tallies: impl Iterator<Item = &'t Tally>) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Counts::add(&self.commits, 1);
        Counts::add(&self.records, records);
        Counts::add(&self.commit_us, us);
        self.commit_us_max.fetch_max(us, Ordering::Relaxed);
        let mut sum = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.for_each(|tally| sum.add(tally));
    }
}
