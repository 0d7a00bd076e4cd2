//! The process cache: what a running host has looked up lately, hits and
//! absences alike, so that a batch seldom waits for the database.
//!
//! Bounded, in shards with a lock each, which is held for one name at a time.
//! When a shard is full a hand goes round its entries, and takes the first that
//! has not been asked for since it last came by (second chance): a storm of
//! unknown ids, each asked for once, wears out its own entries and leaves those
//! in use alone.
//!
//! Rejected: moka. Its policy is finer, but to keep it each hit writes into a
//! queue and moves entries in lists, which made a hit four times as dear as here;
//! and its single flight is for one key at a time, while we ask in batches.
//!
//! Absent on purpose: invalidation (an entry lives for its `ttl`) and single
//! flight (two threads that miss the same tag both ask; the store is a file).

mod shard;

use crate::{Config, Error, Store, Wanted};
use foldhash::fast::RandomState;
use shard::Shard;
use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shards of a cache that is large enough: many more than threads look up at once.
const SHARDS: usize = 64;
/// The least entries of a shard, below which a smaller cache has just one.
const SHARD_MIN: usize = 64;

/// A store with the process cache before it.
pub struct Cached<S> {
    store: S,
    ttl: Duration,
    /// Times in the cache are counted from here.
    origin: Instant,
    /// Seeded anew in each process: who chooses ids cannot choose collisions.
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

impl<S: Store> Cached<S> {
    /// Puts a cache with the bounds of the configuration before a store.
    pub fn new(store: S, config: &Config) -> Cached<S> {
        let entries = usize::try_from(config.entries_max).unwrap_or(usize::MAX);
        let shards = if entries >= SHARDS * SHARD_MIN { SHARDS } else { 1 };
        Cached {
            store,
            ttl: config.ttl,
            origin: Instant::now(),
            hasher: RandomState::default(),
            shards: (0..shards).map(|_| Mutex::new(Shard::new(entries / shards))).collect(),
        }
    }

    /// [`Store::look_up`] at a time since the cache was made.
    fn look_up_at(&self, now: Duration, wanted: &[Wanted<'_>], found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        found.clear();
        let mut missing = Vec::new();
        for (index, name) in wanted.iter().enumerate() {
            let hash = self.hasher.hash_one(name);
            let known = self.shard(hash).get(hash, name, now);
            if known.is_none() {
                missing.push(index);
            }
            found.push(known.flatten());
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.look_up_missing(now, wanted, &missing, found).inspect_err(|_| found.clear())
    }

    /// Asks the store for what the cache did not know: each name once.
    fn look_up_missing(
        &self,
        now: Duration,
        wanted: &[Wanted<'_>],
        missing: &[usize],
        found: &mut [Option<Arc<str>>],
    ) -> Result<(), Error> {
        let mut names = Vec::with_capacity(missing.len());
        let mut places = HashMap::with_capacity_and_hasher(missing.len(), self.hasher.clone());
        for index in missing {
            places.entry(wanted[*index]).or_insert_with_key(|name| {
                names.push(*name);
                names.len() - 1
            });
        }
        let mut answers = Vec::with_capacity(names.len());
        self.store.look_up(&names, &mut answers)?;
        let until = now.saturating_add(self.ttl);
        for (name, answer) in names.iter().zip(&answers) {
            // only what could be a tag, so that the size of an entry is bounded too
            if name.check().is_ok() {
                let hash = self.hasher.hash_one(name);
                self.shard(hash).put(hash, name, answer.clone(), now, until);
            }
        }
        for index in missing {
            found[*index] = places.get(&wanted[*index]).and_then(|place| answers[*place].clone());
        }
        Ok(())
    }

    /// The shard of a hash, by bits that its table uses least.
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[(hash >> 32) as usize % self.shards.len()];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> Store for Cached<S> {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        self.look_up_at(self.origin.elapsed(), wanted, found)
    }
}

#[cfg(test)]
mod tests {
    use super::Cached;
    use crate::{Config, Error, Store, Wanted};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// Knows the ids that begin with `known`, and notes what it was asked.
    #[derive(Default)]
    struct Noting {
        asked: Mutex<Vec<Vec<String>>>,
        broken: bool,
    }

    impl Store for Arc<Noting> {
        fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
            self.asked.lock().unwrap().push(wanted.iter().map(|name| name.id.to_owned()).collect());
            found.clear();
            if self.broken {
                return Err(Error::Missing { path: "nowhere".into() });
            }
            found.extend(wanted.iter().map(|name| name.id.starts_with("known").then(|| Arc::from(name.attribute))));
            Ok(())
        }
    }

    fn level(id: &str) -> Wanted<'_> {
        Wanted { entity: "account", attribute: "level", id }
    }

    fn cached(config: &Config) -> (Cached<Arc<Noting>>, Arc<Noting>) {
        let store = Arc::new(Noting::default());
        (Cached::new(Arc::clone(&store), config), store)
    }

    #[track_caller]
    fn check(store: &impl Store, ids: &[&str]) {
        let wanted: Vec<_> = ids.iter().map(|id| level(id)).collect();
        let mut found = vec![Some(Arc::from("left over"))];
        store.look_up(&wanted, &mut found).unwrap();
        let found: Vec<_> = found.iter().map(Option::as_deref).collect();
        let expected: Vec<_> = ids.iter().map(|id| id.starts_with("known").then_some("level")).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_batch_asks_once_for_each_name_and_an_absence_is_remembered() {
        let (cached, store) = cached(&Config::default());
        check(&cached, &["known 1", "nobody", "known 1", "nobody", "known 2"]);
        check(&cached, &["known 2", "known 3", "nobody"]);
        check(&cached, &["known 1", "known 2", "known 3", "nobody"]);
        check(&cached, &[]);
        assert_eq!(*store.asked.lock().unwrap(), [vec!["known 1", "nobody", "known 2"], vec!["known 3"]]);
    }

    #[test]
    fn names_with_equal_letters_are_not_mixed_up() {
        let (cached, _) = cached(&Config::default());
        let wanted = [
            Wanted { entity: "known", attribute: "ab", id: "known" },
            Wanted { entity: "knowna", attribute: "b", id: "known" },
            Wanted { entity: "known", attribute: "abk", id: "nown" },
        ];
        for _ in 0..2 {
            let mut found = Vec::new();
            cached.look_up(&wanted, &mut found).unwrap();
            assert_eq!(found, [Some(Arc::from("ab")), Some(Arc::from("b")), None]);
        }
    }

    #[test]
    fn an_answer_lives_as_long_as_its_ttl() {
        // now, and how often the store was asked by then
        let table = [
            (Duration::from_secs(60), &[(0, 1), (59, 1), (60, 2), (119, 2), (120, 3)][..]),
            (Duration::ZERO, &[(0, 1), (0, 2)]),
            (Duration::MAX, &[(0, 1), (1_000_000_000, 1)]),
        ];
        for (ttl, asks) in table {
            let (cached, store) = cached(&Config { ttl, ..Config::default() });
            for (now, asked) in asks {
                let mut found = Vec::new();
                cached.look_up_at(Duration::from_secs(*now), &[level("known")], &mut found).unwrap();
                assert_eq!(found, [Some(Arc::from("level"))]);
                assert_eq!(store.asked.lock().unwrap().len(), *asked, "at {now} s with {ttl:?}");
            }
        }
    }

    #[test]
    fn no_more_entries_are_kept_than_allowed() {
        for (entries_max, kept) in [(0, 0), (1, 1), (100, 100), (4096, 4096), (10_000, 9984)] {
            let (cached, _) = cached(&Config { entries_max, ..Config::default() });
            let ids: Vec<_> = (0..20_000).map(|id| format!("known {id}")).collect();
            check(&cached, &ids.iter().map(String::as_str).collect::<Vec<_>>());
            let entries: usize = cached.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
            assert_eq!(entries, kept, "of {entries_max}");
        }
    }

    #[test]
    fn a_storm_of_unknown_ids_does_not_push_the_known_ones_out() {
        let (cached, store) = cached(&Config { entries_max: 1000, ..Config::default() });
        let known: Vec<_> = (0..200).map(|id| format!("known {id}")).collect();
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        for _ in 0..5 {
            check(&cached, &known);
        }
        for storm in 0..50 {
            let unknown: Vec<_> = (0..400).map(|id| format!("unknown {storm} {id}")).collect();
            check(&cached, &unknown.iter().map(String::as_str).collect::<Vec<_>>());
            check(&cached, &known);
        }
        let asked = store.asked.lock().unwrap();
        let again = asked[1..].iter().flatten().filter(|id| id.starts_with("known")).count();
        // 10,000 look-ups of known ids beside 20,000 unknown ones
        assert!(again < 500, "{again} known ids were asked for again");
    }

    #[test]
    fn a_name_that_no_tag_can_have_takes_no_room() {
        let (cached, store) = cached(&Config::default());
        check(&cached, &["known\n"]);
        check(&cached, &["known\n"]);
        assert_eq!(store.asked.lock().unwrap().len(), 2);
    }

    #[test]
    fn a_failure_is_told_and_not_remembered() {
        let store = Arc::new(Noting { broken: true, ..Noting::default() });
        let cached = Cached::new(Arc::clone(&store), &Config::default());
        for _ in 0..2 {
            let mut found = vec![None];
            assert!(cached.look_up(&[level("known")], &mut found).is_err());
            assert!(found.is_empty());
        }
        assert_eq!(store.asked.lock().unwrap().len(), 2);
    }
}
