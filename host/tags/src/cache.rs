//! The process cache: what a running host has looked up lately, hits and
//! absences alike, so that a batch seldom waits for anybody.
//!
//! The tables are moka's: bounded, shared by all threads, and hard to wear out with
//! ids that are asked for once (W-TinyLFU). Tags and absences have a table each, so
//! that unknown ids never push a tag out, however many of them are asked for. What is
//! fresh and what is only better than nothing is for us to say, by the caller's time;
//! moka drops what is neither. Its single flight is for one key at a time, while we
//! ask in batches: see `flights`.

use crate::Wanted;
use foldhash::fast::RandomState;
use moka::{Equivalent, sync};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// The longest time that moka is told; it refuses a thousand years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// What is known of a name: a value, or that there is none.
pub type Known = Option<Arc<str>>;

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
    present: Table,
    absent: Table,
}

/// Hashed with a seed of this process: who chooses ids cannot choose collisions.
type Table = sync::Cache<Name, Entry, RandomState>;

#[derive(Clone)]
struct Entry {
    answer: Known,
    /// From then on it is asked for again.
    fresh: Duration,
    /// From then on it is of no use at all.
    usable: Duration,
}

impl Cache {
    /// An empty cache.
    pub fn new(bounds: Bounds) -> Cache {
        let lives = bounds.stale.max(bounds.ttl).min(LONGEST);
        let table = |most| {
            let builder = sync::Cache::builder().max_capacity(most).time_to_live(lives);
            builder.build_with_hasher(RandomState::default())
        };
        Cache { bounds, present: table(bounds.present_max), absent: table(bounds.absent_max) }
    }

    /// What is known about a name and fresh: an answer, which may be that there
    /// is no tag.
    pub fn get(&self, name: &Wanted<'_>, now: Duration) -> Option<Known> {
        self.find(name, |entry| now < entry.fresh)
    }

    /// What was known about a name, where nobody can be asked.
    pub fn get_old(&self, name: &Wanted<'_>, now: Duration) -> Option<Known> {
        self.find(name, |entry| now < entry.usable)
    }

    /// Remembers an answer. The name has to be one that a tag could have, so that
    /// the size of an entry is bounded too.
    pub fn put(&self, name: &Wanted<'_>, answer: Known, now: Duration) {
        let (table, other) = match answer {
            Some(_) => (&self.present, &self.absent),
            None => (&self.absent, &self.present),
        };
        let fresh = now.saturating_add(self.bounds.ttl);
        let usable = now.saturating_add(self.bounds.stale.max(self.bounds.ttl));
        other.invalidate(name);
        table.insert(Name::of(name), Entry { answer, fresh, usable });
    }

    /// Forgets a name that has changed.
    pub fn forget(&self, name: &Wanted<'_>) {
        self.present.invalidate(name);
        self.absent.invalidate(name);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.present.invalidate_all();
        self.absent.invalidate_all();
    }

    /// How many tags and how many absences it holds.
    pub fn len(&self) -> (u64, u64) {
        let count = |table: &Table| {
            table.run_pending_tasks();
            table.entry_count()
        };
        (count(&self.present), count(&self.absent))
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    fn find(&self, name: &Wanted<'_>, good: impl Fn(&Entry) -> bool) -> Option<Known> {
        let found = [&self.present, &self.absent].into_iter().find_map(|table| table.get(name).filter(&good));
        found.map(|entry| entry.answer)
    }
}

/// An owned [`Wanted`]: its three texts end to end, in one piece of memory.
struct Name {
    texts: Box<str>,
    entity_end: u16,
    attribute_end: u16,
}

impl Name {
    /// The bounds of [`crate::tag`] let the ends fit.
    fn of(name: &Wanted<'_>) -> Name {
        let texts = [name.entity, name.attribute, name.id].concat().into_boxed_str();
        let entity_end = name.entity.len() as u16;
        Name { texts, entity_end, attribute_end: entity_end + name.attribute.len() as u16 }
    }

    fn wanted(&self) -> Wanted<'_> {
        let (words, id) = self.texts.split_at(usize::from(self.attribute_end));
        let (entity, attribute) = words.split_at(usize::from(self.entity_end));
        Wanted { entity, attribute, id }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.wanted() == other.wanted()
    }
}

impl Eq for Name {}

/// As [`Wanted`] hashes, by which it is looked up.
impl Hash for Name {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.wanted().hash(hasher);
    }
}

impl Equivalent<Name> for Wanted<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        *self == name.wanted()
    }
}

#[cfg(test)]
mod tests;
