//! The filter of known ids: whether an entity has any tag at all, answered from
//! memory. It protects the database from ids that nobody has ever tagged.
//!
//! A *yes* may be wrong, and is asked for. A *no* is right as long as the host
//! knows of every change: it is trusted only while the change feed is fresh, and
//! [`crate::cascade`] asks that first. Ids that are deleted stay in it.

use crate::Wanted;
use fastbloom::AtomicBloomFilter;
use foldhash::fast::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids that a filter is made for, beyond those there are, so that it need not be
/// made anew with every new one.
const ROOM: u64 = 10_000;
/// A filter that answers too often with a wrong *yes* protects nobody.
const FALSE_YES: f64 = 0.01;

/// The known ids of all entities.
pub(crate) struct Filter {
    ids: AtomicBloomFilter<RandomState>,
    /// How many it holds, and how many it is made for.
    held: AtomicU64,
    most: u64,
}

impl Filter {
    /// An empty filter for about so many tags, of at most so many bytes.
    pub(crate) fn new(tags: u64, bytes_max: u64) -> Filter {
        let most = tags.saturating_add(tags / 2).saturating_add(ROOM);
        // a wrong yes in a hundred needs 9.6 bits for each id
        let bits = most.saturating_mul(10).min(bytes_max.saturating_mul(8)).max(64);
        let most = most.min(bits / 5);
        let items = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        let bits = usize::try_from(bits).unwrap_or(usize::MAX);
        let ids = AtomicBloomFilter::with_num_bits(bits).hasher(RandomState::default()).expected_items(items);
        debug_assert!(ids.expected_false_pos(items / 2) < 10.0 * FALSE_YES);
        Filter { ids, held: AtomicU64::new(0), most }
    }

    pub(crate) fn insert(&self, entity: &str, id: &str) {
        if !self.ids.insert(&(entity, id)) {
            self.held.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether there may be a tag of this name.
    pub(crate) fn may_know(&self, name: &Wanted<'_>) -> bool {
        self.ids.contains(&(name.entity, name.id))
    }

    /// Whether so many ids were added that a new one should be made.
    pub(crate) fn is_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.most
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use crate::Wanted;

    fn name<'a>(entity: &'a str, id: &'a str) -> Wanted<'a> {
        Wanted { entity, attribute: "level", id }
    }

    #[test]
    fn it_knows_every_id_that_was_added_and_few_others() {
        let filter = Filter::new(20_000, 1 << 20);
        let ids: Vec<String> = (0..20_000).map(|id| id.to_string()).collect();
        ids.iter().for_each(|id| filter.insert("account", id));
        assert!(ids.iter().all(|id| filter.may_know(&name("account", id))));
        let wrong = ids.iter().filter(|id| filter.may_know(&name("device", id))).count();
        assert!(wrong < 400, "{wrong} of 20,000 unknown ids seem known");
        assert!(!filter.is_full());
    }

    #[test]
    fn it_stays_within_its_bytes_and_says_when_it_is_full() {
        let filter = Filter::new(1_000_000, 1_000);
        assert!(filter.ids.num_bits() <= 8_192, "{}", filter.ids.num_bits());
        for id in 0..100_000 {
            filter.insert("account", &id.to_string());
        }
        assert!(filter.is_full());
    }
}
