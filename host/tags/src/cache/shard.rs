//! One shard of the cache: a table from hashes to entries, and the hand that
//! makes room.

use crate::Wanted;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// What is known of a name: a value, or that there is none.
pub(super) type Known = Option<Arc<str>>;

/// Two tables: names without a tag must not push out those that have one, however
/// many of them are asked for.
pub(super) struct Shard {
    present: Table,
    absent: Table,
}

/// A bounded table of answers.
struct Table {
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
    answer: Known,
    /// From then on it is asked for again.
    fresh: Duration,
    /// From then on it is of no use at all.
    usable: Duration,
    /// Whether it was asked for since the hand last came by.
    asked: bool,
}

/// Until when an answer is taken.
#[derive(Clone, Copy)]
pub(super) struct Until {
    /// Without asking again.
    pub(super) fresh: Duration,
    /// Where nobody can be asked.
    pub(super) usable: Duration,
}

impl Shard {
    pub(super) fn new(present: usize, absent: usize) -> Shard {
        Shard { present: Table::new(present), absent: Table::new(absent) }
    }

    /// What is known and fresh.
    pub(super) fn get(&mut self, hash: u64, name: &Wanted<'_>, now: Duration) -> Option<Known> {
        let tables = [&mut self.present, &mut self.absent];
        tables.into_iter().find_map(|table| {
            let entry = table.entry(hash, name).filter(|entry| now < entry.fresh)?;
            entry.asked = true;
            Some(entry.answer.clone())
        })
    }

    /// What was known, if it is still usable.
    pub(super) fn get_old(&mut self, hash: u64, name: &Wanted<'_>, now: Duration) -> Option<Known> {
        let tables = [&mut self.present, &mut self.absent];
        tables.into_iter().find_map(|table| {
            let entry = table.entry(hash, name).filter(|entry| now < entry.usable)?;
            Some(entry.answer.clone())
        })
    }

    /// Remembers an answer, in place of an older one if there is no room.
    pub(super) fn put(&mut self, hash: u64, name: &Wanted<'_>, answer: Known, now: Duration, until: Until) {
        let (table, other) = match answer {
            Some(_) => (&mut self.present, &mut self.absent),
            None => (&mut self.absent, &mut self.present),
        };
        other.remove(hash, name);
        table.put(hash, name, answer, now, until);
    }

    pub(super) fn remove(&mut self, hash: u64, name: &Wanted<'_>) {
        self.present.remove(hash, name);
        self.absent.remove(hash, name);
    }

    pub(super) fn clear(&mut self) {
        for table in [&mut self.present, &mut self.absent] {
            *table = Table::new(table.most);
        }
    }

    /// How many tags and how many absences are kept.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.present.entries.len(), self.absent.entries.len())
    }
}

impl Table {
    fn new(most: usize) -> Table {
        let most = most.min(u32::MAX as usize);
        Table { places: HashMap::default(), entries: Vec::new(), most, hand: 0 }
    }

    fn entry(&mut self, hash: u64, name: &Wanted<'_>) -> Option<&mut Entry> {
        let place = *self.places.get(&hash)?;
        self.entries.get_mut(place as usize).filter(|entry| entry.name.is(name))
    }

    fn put(&mut self, hash: u64, name: &Wanted<'_>, answer: Known, now: Duration, until: Until) {
        if self.most == 0 {
            return;
        }
        let Until { fresh, usable } = until;
        let entry = Entry { hash, name: Name::of(name), answer, fresh, usable, asked: false };
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

    fn remove(&mut self, hash: u64, name: &Wanted<'_>) {
        if self.entry(hash, name).is_none() {
            return;
        }
        let Some(place) = self.places.remove(&hash) else { return };
        self.entries.swap_remove(place as usize);
        if let Some(moved) = self.entries.get(place as usize) {
            self.places.insert(moved.hash, place);
        }
        if self.hand >= self.entries.len() {
            self.hand = 0;
        }
    }

    /// The place of the first entry that has had its second chance. The hand
    /// stops within one turn, because it takes the chances as it goes.
    fn make_room(&mut self, now: Duration) -> usize {
        loop {
            let place = self.hand;
            self.hand = (self.hand + 1) % self.entries.len();
            let entry = &mut self.entries[place];
            if !std::mem::take(&mut entry.asked) || now >= entry.usable {
                return place;
            }
        }
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
