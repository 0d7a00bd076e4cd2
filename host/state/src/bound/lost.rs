//! The times of a family that are lost: when the events happened that were refused.
//!
//! One hull around them all would not do: a single event from the future would
//! make every window of the family doubtful until then. So there are stretches:
//! events that were refused close to each other are one, and what lies between
//! two stretches is known exactly. There are at most 64 of them; of more, the two
//! nearest become one, the oldest two of several that are as near.
//!
//! # Bytes
//! ```text
//! unsigned  how many stretches; each: signed its first moment, unsigned how much
//!           later its last one is
//! ```

use crate::varint::{self, Bytes};
use sandgate_window::Interval;

/// The most stretches that are told apart.
const STRETCHES_MAX: usize = 64;

/// Times that are lost, in order; no two touch each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    stretches: Vec<Stretch>,
}

/// From the first lost moment to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    first: i64,
    last: i64,
}

impl Stretch {
    fn with(self, other: &Stretch) -> Stretch {
        Stretch { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

impl Lost {
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Whether an interval touches any of it.
    pub(crate) fn touches(&self, interval: Interval) -> bool {
        let begun = self.stretches.partition_point(|stretch| stretch.first <= interval.upto);
        let newest = begun.checked_sub(1).and_then(|at| self.stretches.get(at));
        interval.after < interval.upto && newest.is_some_and(|stretch| interval.after < stretch.last)
    }

    /// Adds a moment; it becomes one with what is at most `near` milliseconds away.
    pub(super) fn add(&mut self, time: i64, near: i64) {
        self.join(Stretch { first: time, last: time }, near.unsigned_abs());
    }

    /// Adds what another has lost.
    pub(super) fn merge(&mut self, other: &Lost, near: i64) {
        other.stretches.iter().for_each(|stretch| self.join(*stretch, near.unsigned_abs()));
    }

    /// Forgets the stretches that end at or before the floor.
    pub(super) fn expire(&mut self, floor: i64) {
        let gone = self.stretches.partition_point(|stretch| stretch.last <= floor);
        self.stretches.drain(..gone);
    }

    fn join(&mut self, new: Stretch, near: u64) {
        let all = &mut self.stretches;
        let from = all.partition_point(|old| old.last < new.first && old.last.abs_diff(new.first) > near);
        let upto = all.partition_point(|old| old.first <= new.last || old.first.abs_diff(new.last) <= near);
        let joined = all.get(from..upto).unwrap_or_default().iter().fold(new, Stretch::with);
        all.splice(from..upto.max(from), [joined]);
        if all.len() > STRETCHES_MAX {
            self.join_nearest();
        }
    }

    fn join_nearest(&mut self) {
        let gaps = self.stretches.iter().zip(self.stretches.iter().skip(1));
        let nearest = gaps.enumerate().min_by_key(|(_, (left, right))| right.first.abs_diff(left.last));
        if let Some((at, (left, right))) = nearest {
            let joined = left.with(right);
            self.stretches.splice(at..at + 2, [joined]);
        }
    }

    /// Appends the bytes.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        varint::unsigned(self.stretches.len() as u64, out);
        for Stretch { first, last } in &self.stretches {
            varint::signed(*first, out);
            varint::unsigned(last.abs_diff(*first), out);
        }
    }

    /// Reads the bytes; `None` if they are not what is written.
    pub(super) fn decode(rest: &mut Bytes<'_>) -> Option<Lost> {
        let many = rest.unsigned()?;
        let mut stretches: Vec<Stretch> = Vec::new();
        for _ in 0..many {
            let first = rest.signed()?;
            let last = first.checked_add_unsigned(rest.unsigned()?)?;
            if stretches.last().is_some_and(|before| before.last >= first) {
                return None;
            }
            stretches.push(Stretch { first, last });
        }
        (stretches.len() <= STRETCHES_MAX).then_some(Lost { stretches })
    }
}
