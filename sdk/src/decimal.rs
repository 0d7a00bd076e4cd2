//! Exact decimals, for money.
//!
//! A number is a whole count of units of 10^-scale, in 128 bits. Sums,
//! differences and products are exact or refused, never rounded; a comparison
//! of two numbers with the same scale is one comparison of integers.
//! `rust_decimal` was tried and left: `docs/decisions/` has the numbers.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// An exact decimal number.
///
/// Operators panic where the exact result does not fit into 38 digits; inside
/// the sandbox that is a fault, and the transaction gets the policy's fallback.
/// The `checked_` methods say so instead.
///
/// Whole numbers compare directly (`amount > 10_000`); others are written with
/// [`decimal!`](crate::decimal).
#[derive(Clone, Copy, Default)]
pub struct Decimal {
    units: i128,
    scale: u8,
}

/// A decimal literal, checked when the policy is compiled: `decimal!(0.25)`.
#[macro_export]
macro_rules! decimal {
    ($($literal:tt)+) => {
        const {
            match $crate::Decimal::parse(stringify!($($literal)+)) {
                ::core::option::Option::Some(decimal) => decimal,
                ::core::option::Option::None => panic!("not a decimal of at most 38 digits, such as 1_000.25"),
            }
        }
    };
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Decimal = Decimal { units: 0, scale: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { units: 1, scale: 0 };
    /// The most digits after the point that a value of the contract has.
    pub const SCALE_MAX: u8 = 18;

    /// `units` × 10^-`scale`: `Decimal::new(1_250, 2)` is 12.50.
    #[inline]
    pub const fn new(units: i64, scale: u8) -> Decimal {
        Decimal { units: units as i128, scale }
    }

    /// Reads digits with an optional sign, point and underscores; `None` for
    /// anything else, an exponent among it.
    pub const fn parse(text: &str) -> Option<Decimal> {
        let bytes = text.as_bytes();
        let (mut at, mut units, mut scale) = (0, 0i128, 0u8);
        let (mut negative, mut point, mut digits) = (false, false, 0);
        while at < bytes.len() {
            match bytes[at] {
                b'-' if at == 0 => negative = true,
                // what stringify! writes between a sign and its number
                b' ' if at == 1 && negative => {}
                b'_' if digits > 0 => {}
                b'.' if digits > 0 && !point => point = true,
                digit @ b'0'..=b'9' => {
                    let Some(tens) = units.checked_mul(10) else { return None };
                    let Some(sum) = tens.checked_add((digit - b'0') as i128) else { return None };
                    units = sum;
                    digits += 1;
                    scale += point as u8;
                }
                _ => return None,
            }
            at += 1;
        }
        if digits == 0 || (point && scale == 0) {
            return None;
        }
        Some(Decimal { units: if negative { -units } else { units }, scale })
    }

    /// The nearest float: exactly that up to 2^53 units and 22 digits after the
    /// point, within two units in the last place beyond.
    #[inline]
    pub fn to_f64(self) -> f64 {
        self.units as f64 / POWERS_F64[usize::from(self.scale).min(POWERS_F64.len() - 1)]
    }

    /// The number without its sign.
    #[inline]
    pub const fn abs(self) -> Decimal {
        Decimal { units: self.units.wrapping_abs(), scale: self.scale }
    }

    /// Whether it is less than zero.
    #[inline]
    pub const fn is_negative(self) -> bool {
        self.units < 0
    }

    /// Whether it is zero.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The exact sum; `None` where it has more than 38 digits.
    #[inline]
    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        if self.scale == other.scale {
            return Some(Decimal { units: self.units.checked_add(other.units)?, scale: self.scale });
        }
        let scale = self.scale.max(other.scale);
        let units = self.at(scale)?.checked_add(other.at(scale)?)?;
        Some(Decimal { units, scale })
    }

    /// The exact difference; `None` where it has more than 38 digits.
    #[inline]
    pub fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        self.checked_add(Decimal { units: other.units.checked_neg()?, scale: other.scale })
    }

    /// The exact product; `None` where it has more than 38 digits.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        let exact = |one: Decimal, other: Decimal| {
            Some(Decimal { units: multiply(one.units, other.units)?, scale: one.scale + other.scale })
                .filter(|product| product.scale <= DIGITS_MAX)
        };
        exact(self, other).or_else(|| exact(self.shortest(), other.shortest()))
    }

    /// The quotient, rounded half to even to `scale` digits after the point;
    /// `None` where `by` is zero or the quotient has more than 38 digits.
    pub fn checked_div(self, by: Decimal, scale: u8) -> Option<Decimal> {
        // self / by at `scale` = units × 10^(scale + by.scale - self.scale) / by.units
        let shift = i32::from(scale) + i32::from(by.scale) - i32::from(self.scale);
        let factor = power(shift.unsigned_abs())?;
        let (above, below) = if shift >= 0 {
            (multiply(self.units, factor)?, by.units)
        } else {
            (self.units, multiply(by.units, factor)?)
        };
        Some(Decimal { units: divide_half_even(above, below)?, scale })
    }

    /// The number rounded half to even to `scale` digits after the point, which
    /// it then has.
    pub fn rounded(self, scale: u8) -> Option<Decimal> {
        self.checked_div(Decimal::ONE, scale)
    }

    /// The units at a scale that is not smaller; `None` if they do not fit.
    #[inline]
    fn at(self, scale: u8) -> Option<i128> {
        multiply(self.units, power(u32::from(scale - self.scale))?)
    }

    /// The same number with the smallest scale that holds it.
    fn shortest(self) -> Decimal {
        let Decimal { mut units, mut scale } = self;
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Decimal { units, scale }
    }

    /// The order of two numbers with different scales. Inlined, because both
    /// scales are usually known: a comparison with a literal is then one of integers.
    #[inline]
    fn order(self, other: Decimal) -> Ordering {
        // Only the one with the smaller scale is multiplied: out of range, it is
        // farther from zero than anything that fits.
        if self.scale < other.scale {
            self.at(other.scale).map_or_else(|| self.units.cmp(&0), |units| units.cmp(&other.units))
        } else {
            other.at(self.scale).map_or_else(|| 0.cmp(&other.units), |units| self.units.cmp(&units))
        }
    }
}

/// The most digits that 128 bits hold in full.
const DIGITS_MAX: u8 = 38;

const POWERS_F64: [f64; 39] = {
    // Written, not computed: up to 10^22 each is exact, and beyond each is the nearest.
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37,
        1e38,
    ]
};

const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

#[inline]
fn power(exponent: u32) -> Option<i128> {
    POWERS.get(exponent as usize).copied()
}

/// The exact product. Nearly always both factors fit into 64 bits, and a checked
/// product of 128 bits costs a guest twenty times as much.
#[inline]
fn multiply(one: i128, other: i128) -> Option<i128> {
    match (i64::try_from(one), i64::try_from(other)) {
        (Ok(one), Ok(other)) => Some(i128::from(one).wrapping_mul(i128::from(other))),
        _ => one.checked_mul(other),
    }
}

fn divide_half_even(above: i128, below: i128) -> Option<i128> {
    let quotient = above.checked_div(below)?;
    let rest = above % below;
    let twice = rest.unsigned_abs().checked_mul(2)?;
    let away = match twice.cmp(&below.unsigned_abs()) {
        Ordering::Less => false,
        Ordering::Equal => quotient % 2 != 0,
        Ordering::Greater => true,
    };
    if !away {
        return Some(quotient);
    }
    if (above < 0) == (below < 0) { quotient.checked_add(1) } else { quotient.checked_sub(1) }
}

/// The exact result does not fit: no number is better than a wrong one.
#[cold]
#[expect(clippy::panic, reason = "an operator has no other way to refuse; the host makes a fault of it")]
fn too_large() -> ! {
    panic!("the exact result has more than 38 digits")
}

impl Add for Decimal {
    type Output = Decimal;
    #[inline]
    fn add(self, other: Decimal) -> Decimal {
        self.checked_add(other).unwrap_or_else(|| too_large())
    }
}

impl Sub for Decimal {
    type Output = Decimal;
    #[inline]
    fn sub(self, other: Decimal) -> Decimal {
        self.checked_sub(other).unwrap_or_else(|| too_large())
    }
}

impl Mul for Decimal {
    type Output = Decimal;
    #[inline]
    fn mul(self, other: Decimal) -> Decimal {
        self.checked_mul(other).unwrap_or_else(|| too_large())
    }
}

impl Mul<i64> for Decimal {
    type Output = Decimal;
    #[inline]
    fn mul(self, times: i64) -> Decimal {
        self * Decimal::from(times)
    }
}

impl Neg for Decimal {
    type Output = Decimal;
    #[inline]
    fn neg(self) -> Decimal {
        Decimal::ZERO - self
    }
}

impl AddAssign for Decimal {
    fn add_assign(&mut self, other: Decimal) {
        *self = *self + other;
    }
}

impl SubAssign for Decimal {
    fn sub_assign(&mut self, other: Decimal) {
        *self = *self - other;
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(all: I) -> Decimal {
        all.fold(Decimal::ZERO, Add::add)
    }
}

macro_rules! from_whole {
    ($($whole:ty),*) => {$(
        impl From<$whole> for Decimal {
            #[inline]
            fn from(whole: $whole) -> Decimal {
                Decimal { units: i128::from(whole), scale: 0 }
            }
        }
    )*};
}
from_whole!(i8, i16, i32, i64, u8, u16, u32, u64);

// By the number, whatever the scales. The operators are written out because a
// comparison through `Ordering` costs a policy four times the instructions.

impl PartialEq for Decimal {
    #[inline]
    fn eq(&self, other: &Decimal) -> bool {
        if self.scale == other.scale { self.units == other.units } else { self.order(*other).is_eq() }
    }
}

impl Eq for Decimal {}

impl Ord for Decimal {
    #[inline]
    fn cmp(&self, other: &Decimal) -> Ordering {
        if self.scale == other.scale { self.units.cmp(&other.units) } else { self.order(*other) }
    }
}

impl PartialOrd for Decimal {
    #[inline]
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
    #[inline]
    fn lt(&self, other: &Decimal) -> bool {
        if self.scale == other.scale { self.units < other.units } else { self.order(*other).is_lt() }
    }
    #[inline]
    fn le(&self, other: &Decimal) -> bool {
        !other.lt(self)
    }
    #[inline]
    fn gt(&self, other: &Decimal) -> bool {
        other.lt(self)
    }
    #[inline]
    fn ge(&self, other: &Decimal) -> bool {
        !self.lt(other)
    }
}

impl PartialEq<i64> for Decimal {
    #[inline]
    fn eq(&self, whole: &i64) -> bool {
        *self == Decimal::from(*whole)
    }
}

impl PartialOrd<i64> for Decimal {
    #[inline]
    fn partial_cmp(&self, whole: &i64) -> Option<Ordering> {
        self.partial_cmp(&Decimal::from(*whole))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>1$}", self.units.unsigned_abs(), scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let text = if scale == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") };
        f.pad_integral(self.units >= 0, "", &text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
