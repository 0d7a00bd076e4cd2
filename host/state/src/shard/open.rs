//! The events that batches added and no commit has made lasting yet.

use std::collections::VecDeque;

/// Which events an abort takes out again, batch by batch.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// The place of the series, and the event's time, in the order of adding.
    added: VecDeque<(usize, i64)>,
    batches: VecDeque<Batch>,
    /// The least of `batches`.
    least: Option<i64>,
}

#[derive(Debug)]
struct Batch {
    number: u64,
    added: usize,
    least: i64,
}

impl Open {
    /// A batch begins.
    pub(super) fn begin(&mut self, number: u64) {
        self.batches.push_back(Batch { number, added: 0, least: i64::MAX });
    }

    /// The running batch added an event.
    pub(super) fn add(&mut self, at: usize, time: i64) {
        if let Some(batch) = self.batches.back_mut() {
            self.added.push_back((at, time));
            batch.added += 1;
            batch.least = batch.least.min(time);
            self.least = Some(self.least().min(time));
        }
    }

    /// The time of the oldest event that is open.
    pub(super) fn least(&self) -> i64 {
        self.least.unwrap_or(i64::MAX)
    }

    /// Forgets the batches through this one.
    pub(super) fn commit(&mut self, through: u64) {
        while self.batches.front().is_some_and(|batch| batch.number <= through) {
            let added = self.batches.pop_front().map_or(0, |batch| batch.added);
            self.added.drain(..added.min(self.added.len()));
        }
        self.least = self.batches.iter().map(|batch| batch.least).min();
    }

    /// The newest event that is open, no longer so.
    pub(super) fn take_back(&mut self) -> Option<(usize, i64)> {
        let newest = self.added.pop_back();
        if newest.is_none() {
            self.batches.clear();
            self.least = None;
        }
        newest
    }
}
