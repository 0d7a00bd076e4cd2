//! The series of a shard by their names: family and key.

use hashbrown::HashTable;
use sandgate_window::Series;

/// The series, each at a place that it keeps.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    places: HashTable<u32>,
    /// Where the sweep goes on.
    swept: usize,
}

/// A series and its name, or a free place.
#[derive(Debug)]
struct Slot {
    hash: u64,
    /// The number of its family; [`FREE`] of a free place.
    family: u32,
    key: Box<[u8]>,
    series: Series,
}

const FREE: u32 = u32::MAX;

impl Slot {
    fn is(&self, family: usize, hash: u64, key: &[u8]) -> bool {
        self.hash == hash && self.family as usize == family && *self.key == *key
    }
}

impl Table {
    /// The place of a series.
    pub(crate) fn find(&self, family: usize, hash: u64, key: &[u8]) -> Option<usize> {
        let is_it = |at: &u32| self.slots.get(*at as usize).is_some_and(|slot| slot.is(family, hash, key));
        self.places.find(hash, is_it).map(|at| *at as usize)
    }

    /// Whether a place is still that of this series.
    pub(super) fn is(&self, at: usize, family: usize, hash: u64, key: &[u8]) -> bool {
        self.slots.get(at).is_some_and(|slot| slot.is(family, hash, key))
    }

    /// A new series, which must not be there.
    pub(super) fn make(&mut self, family: usize, hash: u64, key: &[u8]) -> usize {
        // more than 2^32 series or families do not fit into memory
        let slot = Slot { hash, family: family as u32, key: key.into(), series: Series::default() };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.slots.get_mut(at as usize) {
                    *place = slot;
                }
                at
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        let slots = &self.slots;
        self.places.insert_unique(hash, at, |at| slots.get(*at as usize).map_or(0, |slot| slot.hash));
        at as usize
    }

    /// The series at a place, and the number of its family.
    pub(super) fn get_mut(&mut self, at: usize) -> Option<(&mut Series, usize)> {
        let slot = self.slots.get_mut(at).filter(|slot| slot.family != FREE)?;
        Some((&mut slot.series, slot.family as usize))
    }

    /// The next place that a sweep looks at, if there is any.
    pub(super) fn next(&mut self) -> Option<usize> {
        let at = if self.swept < self.slots.len() { self.swept } else { 0 };
        self.swept = at + 1;
        (at < self.slots.len()).then_some(at)
    }

    /// Frees the place of a series that holds nothing any more.
    pub(super) fn drop_if_empty(&mut self, at: usize) {
        let Some(slot) = self.slots.get_mut(at).filter(|slot| slot.family != FREE && slot.series.is_empty()) else {
            return;
        };
        let place = at as u32;
        if let Ok(entry) = self.places.find_entry(slot.hash, |other| *other == place) {
            entry.remove();
        }
        (slot.family, slot.key, slot.series) = (FREE, Box::default(), Series::default());
        self.free.push(place);
    }

    /// All series: the number of the family, the key, the events.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[u8], &Series)> {
        let taken = self.slots.iter().filter(|slot| slot.family != FREE);
        taken.map(|slot| (slot.family as usize, &*slot.key, &slot.series))
    }

    /// The series at a place.
    pub(crate) fn series(&self, at: usize) -> Option<&Series> {
        self.slots.get(at).map(|slot| &slot.series)
    }

    /// The bytes of memory beside keys and series themselves.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
            + self.free.capacity() * size_of::<u32>()
            + self.places.allocation_size()
    }
}
