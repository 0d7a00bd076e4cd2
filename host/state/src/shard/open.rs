//! The events that batches added and no commit has made lasting yet.
//!
//! What is open may have to be taken out again, so nothing as old may be dropped
//! meanwhile. Most events are newer than the horizon: for them it is enough that
//! the horizon waits for the oldest. A late one would hold it back too far, for
//! all series and for good where some record always is late; so a late one holds
//! back its own series alone.

use std::collections::VecDeque;

/// Which events an abort takes out again, batch by batch.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// The place of the series, and the event's time, in the order of adding.
    added: VecDeque<(usize, i64)>,
    /// The places of the series with late events, once for each of them.
    late: VecDeque<usize>,
    batches: VecDeque<Batch>,
    /// The least of `batches`.
    least: Option<i64>,
}

/// What an open batch added.
#[derive(Debug)]
struct Batch {
    number: u64,
    added: usize,
    late: usize,
    /// The time of its oldest event that is not late.
    least: i64,
}

impl Open {
    /// A batch begins.
    pub(super) fn begin(&mut self, number: u64) {
        self.batches.push_back(Batch { number, added: 0, late: 0, least: i64::MAX });
    }

    /// The running batch added an event.
    pub(super) fn add(&mut self, at: usize, time: i64, late: bool) {
        let Some(batch) = self.batches.back_mut() else { return };
        self.added.push_back((at, time));
        batch.added += 1;
        if late {
            self.late.push_back(at);
            batch.late += 1;
        } else {
            batch.least = batch.least.min(time);
            self.least = Some(self.least.map_or(time, |least| least.min(time)));
        }
    }

    /// The horizon, as far as no open event is as old that is not late.
    pub(super) fn safe(&self, horizon: i64) -> i64 {
        self.least.map_or(horizon, |least| horizon.min(least.saturating_sub(1)))
    }

    /// Forgets the batches through this one; `late` is told each series that had
    /// a late event in them.
    pub(super) fn commit(&mut self, through: u64, mut late: impl FnMut(usize)) {
        while let Some(batch) = self.batches.pop_front_if(|batch| batch.number <= through) {
            self.added.drain(..batch.added.min(self.added.len()));
            self.late.drain(..batch.late.min(self.late.len())).for_each(&mut late);
        }
        self.least = self.batches.iter().map(|batch| batch.least).min().filter(|least| *least < i64::MAX);
    }

    /// Forgets all batches: `taken` is told their events, the newest first, and
    /// `late` as [`Open::commit`] tells it.
    pub(super) fn abort(&mut self, mut taken: impl FnMut(usize, i64), late: impl FnMut(usize)) {
        while let Some((at, time)) = self.added.pop_back() {
            taken(at, time);
        }
        self.late.drain(..).for_each(late);
        self.batches.clear();
        self.least = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_waits_for_what_is_open_and_not_late() {
        let mut open = Open::default();
        assert_eq!(open.safe(100), 100);
        open.begin(0);
        open.add(7, 90, false);
        open.add(3, 5, true);
        open.begin(1);
        open.add(7, 95, false);
        assert_eq!((open.safe(100), open.safe(50)), (89, 50));
        let mut late = Vec::new();
        open.commit(0, |at| late.push(at));
        assert_eq!((open.safe(100), late), (94, vec![3]));
        open.begin(2);
        open.add(4, 1, true);
        assert_eq!(open.safe(100), 94, "a late one holds back its own series alone");
        let (mut taken, mut late) = (Vec::new(), Vec::new());
        open.abort(|at, time| taken.push((at, time)), |at| late.push(at));
        assert_eq!((taken, late, open.safe(100)), (vec![(4, 1), (7, 95)], vec![4], 100));
    }
}
