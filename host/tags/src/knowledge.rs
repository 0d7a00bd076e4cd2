//! What a process knows of tags without asking: its cache, the filter of known
//! ids, which names have changed of late, and how fresh all of that is.
//!
//! Look-ups read it, and the change feed corrects it. A change is taken in in an
//! order that leaves no gap: first the ways to an old value are closed (Redis,
//! the filter, questions on their way), then the cache forgets.

use crate::Wanted;
use crate::cache::{Bounds, Cache};
use crate::database::{Changes, Name};
use crate::filter::Filter;
use crate::flights::Flights;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Changed names that are remembered; with more, all names count as changed.
const CHANGED_MAX: usize = 100_000;
/// How much longer than `ttl` what has changed is not taken from Redis: what was
/// read before the change may have been written a deadline later.
const MARGIN: Duration = Duration::from_secs(5);

pub(crate) struct Knowledge {
    origin: Instant,
    pub(crate) cache: Cache,
    pub(crate) flights: Flights,
    filter: RwLock<Option<Arc<Filter>>>,
    changed: Mutex<Changed>,
    /// Microseconds from the origin to when the last successful question for
    /// changes began; none yet if the highest.
    heard: AtomicU64,
    /// How long after that the feed counts as fresh.
    fresh_for: Duration,
    /// How long Redis keeps what was written before a change.
    redis_ttl: Duration,
}

/// What is not taken from Redis, and until when.
#[derive(Default)]
struct Changed {
    names: HashMap<Name, Duration>,
    all_until: Duration,
}

impl Knowledge {
    pub(crate) fn new(bounds: Bounds, poll: Duration) -> Knowledge {
        Knowledge {
            origin: Instant::now(),
            cache: Cache::new(bounds),
            flights: Flights::default(),
            filter: RwLock::default(),
            changed: Mutex::default(),
            heard: AtomicU64::new(u64::MAX),
            fresh_for: poll.saturating_mul(4).max(Duration::from_secs(1)),
            redis_ttl: bounds.ttl.saturating_add(MARGIN),
        }
    }

    /// The time since the process began to know anything.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// How far back changes matter to a process that has just started.
    pub(crate) fn redis_ttl(&self) -> Duration {
        self.redis_ttl
    }

    /// Takes in what has changed, as it was asked for at `began`.
    pub(crate) fn take_in(&self, changes: &Changes, began: Duration) {
        let until = self.now().saturating_add(self.redis_ttl);
        if !changes.names.is_empty() || changes.all {
            let mut changed = self.changed();
            let now = self.now();
            changed.names.retain(|_, until| *until > now);
            if changes.all || changed.names.len() + changes.names.len() > CHANGED_MAX {
                changed.names.clear();
                changed.all_until = until;
            } else {
                changed.names.extend(changes.names.iter().map(|name| (name.clone(), until)));
            }
        }
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

    /// Whether Redis may still have what a name was before a change.
    pub(crate) fn may_be_old_in_redis(&self, name: &Wanted<'_>, now: Duration) -> bool {
        let changed = self.changed();
        if now < changed.all_until {
            return true;
        }
        if changed.names.is_empty() {
            return false;
        }
        let key = Name { entity: name.entity.into(), attribute: name.attribute.into(), id: name.id.into() };
        changed.names.get(&key).is_some_and(|until| now < *until)
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
