//! What a process knows of tags without asking: its cache, the filter of known
//! ids, which names have changed of late, and how fresh all of that is.
//!
//! Look-ups read it, and the change feed corrects it. A change is taken in in an
//! order that leaves no gap: first the ways to an old value are closed (Redis,
//! the filter, questions on their way), then the cache forgets.

use crate::Wanted;
use crate::between::Entry;
use crate::cache::{Bounds, Cache};
use crate::database::Changes;
use crate::filter::Filter;
use crate::flights::{Flights, key};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Changed names that are remembered; with more, all names count as changed.
const CHANGED_MAX: usize = 100_000;
/// Moments at which the floor rises that are remembered; with more, it rises sooner.
const RISING_MAX: usize = 1_024;
/// How much longer than entries of Redis live the names that changed are remembered,
/// so that few entries are passed over needlessly.
const MARGIN: Duration = Duration::from_secs(5);

pub(crate) struct Knowledge {
    origin: Instant,
    pub(crate) cache: Cache,
    pub(crate) flights: Flights,
    filter: RwLock<Option<Arc<Filter>>>,
    changed: Mutex<Changed>,
    /// The last change that was heard of; none yet if 0.
    number: AtomicI64,
    /// Microseconds from the origin to when the last successful question for
    /// changes began; none yet if the highest.
    heard: AtomicU64,
    /// How long after that the feed counts as fresh.
    fresh_for: Duration,
    /// How long changed names are remembered.
    remembered_for: Duration,
}

/// How new an entry of Redis has to be. Its number says which changes it knows of, so
/// that neither its age nor anybody's clock matters.
#[derive(Default)]
struct Changed {
    /// The change of each name that changed lately; an entry of it has to know of it.
    names: HashMap<String, i64>,
    /// Entries of a lower number may miss a change that is not remembered by name.
    floor: i64,
    /// When the floor rises, and to what: from then on the names of that change need
    /// not be remembered.
    rising: VecDeque<(Duration, i64)>,
    /// Until then no entry is believed: the numbers have begun anew, with another
    /// database, and say nothing about entries of the one before.
    none_until: Duration,
    /// The last change that was heard of.
    last: Option<i64>,
}

impl Knowledge {
    pub(crate) fn new(bounds: Bounds, poll: Duration) -> Knowledge {
        Knowledge {
            origin: Instant::now(),
            cache: Cache::new(bounds),
            flights: Flights::default(),
            filter: RwLock::default(),
            changed: Mutex::default(),
            number: AtomicI64::new(0),
            heard: AtomicU64::new(u64::MAX),
            fresh_for: poll.saturating_mul(4).max(Duration::from_secs(1)),
            remembered_for: bounds.ttl.saturating_add(MARGIN),
        }
    }

    /// The time since the process began to know anything.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// How far back changes matter to a process that has just started.
    pub(crate) fn remembered_for(&self) -> Duration {
        self.remembered_for
    }

    /// The last change that was heard of: what the database is asked for from now on
    /// knows of it.
    pub(crate) fn number(&self) -> i64 {
        self.number.load(Ordering::Acquire)
    }

    /// Takes in what has changed, as it was asked for at `began`.
    pub(crate) fn take_in(&self, changes: &Changes, began: Duration) {
        self.changed().note(changes, self.now(), self.remembered_for);
        if changes.all {
            self.set_filter(None);
            self.flights.spoil_all();
            self.cache.clear();
        }
        if let Some(filter) = self.filter() {
            changes.names.iter().for_each(|name| filter.insert(&name.entity, &name.id));
        }
        for name in &changes.names {
            self.flights.spoil(&name.wanted());
            self.cache.forget(&name.wanted());
        }
        self.number.store(changes.last, Ordering::Release);
        let micros = u64::try_from(began.as_micros()).unwrap_or(u64::MAX - 1);
        self.heard.store(micros, Ordering::Release);
    }

    /// Whether every change up to a moment ago is known.
    pub(crate) fn is_fresh(&self, now: Duration) -> bool {
        let heard = self.heard.load(Ordering::Acquire);
        heard != u64::MAX && now <= Duration::from_micros(heard).saturating_add(self.fresh_for)
    }

    /// Puts another filter in place.
    pub(crate) fn set_filter(&self, filter: Option<Arc<Filter>>) {
        *self.filter.write().unwrap_or_else(PoisonError::into_inner) = filter;
    }

    /// The filter, whether or not its *no* is trusted.
    pub(crate) fn filter(&self) -> Option<Arc<Filter>> {
        self.filter.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The filter, if its *no* is trusted.
    pub(crate) fn trusted_filter(&self, now: Duration) -> Option<Arc<Filter>> {
        self.filter().filter(|_| self.is_fresh(now))
    }

    /// Which entries of Redis know of every change of their names that this process
    /// has heard of; a name without an entry has none to believe.
    pub(crate) fn believed(&self, names: &[Wanted<'_>], entries: &[Option<Entry>], now: Duration) -> Vec<bool> {
        let mut changed = self.changed();
        changed.rise(now);
        let pairs = names.iter().zip(entries);
        pairs.map(|(name, entry)| entry.as_ref().is_some_and(|entry| changed.knows(name, entry.number, now))).collect()
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changed {
    /// Notes changes, which were heard of just now.
    fn note(&mut self, changes: &Changes, now: Duration, remembered_for: Duration) {
        let later = now.saturating_add(remembered_for);
        self.rise(now);
        if self.last.is_some_and(|last| changes.last < last) {
            *self = Changed { none_until: later, ..Changed::default() };
        } else if self.last.is_none() {
            // what changed before is not named
            self.raise(changes.after);
        }
        self.last = Some(changes.last);
        if changes.all || self.names.len() + changes.names.len() > CHANGED_MAX {
            self.raise(changes.last);
        } else if !changes.names.is_empty() {
            // each of them at the latest with the last one
            self.names.extend(changes.names.iter().map(|name| (key(&name.wanted()), changes.last)));
            self.rising.push_back((later, changes.last));
            if self.rising.len() > RISING_MAX
                && let Some((_, number)) = self.rising.pop_front()
            {
                self.raise(number);
            }
        }
    }

    /// Lets the floor rise to where it is by now.
    fn rise(&mut self, now: Duration) {
        let mut risen = None;
        while let Some((_, number)) = self.rising.front().filter(|(when, _)| *when <= now) {
            risen = Some(*number);
            self.rising.pop_front();
        }
        risen.into_iter().for_each(|number| self.raise(number));
    }

    fn raise(&mut self, floor: i64) {
        self.floor = self.floor.max(floor);
        self.names.retain(|_, number| *number > floor);
    }

    /// Whether what was written with this number knows of every change of a name.
    fn knows(&self, name: &Wanted<'_>, number: i64, now: Duration) -> bool {
        if now < self.none_until || number < self.floor {
            return false;
        }
        self.names.is_empty() || self.names.get(&key(name)).is_none_or(|changed| number >= *changed)
    }
}

#[cfg(test)]
mod tests;
