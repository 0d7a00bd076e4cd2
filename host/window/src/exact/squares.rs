//! A sum of squares in 256 bits.

use super::wide::Wide;

/// The exact sum of the squares of fewer than 2^64 integers of 64 bits: below 2^190.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Squares {
    low: u128,
    high: u128,
}

impl Squares {
    /// The sum of none.
    pub const ZERO: Squares = Squares { low: 0, high: 0 };

    /// The square of one operand.
    pub fn of(operand: i64) -> Squares {
        let size = u128::from(operand.unsigned_abs());
        Squares { low: size * size, high: 0 }
    }

    /// Both sums together.
    #[must_use]
    pub fn plus(self, other: Squares) -> Squares {
        let (low, carry) = self.low.overflowing_add(other.low);
        // cannot overflow: the sum of all is below 2^190
        Squares { low, high: self.high.wrapping_add(other.high).wrapping_add(u128::from(carry)) }
    }

    /// The sum, if it fits 128 bits.
    pub(super) fn small(self) -> Option<u128> {
        (self.high == 0).then_some(self.low)
    }

    /// The sum as it stands in a cell, least significant word first.
    pub(crate) fn words(self) -> [u64; 4] {
        let Squares { low, high } = self;
        [low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64]
    }

    /// The sum that stands in a cell.
    pub(crate) fn of_words([a, b, c, d]: [u64; 4]) -> Squares {
        let join = |low: u64, high: u64| u128::from(high) << 64 | u128::from(low);
        Squares { low: join(a, b), high: join(c, d) }
    }

    pub(super) fn wide(self) -> Wide {
        let [a, b, c, d] = self.words();
        Wide::of([a, b, c, d, 0, 0, 0, 0])
    }
}
