//! The series of a shard by their names: family and key.

use super::key::Key;
use hashbrown::HashTable;
use sandgate_window::Series;

/// The series, each at a place that it keeps.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    places: HashTable<Place>,
    /// Where the two sweeps go on.
    looked: usize,
    swept: usize,
}

/// Where a series may be. The tag spares nearly every look at a series that it is
/// not, and all of them where the table grows.
#[derive(Clone, Copy, Debug)]
struct Place {
    tag: u32,
    at: u32,
}

impl Place {
    /// The tag spread over 64 bits, since a table looks at the highest and the lowest.
    fn spread(tag: u32) -> u64 {
        u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// A series and its name, or a free place.
#[derive(Debug)]
struct Slot {
    tag: u32,
    /// The number of its family; [`FREE`] of a free place.
    family: u64,
    key: Key,
    /// How many late events of it are open: it is not settled meanwhile.
    late: u32,
    /// No event is newer than this.
    newest: i64,
    /// The horizon that it was settled at last.
    settled: i64,
    series: Series,
}

const FREE: u64 = u64::MAX;

/// What a series is called: its family by number, its key, and a hash of both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'k> {
    pub(crate) family: u64,
    pub(crate) key: &'k [u8],
    pub(crate) hash: u64,
}

impl Name<'_> {
    fn tag(self) -> u32 {
        self.hash as u32
    }
}

impl Slot {
    fn is(&self, name: Name<'_>) -> bool {
        self.tag == name.tag() && self.family == name.family && self.key.bytes() == name.key
    }
}

impl Table {
    /// The place of a series; a good guess spares the search.
    pub(crate) fn find(&self, name: Name<'_>, guess: Option<usize>) -> Option<usize> {
        if let Some(at) = guess.filter(|at| self.is(*at, name)) {
            return Some(at);
        }
        let tag = name.tag();
        let is_it = |place: &Place| place.tag == tag && self.is(place.at as usize, name);
        self.places.find(Place::spread(tag), is_it).map(|place| place.at as usize)
    }

    /// A place where a series of that hash may be, found without a look at any.
    pub(super) fn guess(&self, hash: u64) -> Option<usize> {
        let tag = hash as u32;
        self.places.find(Place::spread(tag), |place| place.tag == tag).map(|place| place.at as usize)
    }

    /// Reads the series at a place ahead of its use.
    pub(super) fn warm(&self, at: usize) -> u64 {
        self.slots.get(at).map_or(0, |slot| slot.series.warm())
    }

    /// Whether a place is that of this series.
    pub(super) fn is(&self, at: usize, name: Name<'_>) -> bool {
        self.slots.get(at).is_some_and(|slot| slot.is(name))
    }

    /// A new series, which must not be there; nothing of it is to be settled yet.
    pub(super) fn make(&mut self, name: Name<'_>, horizon: Option<i64>) -> usize {
        let tag = name.tag();
        let slot = Slot {
            tag,
            family: name.family,
            key: Key::new(name.key),
            late: 0,
            newest: i64::MIN,
            settled: horizon.unwrap_or(i64::MIN),
            series: Series::default(),
        };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.slots.get_mut(at as usize) {
                    *place = slot;
                }
                at
            }
            None => {
                self.slots.push(slot);
                // more than 2^32 series do not fit into memory
                (self.slots.len() - 1) as u32
            }
        };
        self.places.insert_unique(Place::spread(tag), Place { tag, at }, |place| Place::spread(place.tag));
        at as usize
    }

    /// The series at a place, and the number of its family.
    pub(super) fn get_mut(&mut self, at: usize) -> Option<(&mut Series, u64)> {
        let slot = self.slots.get_mut(at).filter(|slot| slot.family != FREE)?;
        Some((&mut slot.series, slot.family))
    }

    /// Notes that a series got an event of that time, and whether it holds back
    /// the settling until [`Table::let_go`].
    pub(super) fn added(&mut self, at: usize, time: i64, late: bool) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.newest = slot.newest.max(time);
            slot.late += u32::from(late);
        }
    }

    /// Notes that a late event of a series is no longer open.
    pub(super) fn let_go(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.late = slot.late.saturating_sub(1);
        }
    }

    /// The series at a place if it is worth settling at this horizon: `worth` says
    /// by how much it must have moved, for the family.
    pub(super) fn due(
        &mut self,
        at: usize,
        horizon: i64,
        worth: impl FnOnce(u64) -> i64,
    ) -> Option<(&mut Series, u64)> {
        let slot = self.slots.get_mut(at).filter(|slot| slot.family != FREE && slot.late == 0)?;
        let family = slot.family;
        if horizon.saturating_sub(slot.settled) < worth(family) {
            return None;
        }
        slot.settled = horizon;
        Some((&mut slot.series, family))
    }

    /// The next of all places in turn if nothing of it can be reached any more:
    /// `floor` is the newest time that is out of reach, for the family.
    pub(super) fn next_dead(&mut self, floor: impl FnOnce(u64) -> i64) -> Option<usize> {
        let at = if self.looked < self.slots.len() { self.looked } else { 0 };
        self.looked = at + 1;
        let slot = self.slots.get(at).filter(|slot| slot.family != FREE)?;
        (slot.newest <= floor(slot.family)).then_some(at)
    }

    /// The next of all places in turn.
    pub(super) fn next(&mut self) -> usize {
        let at = if self.swept < self.slots.len() { self.swept } else { 0 };
        self.swept = at + 1;
        at
    }

    /// Frees the place of a series that holds nothing any more.
    pub(super) fn drop_if_empty(&mut self, at: usize) {
        let Some(slot) = self.slots.get_mut(at).filter(|slot| slot.family != FREE && slot.series.is_empty()) else {
            return;
        };
        let place = at as u32;
        if let Ok(entry) = self.places.find_entry(Place::spread(slot.tag), |other| other.at == place) {
            entry.remove();
        }
        (slot.family, slot.key, slot.series) = (FREE, Key::new(&[]), Series::default());
        self.free.push(place);
    }

    /// All series: the number of the family, the bytes of memory, how many events.
    pub(super) fn sizes(&self) -> impl Iterator<Item = (u64, usize, usize)> {
        let taken = self.slots.iter().filter(|slot| slot.family != FREE);
        taken.map(|slot| (slot.family, slot.key.heap_bytes() + slot.series.heap_bytes(), slot.series.len()))
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
