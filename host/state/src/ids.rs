//! The ids that a lane remembers of one tenant and source, so that a repeat is known.
//!
//! What is remembered is a matter of the lane's order and clock alone: of the
//! newest so many, those that came within so long of the clock. What is in
//! memory is more: an id is dropped by the clock of the last commit only, so that
//! an abort brings back nothing that was dropped.

use crate::entry::{Entry, Settled};
use hashbrown::HashTable;
use std::collections::VecDeque;

#[cfg(test)]
mod tests;

/// Ids of one allocation: large tables grow without being copied.
const CHUNK: usize = 1_024;

/// What the lane remembers of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) id: [u8; 16],
    pub(crate) content: [u8; 16],
    pub(crate) offset: u64,
    /// The lane's clock before the record.
    pub(crate) clock: Option<i64>,
    pub(crate) settled: Settled,
}

impl Remembered {
    /// What is remembered of a record that came when the clock was so.
    pub(crate) fn of(entry: &Entry, clock: Option<i64>, settled: Settled) -> Remembered {
        Remembered { id: entry.id, content: entry.content, offset: entry.offset, clock, settled }
    }
}

/// A [`Remembered`] as it is stored: a clock that was unset is the least number.
#[derive(Clone, Copy, Debug)]
struct Stored {
    id: [u8; 16],
    content: [u8; 16],
    offset: u64,
    clock: i64,
    settled: Settled,
}

/// How long ids are remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Most ids.
    pub(crate) ids: u64,
    /// Longest time, in milliseconds of the lane's clock.
    pub(crate) repeats: i64,
}

/// The lane's clock as ids are aged by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ages {
    pub(crate) clock: Option<i64>,
    /// Its first value: ids that came before it are aged from there.
    pub(crate) began: Option<i64>,
}

/// The ids of one tenant and source. Each has a sequence number, in lane order.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    chunks: VecDeque<Vec<Stored>>,
    /// The number of the first place of the first chunk.
    base: u64,
    /// The oldest that is in memory.
    oldest: u64,
    /// The first that is not committed.
    open: u64,
    next: u64,
    /// By the id's mark: the lowest bits of the newest number of each id.
    newest: HashTable<Place>,
}

/// Where an id is. The mark spares a look at the id itself where the table
/// grows, and nearly always where ids differ.
#[derive(Clone, Copy, Debug)]
struct Place {
    mark: u32,
    number: u32,
}

/// What an id's push replaced, for the log that takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pushed {
    pub(crate) number: u64,
    /// The number that the same id had before.
    replaced: Option<u64>,
}

impl Ids {
    /// The number of the newest record of this id that is in memory.
    pub(crate) fn newest(&self, id: &[u8; 16]) -> Option<u64> {
        let mark = mark(id);
        let is_it = |held: &Place| held.mark == mark && self.stored(self.number(*held)).is_some_and(|it| it.id == *id);
        Some(self.number(*self.newest.find(spread(mark), is_it)?))
    }

    /// The record of a number, if it is still remembered.
    pub(crate) fn recall(&self, number: u64, memory: Memory, ages: Ages) -> Option<Remembered> {
        let found = self.get(number)?;
        self.remembers(number, self.next, found.clock, memory, ages).then_some(found)
    }

    /// Whether a number is still remembered when `next` is the one to come.
    fn remembers(&self, number: u64, next: u64, clock: Option<i64>, memory: Memory, ages: Ages) -> bool {
        let young = match (clock.or(ages.began), ages.clock) {
            (Some(then), Some(now)) => now <= then.saturating_add(memory.repeats),
            _ => true,
        };
        young && next.saturating_sub(number) <= memory.ids
    }

    /// Remembers a record behind all others. `replaced` is what [`Ids::newest`] says of its id.
    pub(crate) fn push(&mut self, new: Remembered, replaced: Option<u64>) -> Pushed {
        let number = self.next;
        self.next += 1;
        let Remembered { id, content, offset, clock, settled } = new;
        let stored = Stored { id, content, offset, clock: clock.unwrap_or(i64::MIN), settled };
        match self.chunks.back_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => chunk.push(stored),
            None => {
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 4 } else { CHUNK });
                chunk.push(stored);
                self.chunks.push_back(chunk);
            }
        }
        self.point(&id, replaced, Some(number));
        Pushed { number, replaced }
    }

    /// Takes the last push back.
    pub(crate) fn undo(&mut self, pushed: Pushed) {
        let Some(chunk) = self.chunks.back_mut() else { return };
        let Some(gone) = chunk.pop() else { return };
        if chunk.is_empty() {
            self.chunks.pop_back();
        }
        self.next = pushed.number;
        let before = pushed.replaced.filter(|number| *number >= self.oldest);
        self.point(&gone.id, Some(pushed.number), before);
    }

    /// Lets the table point to `to` where it points to `from`.
    fn point(&mut self, id: &[u8; 16], from: Option<u64>, to: Option<u64>) {
        let mark = mark(id);
        let place = |number: u64| Place { mark, number: number as u32 };
        let entry = from.and_then(|from| {
            let from = place(from);
            self.newest.find_entry(spread(mark), |held| held.mark == mark && held.number == from.number).ok()
        });
        match (entry, to) {
            (Some(mut entry), Some(to)) => *entry.get_mut() = place(to),
            (Some(entry), None) => drop(entry.remove()),
            (None, Some(to)) => {
                self.newest.insert_unique(spread(mark), place(to), |held| spread(held.mark));
            }
            (None, None) => {}
        }
    }

    /// The number whose lowest bits a place has. Fewer than 2^32 are in memory.
    fn number(&self, place: Place) -> u64 {
        self.oldest.wrapping_add(u64::from(place.number.wrapping_sub(self.oldest as u32)))
    }

    fn stored(&self, number: u64) -> Option<&Stored> {
        let at = usize::try_from(number.checked_sub(self.base)?).ok()?;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK).filter(|_| number >= self.oldest)
    }

    /// What is stored under a number.
    pub(crate) fn get(&self, number: u64) -> Option<Remembered> {
        let Stored { id, content, offset, clock, settled } = *self.stored(number)?;
        Some(Remembered { id, content, offset, clock: (clock != i64::MIN).then_some(clock), settled })
    }

    /// Notes what was decided.
    pub(crate) fn settle(&mut self, number: u64, settled: Settled) {
        let Some(at) = number.checked_sub(self.base).and_then(|at| usize::try_from(at).ok()) else { return };
        if let Some(stored) = self.chunks.get_mut(at / CHUNK).and_then(|chunk| chunk.get_mut(at % CHUNK)) {
            stored.settled = settled;
        }
    }

    /// The next open one is committed.
    pub(crate) fn commit(&mut self) {
        self.open = self.next.min(self.open + 1);
    }

    /// Drops what nobody will remember whatever comes, seen from the last commit.
    pub(crate) fn expire(&mut self, memory: Memory, ages: Ages) {
        while self.oldest < self.open {
            let number = self.oldest;
            let Some(found) = self.get(number) else { break };
            if self.remembers(number, self.open, found.clock, memory, ages) {
                break;
            }
            self.point(&found.id, Some(number), None);
            self.oldest += 1;
            if self.oldest - self.base == CHUNK as u64 {
                self.chunks.pop_front();
                self.base = self.oldest;
            }
        }
    }

    /// The offset of the oldest one that is committed and in memory.
    pub(crate) fn oldest_committed(&self) -> Option<u64> {
        self.stored(self.oldest).filter(|_| self.oldest < self.open).map(|stored| stored.offset)
    }

    /// How many are in memory.
    pub(crate) fn len(&self) -> u64 {
        self.next - self.oldest
    }

    /// The bytes of memory that they take up.
    pub(crate) fn heap_bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.capacity() * size_of::<Stored>()).sum();
        chunks + self.newest.allocation_size()
    }
}

/// Some bits of an id; it is a hash already.
fn mark(id: &[u8; 16]) -> u32 {
    let [a, b, c, d, ..] = *id;
    u32::from_le_bytes([a, b, c, d])
}

/// A mark spread over 64 bits, since a table looks at the highest and the lowest.
fn spread(mark: u32) -> u64 {
    u64::from(mark).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
