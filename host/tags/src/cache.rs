//! The process cache: what a running host has looked up lately, hits and
//! absences alike, so that a batch seldom waits for anybody.
//!
//! Bounded, in shards with a lock each, which is held for one name at a time.
//! When a table is full a hand goes round its entries, and takes the first that
//! has not been asked for since it last came by (second chance): a storm of ids,
//! each asked for once, wears out its own entries and leaves those in use alone.
//!
//! Rejected: moka. Its policy is finer, but to keep it each hit writes into a
//! queue and moves entries in lists, which makes a hit two or three times as dear as
//! here (the benchmark `look_up` prints both); and its single flight is for one
//! key at a time, while we ask in batches: see `flights`.

mod shard;

use crate::Wanted;
use foldhash::fast::RandomState;
use shard::{Known, Shard, Until};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Shards of a cache that is large enough: many more than threads look up at once.
const SHARDS: usize = 64;
/// The least entries of a shard, below which a smaller cache has just one.
const SHARD_MIN: usize = 64;

/// How many answers are kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long an answer is taken without asking again.
    pub ttl: Duration,
    /// How old an answer may be where nobody can be asked.
    pub stale: Duration,
    /// Most tags.
    pub present_max: u64,
    /// Most names without a tag.
    pub absent_max: u64,
}

/// The process cache. Times are since some moment of the caller's.
pub struct Cache {
    bounds: Bounds,
    /// Seeded anew in each process: who chooses ids cannot choose collisions.
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

impl Cache {
    /// An empty cache.
    pub fn new(bounds: Bounds) -> Cache {
        let present = usize::try_from(bounds.present_max).unwrap_or(usize::MAX);
        let absent = usize::try_from(bounds.absent_max).unwrap_or(usize::MAX);
        let shards = if present >= SHARDS * SHARD_MIN { SHARDS } else { 1 };
        Cache {
            bounds,
            hasher: RandomState::default(),
            shards: (0..shards).map(|_| Mutex::new(Shard::new(present / shards, absent / shards))).collect(),
        }
    }

    /// What is known about a name and fresh: an answer, which may be that there
    /// is no tag.
    pub fn get(&self, name: &Wanted<'_>, now: Duration) -> Option<Known> {
        let hash = self.hasher.hash_one(name);
        self.shard(hash).get(hash, name, now)
    }

    /// What was known about a name, where nobody can be asked.
    pub fn get_old(&self, name: &Wanted<'_>, now: Duration) -> Option<Known> {
        let hash = self.hasher.hash_one(name);
        self.shard(hash).get_old(hash, name, now)
    }

    /// Remembers an answer. The name has to be one that a tag could have, so that
    /// the size of an entry is bounded too.
    pub fn put(&self, name: &Wanted<'_>, answer: Known, now: Duration) {
        let fresh = now.saturating_add(self.bounds.ttl);
        let usable = now.saturating_add(self.bounds.stale.max(self.bounds.ttl));
        let hash = self.hasher.hash_one(name);
        self.shard(hash).put(hash, name, answer, now, Until { fresh, usable });
    }

    /// Forgets a name that has changed.
    pub fn forget(&self, name: &Wanted<'_>) {
        let hash = self.hasher.hash_one(name);
        self.shard(hash).remove(hash, name);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.shards.iter().for_each(|shard| lock(shard).clear());
    }

    /// How many tags and how many absences it holds.
    pub fn len(&self) -> (usize, usize) {
        let lengths = self.shards.iter().map(|shard| lock(shard).len());
        lengths.fold((0, 0), |(present, absent), (more, none)| (present + more, absent + none))
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// The shard of a hash, by bits that its table uses least.
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(hash >> 32) as usize % self.shards.len()])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
