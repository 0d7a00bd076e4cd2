//! Joining what is known of parts into what is known of the whole.
//!
//! Each measure is a monoid: there is an empty value, and joining is associative.
//! So it does not matter whether a set of events was scanned, or summed up from
//! summaries, or in which groups: the answer is the same to the last bit.

use crate::exact::Squares;

/// A measure of some events.
pub(super) trait Monoid: Copy {
    /// That of none.
    const EMPTY: Self;

    /// That of one event. `key` is the value that the measure is of.
    fn of(time: i64, key: i64) -> Self;

    /// That of one event if it is to count, else that of none.
    fn only_if(counts: bool, time: i64, key: i64) -> Self {
        if counts { Self::of(time, key) } else { Self::EMPTY }
    }

    /// That of two sets together, `later` being the later one.
    fn plus(self, later: Self) -> Self;

    /// That of this set with one event more, wherever it lies; `None` if the
    /// events must be looked at.
    fn with(self, event: Self) -> Option<Self> {
        Some(self.plus(event))
    }

    fn read(words: &[u64]) -> Self;

    fn write(self, words: &mut [u64]);
}

#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u64);

impl Monoid for Count {
    const EMPTY: Count = Count(0);

    fn of(_time: i64, _key: i64) -> Count {
        Count(1)
    }

    fn plus(self, later: Count) -> Count {
        Count(self.0.wrapping_add(later.0))
    }

    fn read(words: &[u64]) -> Count {
        Count(words[0])
    }

    fn write(self, words: &mut [u64]) {
        words[0] = self.0;
    }
}

/// Fewer than 2^64 operands of 64 bits: no sum of them overflows.
#[derive(Clone, Copy)]
pub(super) struct Sum(pub(super) i128);

impl Monoid for Sum {
    const EMPTY: Sum = Sum(0);

    fn of(_time: i64, key: i64) -> Sum {
        Sum(i128::from(key))
    }

    fn plus(self, later: Sum) -> Sum {
        Sum(self.0.wrapping_add(later.0))
    }

    fn read(words: &[u64]) -> Sum {
        Sum((u128::from(words[1]) << 64 | u128::from(words[0])) as i128)
    }

    fn write(self, words: &mut [u64]) {
        words[0] = self.0 as u64;
        words[1] = (self.0 >> 64) as u64;
    }
}

impl Monoid for Squares {
    const EMPTY: Squares = Squares::ZERO;

    fn of(_time: i64, key: i64) -> Squares {
        Squares::of(key)
    }

    fn plus(self, later: Squares) -> Squares {
        Squares::plus(self, later)
    }

    fn read(words: &[u64]) -> Squares {
        Squares::of_words([words[0], words[1], words[2], words[3]])
    }

    fn write(self, words: &mut [u64]) {
        words.copy_from_slice(&self.words());
    }
}

/// The least key. That of none is the greatest of all, so a count must say
/// whether there was one.
#[derive(Clone, Copy)]
pub(super) struct Least(pub(super) i64);

impl Monoid for Least {
    const EMPTY: Least = Least(i64::MAX);

    fn of(_time: i64, key: i64) -> Least {
        Least(key)
    }

    fn plus(self, later: Least) -> Least {
        Least(self.0.min(later.0))
    }

    fn read(words: &[u64]) -> Least {
        Least(words[0] as i64)
    }

    fn write(self, words: &mut [u64]) {
        words[0] = self.0 as u64;
    }
}

/// The greatest key; that of none is the least of all.
#[derive(Clone, Copy)]
pub(super) struct Greatest(pub(super) i64);

impl Monoid for Greatest {
    const EMPTY: Greatest = Greatest(i64::MIN);

    fn of(_time: i64, key: i64) -> Greatest {
        Greatest(key)
    }

    fn plus(self, later: Greatest) -> Greatest {
        Greatest(self.0.max(later.0))
    }

    fn read(words: &[u64]) -> Greatest {
        Greatest(words[0] as i64)
    }

    fn write(self, words: &mut [u64]) {
        words[0] = self.0 as u64;
    }
}

/// The first time, the last, and the longest silence between two. Of none the
/// first is later than the last.
#[derive(Clone, Copy)]
pub(super) struct Gaps {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) longest: u64,
}

impl Gaps {
    pub(super) fn is_empty(self) -> bool {
        self.first > self.last
    }
}

/// The time from one event to another that is not earlier: more than an `i64` holds.
pub(super) fn silence(from: i64, to: i64) -> u64 {
    to.wrapping_sub(from) as u64
}

impl Monoid for Gaps {
    const EMPTY: Gaps = Gaps { first: i64::MAX, last: i64::MIN, longest: 0 };

    fn of(time: i64, _key: i64) -> Gaps {
        Gaps { first: time, last: time, longest: 0 }
    }

    fn plus(self, later: Gaps) -> Gaps {
        if self.is_empty() {
            return later;
        }
        if later.is_empty() {
            return self;
        }
        let between = silence(self.last, later.first);
        Gaps { first: self.first, last: later.last, longest: self.longest.max(later.longest).max(between) }
    }

    fn with(self, event: Gaps) -> Option<Gaps> {
        if self.is_empty() || event.first >= self.last {
            Some(self.plus(event))
        } else if event.last <= self.first {
            Some(event.plus(self))
        } else {
            None
        }
    }

    fn read(words: &[u64]) -> Gaps {
        Gaps { first: words[0] as i64, last: words[1] as i64, longest: words[2] }
    }

    fn write(self, words: &mut [u64]) {
        words.copy_from_slice(&[self.first as u64, self.last as u64, self.longest]);
    }
}

/// The newest event's word. Of none the time is the earliest of all, so a count
/// must say whether there was one.
#[derive(Clone, Copy)]
pub(super) struct Latest {
    pub(super) time: i64,
    pub(super) word: u64,
}

impl Monoid for Latest {
    const EMPTY: Latest = Latest { time: i64::MIN, word: 0 };

    fn of(time: i64, key: i64) -> Latest {
        Latest { time, word: key as u64 }
    }

    fn plus(self, later: Latest) -> Latest {
        if later.time >= self.time { later } else { self }
    }

    fn read(words: &[u64]) -> Latest {
        Latest { time: words[0] as i64, word: words[1] }
    }

    fn write(self, words: &mut [u64]) {
        words.copy_from_slice(&[self.time as u64, self.word]);
    }
}
