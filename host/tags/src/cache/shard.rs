//! One shard of the cache: a table from hashes to entries, and the hand that
//! makes room.

use crate::Wanted;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// A bounded table of answers.
pub(super) struct Shard {
    /// Where the entry of a hash stands. Two names with one hash (seldom: it has
    /// 64 bits) take turns in one entry; the name in it tells them apart.
    places: HashMap<u64, u32, BuildHasherDefault<AsIs>>,
    entries: Vec<Entry>,
    most: usize,
    /// The entry that the hand points at.
    hand: usize,
}

struct Entry {
    hash: u64,
    name: Name,
    answer: Option<Arc<str>>,
    /// From then on the answer is no longer taken.
    until: Duration,
    /// Whether it was asked for since the hand last came by.
    asked: bool,
}

impl Shard {
    pub(super) fn new(most: usize) -> Shard {
        let most = most.min(u32::MAX as usize);
        Shard { places: HashMap::default(), entries: Vec::new(), most, hand: 0 }
    }

    /// What is known about a name: an answer, which may be that there is none.
    pub(super) fn get(&mut self, hash: u64, name: &Wanted<'_>, now: Duration) -> Option<Option<Arc<str>>> {
        let entry = self.entries.get_mut(*self.places.get(&hash)? as usize)?;
        if now >= entry.until || !entry.name.is(name) {
            return None;
        }
        entry.asked = true;
        Some(entry.answer.clone())
    }

    /// Remembers an answer, in place of an older one if the shard is full.
    pub(super) fn put(
        &mut self,
        hash: u64,
        name: &Wanted<'_>,
        answer: Option<Arc<str>>,
        now: Duration,
        until: Duration,
    ) {
        if self.most == 0 {
            return;
        }
        let entry = Entry { hash, name: Name::of(name), answer, until, asked: false };
        if let Some(place) = self.places.get(&hash) {
            self.entries[*place as usize] = entry;
        } else if self.entries.len() < self.most {
            self.places.insert(hash, self.entries.len() as u32);
            self.entries.push(entry);
        } else {
            let place = self.make_room(now);
            self.places.remove(&self.entries[place].hash);
            self.places.insert(hash, place as u32);
            self.entries[place] = entry;
        }
    }

    /// The place of the first entry that has had its second chance. The hand
    /// stops within one turn, because it takes the chances as it goes.
    fn make_room(&mut self, now: Duration) -> usize {
        loop {
            let place = self.hand;
            self.hand = (self.hand + 1) % self.entries.len();
            let entry = &mut self.entries[place];
            if !std::mem::take(&mut entry.asked) || now >= entry.until {
                return place;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.places.len(), self.entries.len());
        self.entries.len()
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

    fn is(&self, name: &Wanted<'_>) -> bool {
        let (words, id) = self.texts.split_at(usize::from(self.attribute_end));
        let (entity, attribute) = words.split_at(usize::from(self.entity_end));
        *name == Wanted { entity, attribute, id }
    }
}

/// A hasher for what is a hash already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        // only 64-bit keys are hashed here
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
