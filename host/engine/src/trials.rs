//! What a batch did for those that are on trial, until it is committed: only then it
//! counts, and is handed over, so that a batch which an abort took back counts once.

use crate::Engine;
use crate::roster::Roster;
use crate::shade::Copied;
use crate::team::{Counts, Shadow};
use sandgate_model::comparison::Comparison;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a batch did for those on trial.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The number of the batch.
    pub(crate) number: u64,
    /// For each canary, what both sides did.
    pub(crate) canaries: Vec<(Counts, Comparison)>,
    /// What the shadows are to judge.
    pub(crate) copies: Vec<Copied>,
    /// What they will not, because there was no room for it.
    pub(crate) dropped: Vec<(Arc<[Shadow]>, u64)>,
}

/// The batches of a lane that are not committed.
#[derive(Default)]
pub(crate) struct Trials(Mutex<VecDeque<Tried>>);

/// Whether a tenant has something on trial.
pub(crate) fn looks_at(roster: &Roster, tenant: usize) -> bool {
    roster.splits[tenant].is_some() || !roster.shadows[tenant].is_empty()
}

impl Trials {
    /// Keeps what the next batch did.
    pub(crate) fn settled(&self, tried: Option<Tried>) {
        if let Some(tried) = tried {
            self.inside().push_back(tried);
        }
    }

    /// The batches up to and with this one count.
    pub(crate) fn committed(&self, through: u64, engine: &Engine) {
        let mut waiting = self.inside();
        while let Some(tried) = waiting.pop_front_if(|tried| tried.number <= through) {
            tried.canaries.iter().for_each(|(counts, more)| counts.add(more));
            tried.copies.into_iter().for_each(|copied| engine.shade.put(copied));
            tried.dropped.iter().for_each(|(shadows, dropped)| engine.dropped(shadows, *dropped));
        }
    }

    /// Those that were never committed will come again.
    pub(crate) fn aborted(&self) {
        self.inside().clear();
    }

    fn inside(&self) -> MutexGuard<'_, VecDeque<Tried>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
