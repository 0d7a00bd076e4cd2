//! Whole numbers of 512 bits, as far as a comparison needs them.
//!
//! The largest product met is a middle squared (108 bits) times the parts
//! squared (248 bits), and what is compared with it is about as large; so
//! nothing here overflows, and whatever would is cut off.

use std::cmp::Ordering;

const LIMBS: usize = 8;

/// A whole number, least significant limb first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide([u64; LIMBS]);

impl Wide {
    pub(super) const ZERO: Wide = Wide([0; LIMBS]);

    pub(super) fn of(limbs: [u64; LIMBS]) -> Wide {
        Wide(limbs)
    }

    pub(super) fn times(self, other: Wide) -> Wide {
        let mut product = [0; LIMBS];
        let reach = other.used();
        for (at, limb) in self.0.iter().enumerate().take(self.used()) {
            let mut carry = 0;
            for (to, by) in product.iter_mut().skip(at).zip(other.0.iter().take(reach + 1)) {
                // at most (2^64 − 1)² + 2 · (2^64 − 1) = 2^128 − 1
                let sum = u128::from(*limb) * u128::from(*by) + u128::from(*to) + carry;
                *to = sum as u64;
                carry = sum >> 64;
            }
        }
        Wide(product)
    }

    /// The difference, 0 where `other` is the larger one.
    pub(super) fn minus(self, other: Wide) -> Wide {
        let mut difference = [0; LIMBS];
        let mut borrow = false;
        for ((to, from), by) in difference.iter_mut().zip(self.0).zip(other.0) {
            let (once, first) = from.overflowing_sub(by);
            let (twice, second) = once.overflowing_sub(u64::from(borrow));
            *to = twice;
            borrow = first || second;
        }
        if borrow { Wide::ZERO } else { Wide(difference) }
    }

    /// Times 2^`bits`.
    pub(super) fn shifted(self, bits: u32) -> Wide {
        let (limbs, bits) = ((bits / 64) as usize, bits % 64);
        let mut shifted = [0; LIMBS];
        let mut carry = 0;
        for (to, from) in shifted.iter_mut().skip(limbs).zip(self.0) {
            *to = from << bits | carry;
            carry = if bits == 0 { 0 } else { from >> (64 - bits) };
        }
        Wide(shifted)
    }

    /// As a float, a few units off in the last place.
    pub(super) fn rough(self) -> f64 {
        self.0.iter().rev().fold(0.0, |sum, limb| sum * (1u128 << 64) as f64 + *limb as f64)
    }

    /// How many limbs there are up to the last that is not 0.
    fn used(self) -> usize {
        self.0.iter().rposition(|limb| *limb != 0).map_or(0, |at| at + 1)
    }
}

impl From<u128> for Wide {
    fn from(whole: u128) -> Wide {
        let mut limbs = [0; LIMBS];
        limbs[0] = whole as u64;
        limbs[1] = (whole >> 64) as u64;
        Wide(limbs)
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Wide) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Wide) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
