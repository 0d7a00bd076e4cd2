//! Which roster judges which batches of a lane: from the beginning of a batch on the
//! newest one, in the order of the lane, however many threads bring batches.

use crate::roster::Roster;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The terms of a lane.
#[derive(Default)]
pub(crate) struct Terms(Mutex<Served>);

#[derive(Default)]
struct Served {
    /// Each roster with the first batch that is its own; the first of them is there for
    /// all batches before the second's.
    terms: VecDeque<(u64, Arc<Roster>)>,
    /// The batch behind the last one that has begun.
    next: u64,
}

impl Terms {
    /// The roster of a batch that begins, where `newest` says which is the newest; and whether it
    /// is the first batch of it. A batch that begins behind one of a later number has the
    /// roster of its place.
    pub(crate) fn begin(&self, batch: u64, newest: impl FnOnce() -> Arc<Roster>) -> (Arc<Roster>, bool) {
        let mut served = self.served();
        // looked at in here, so that nobody comes with one that is older than the last
        let newest = &newest();
        let is_new = served.terms.back().is_none_or(|(_, roster)| !Arc::ptr_eq(roster, newest));
        // where a batch has begun out of turn, the one before it has the same roster
        let begins = is_new && (batch >= served.next || served.terms.is_empty());
        if begins {
            served.terms.push_back((batch, Arc::clone(newest)));
        }
        served.next = served.next.max(batch.saturating_add(1));
        let own = served.terms.iter().rev().find(|(first, _)| *first <= batch).or_else(|| served.terms.front());
        (own.map_or_else(|| Arc::clone(newest), |(_, roster)| Arc::clone(roster)), begins)
    }

    /// Batches up to and with this one come no more.
    pub(crate) fn committed(&self, through: u64) {
        let mut served = self.served();
        while served.terms.get(1).is_some_and(|(first, _)| *first <= through.saturating_add(1)) {
            served.terms.pop_front();
        }
    }

    /// Batches that were not committed come again, and begin anew.
    pub(crate) fn abort(&self) {
        let mut served = self.served();
        served.terms.clear();
        served.next = 0;
    }

    fn served(&self) -> MutexGuard<'_, Served> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
