//! Exact sums, and their quotients and roots as correctly rounded floats.
//!
//! A running sum of floats depends on the order and the history of its terms, so
//! nothing here is a float until the very end: sums are integers of 128 bits and
//! sums of squares integers of 256. Fewer than 2^64 operands of 64 bits cannot
//! overflow them. Only the answer is rounded, once, to the nearest float (a tie
//! to the even one), as IEEE 754 asks of a single operation.
//!
//! How: a few float operations give a guess that is some units off in the last
//! place. It is then compared, in whole numbers, with the exact middle between
//! itself and its neighbours; so there is no long division and no long root. Where
//! a few float operations settle the rounding beyond doubt, that is left out.

mod pair;
mod squares;
mod wide;

#[cfg(test)]
mod tests;

pub use squares::Squares;

use std::cmp::Ordering;
use wide::Wide;

/// Whole numbers up to this are floats without any rounding.
const WHOLE_MAX: u128 = 1 << f64::MANTISSA_DIGITS;

/// The mean of `count` operands that add up to `sum` units of 10^-`scale`,
/// correctly rounded. No operands have the mean 0; the scale is at most 18.
pub fn mean(sum: i128, count: u64, scale: u8) -> f64 {
    let (size, parts) = (sum.unsigned_abs(), parts(count, scale));
    if size == 0 || parts == 0 {
        return 0.0;
    }
    let guess = size as f64 / parts as f64;
    let nearest = if size <= WHOLE_MAX && parts <= WHOLE_MAX {
        // one rounding of two exact floats
        guess
    } else {
        let (size, parts) = (Wide::from(size), Wide::from(parts));
        nearest(guess, |middle| {
            let whole = parts.times(Wide::from(u128::from(middle.whole)));
            let (up, down) = middle.shifts(1);
            size.shifted(down).cmp(&whole.shifted(up))
        })
    };
    if sum < 0 { -nearest } else { nearest }
}

/// The standard deviation of a whole population of `count` operands, given their
/// sum and the sum of their squares in units of 10^-`scale`, correctly rounded:
/// √(count · squares − sum²) / (count · 10^scale). The scale is at most 18.
pub fn deviation(count: u64, sum: i128, squares: Squares, scale: u8) -> f64 {
    let parts = parts(count, scale);
    let small = squares.small().and_then(|squares| small_spread(count, sum, squares));
    match small {
        Some(0) => 0.0,
        Some(spread) => pair::root_over(spread, parts).unwrap_or_else(|| root_over(Wide::from(spread), parts)),
        None => root_over(spread(count, sum, squares), parts),
    }
}

/// count · squares − sum², if that is less than 2^126.
fn small_spread(count: u64, sum: i128, squares: u128) -> Option<u128> {
    let size = sum.unsigned_abs();
    let spread = squares.checked_mul(u128::from(count))?.checked_sub(size.checked_mul(size)?)?;
    (spread >> 126 == 0).then_some(spread)
}

/// count · squares − sum²: less than 2^254.
fn spread(count: u64, sum: i128, squares: Squares) -> Wide {
    let size = Wide::from(sum.unsigned_abs());
    squares.wide().times(Wide::from(u128::from(count))).minus(size.times(size))
}

/// √`spread` / `parts`, correctly rounded.
fn root_over(spread: Wide, parts: u128) -> f64 {
    if parts == 0 || spread == Wide::ZERO {
        return 0.0;
    }
    let guess = spread.rough().sqrt() / parts as f64;
    let parts = Wide::from(parts);
    let parts_squared = parts.times(parts);
    nearest(guess, |middle| {
        let whole = Wide::from(u128::from(middle.whole) * u128::from(middle.whole));
        let (up, down) = middle.shifts(2);
        spread.shifted(down).cmp(&parts_squared.times(whole).shifted(up))
    })
}

/// How many units of the scale make up one whole, for so many operands: at most
/// 2^64 · 10^18, which is less than 2^124.
fn parts(count: u64, scale: u8) -> u128 {
    u128::from(count) * 10u128.pow(u32::from(scale.min(18)))
}

/// The middle between two neighbouring floats: `whole` · 2^`exponent`.
struct Middle {
    whole: u64,
    exponent: i32,
}

impl Middle {
    /// The middle between a positive, normal float and the next greater one.
    fn above(bits: u64) -> Middle {
        const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
        let whole = bits & ((1 << FRACTION) - 1) | 1 << FRACTION;
        let exponent = (bits >> FRACTION) as i32 - (f64::MAX_EXP - 1) - FRACTION as i32;
        Middle { whole: whole << 1 | 1, exponent: exponent - 1 }
    }

    /// By how many bits the middle and what it is compared with are shifted, so
    /// that both are whole: one of the two is 0.
    fn shifts(&self, times: u32) -> (u32, u32) {
        let bits = self.exponent.unsigned_abs() * times;
        if self.exponent >= 0 { (bits, 0) } else { (0, bits) }
    }
}

/// The float nearest to a positive value, from a guess close to it; `compare`
/// says how the value compares with a middle. The value lies far inside the
/// range of normal floats.
fn nearest(guess: f64, compare: impl Fn(Middle) -> Ordering) -> f64 {
    let mut bits = guess.to_bits();
    while compare(Middle::above(bits - 1)) != Ordering::Greater {
        bits -= 1;
    }
    loop {
        match compare(Middle::above(bits)) {
            Ordering::Less => return f64::from_bits(bits),
            // on the middle itself: to the even one of both neighbours
            Ordering::Equal => return f64::from_bits(bits + (bits & 1)),
            Ordering::Greater => bits += 1,
        }
    }
}
