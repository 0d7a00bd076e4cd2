//! Exact decimals: a whole number of units of 10^-scale in 64 bits.
//!
//! The host only reads, rescales, compares and prints decimals, so a plain
//! integer with a scale is all it needs, and it is what crosses the contract.
//! Text is never turned into a float on its way.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

/// An exact decimal number: `units` × 10^-`scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    /// The number in units of 10^-scale.
    pub units: i64,
    /// Digits after the point, at most [`crate::Kind::SCALE_MAX`].
    pub scale: u8,
}

/// Why some text is not a decimal at a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is no number at all.
    #[error("is not a number")]
    Malformed,
    /// It has digits that the scale cannot hold.
    #[error("has more digits after the point than its scale of {scale}")]
    TooFine {
        /// The scale that was asked for.
        scale: u8,
    },
    /// It does not fit into 64 bits at the scale.
    #[error("is too large for a decimal with scale {scale}")]
    TooLarge {
        /// The scale that was asked for.
        scale: u8,
    },
}

impl Decimal {
    /// Reads a number written as JSON writes it (`-12.50`, `1e3`), exactly.
    ///
    /// Zeros that only pad are fine (`12.500` at scale 2); any other digit
    /// beyond the scale is an error, because rounding money is nobody's right.
    pub fn parse(text: &str, scale: u8) -> Result<Decimal, DecimalError> {
        if let Some(decimal) = Plain::read(text.as_bytes()).and_then(|plain| plain.exact(scale)) {
            return Ok(decimal);
        }
        Decimal::parse_any(text, scale)
    }

    /// [`Decimal::parse`] for every way to write a number.
    fn parse_any(text: &str, scale: u8) -> Result<Decimal, DecimalError> {
        let (digits, exponent) = Digits::read(text.as_bytes()).ok_or(DecimalError::Malformed)?;
        let too_large = DecimalError::TooLarge { scale };
        // value = digits × 10^shift units
        let shift = exponent.saturating_add(i64::from(scale));
        let magnitude = if digits.magnitude == 0 {
            0
        } else if shift >= 0 {
            let factor = u32::try_from(shift).ok().and_then(|shift| 10u128.checked_pow(shift)).ok_or(too_large)?;
            digits.magnitude.checked_mul(factor).ok_or(too_large)?
        } else {
            let factor = u32::try_from(-shift).ok().and_then(|shift| 10u128.checked_pow(shift));
            match factor {
                Some(factor) if !digits.beyond && digits.magnitude % factor == 0 => digits.magnitude / factor,
                _ => return Err(DecimalError::TooFine { scale }),
            }
        };
        let magnitude = i128::try_from(magnitude).map_err(|_| too_large)?;
        let units = if digits.negative { -magnitude } else { magnitude };
        Ok(Decimal { units: i64::try_from(units).map_err(|_| too_large)?, scale })
    }

    /// Like [`Decimal::parse`], but digits beyond the scale are cut off towards
    /// negative infinity: how an instant given in seconds is floored.
    pub fn parse_floor(text: &str, scale: u8) -> Result<Decimal, DecimalError> {
        if let Some(decimal) = Plain::read(text.as_bytes()).and_then(|plain| plain.floor(scale)) {
            return Ok(decimal);
        }
        match Decimal::parse_any(text, scale) {
            Err(DecimalError::TooFine { .. }) => {}
            done => return done,
        }
        let (digits, exponent) = Digits::read(text.as_bytes()).ok_or(DecimalError::Malformed)?;
        let drop = exponent.saturating_add(i64::from(scale)).unsigned_abs();
        let whole = u32::try_from(drop)
            .ok()
            .and_then(|drop| 10u128.checked_pow(drop))
            .map_or(0, |factor| digits.magnitude / factor);
        let too_large = DecimalError::TooLarge { scale };
        let whole = i128::try_from(whole).map_err(|_| too_large)?;
        let units = if digits.negative { -whole - 1 } else { whole };
        Ok(Decimal { units: i64::try_from(units).map_err(|_| too_large)?, scale })
    }

    /// The same number at a scale that is not smaller; `None` if it does not fit.
    pub fn rescale(self, scale: u8) -> Option<Decimal> {
        let factor = 10i64.checked_pow(u32::from(scale.checked_sub(self.scale)?))?;
        Some(Decimal { units: self.units.checked_mul(factor)?, scale })
    }

    /// The nearest float, for what the contract calls a number.
    pub fn to_f64(self) -> f64 {
        // Both are exact up to 2^53 and 10^22, so the quotient is rounded once;
        // beyond that the standard library's reader rounds the digits correctly.
        if self.units.unsigned_abs() < 1 << 53 {
            self.units as f64 / 10f64.powi(i32::from(self.scale))
        } else {
            self.to_string().parse().unwrap_or(f64::NAN)
        }
    }

    /// Appends the number with exactly `scale` digits after the point.
    pub fn write(self, out: &mut Vec<u8>) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.units.unsigned_abs()).as_bytes();
        if self.units < 0 {
            out.push(b'-');
        }
        let scale = usize::from(self.scale);
        if scale == 0 {
            out.extend_from_slice(digits);
        } else if digits.len() > scale {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            out.extend_from_slice(whole);
            out.push(b'.');
            out.extend_from_slice(fraction);
        } else {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + scale - digits.len(), b'0');
            out.extend_from_slice(digits);
        }
    }
}

/// A number of at most 18 digits (or 17 and a point) without an exponent, as nearly all are: it is
/// read in 64 bits, several times faster than [`Digits`], which decides wherever
/// this one does not know.
struct Plain {
    units: i64,
    /// How many of the digits stand behind the point.
    fraction: usize,
}

impl Plain {
    fn read(text: &[u8]) -> Option<Plain> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        if text.len() > 18 {
            return None;
        }
        let mut units = 0i64;
        let mut point = None;
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => units = units * 10 + i64::from(byte - b'0'),
                b'.' if point.is_none() && at > 0 => point = Some(at),
                _ => return None,
            }
        }
        let fraction = point.map_or(0, |point| text.len() - point - 1);
        let ends_in_digit = text.last().is_some_and(u8::is_ascii_digit);
        ends_in_digit.then_some(Plain { units: if negative { -units } else { units }, fraction })
    }

    fn exact(self, scale: u8) -> Option<Decimal> {
        let places = usize::from(scale).checked_sub(self.fraction)?;
        let units = self.units.checked_mul(*POWERS.get(places)?)?;
        Some(Decimal { units, scale })
    }

    fn floor(self, scale: u8) -> Option<Decimal> {
        match self.fraction.checked_sub(usize::from(scale)) {
            Some(surplus) => Some(Decimal { units: self.units.div_euclid(*POWERS.get(surplus)?), scale }),
            None => self.exact(scale),
        }
    }
}

/// The powers of ten that 64 bits hold.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// The digits of a written number, without sign, point and exponent.
struct Digits {
    negative: bool,
    /// The first [`Digits::MOST`] digits that count.
    magnitude: u128,
    /// Whether a digit behind those is not zero.
    beyond: bool,
}

impl Digits {
    /// The digits that are kept, as many as 128 bits hold: twice what 64 bits
    /// hold, so what is cut off is too large or too fine for every scale.
    const MOST: u32 = 38;

    /// The digits and the power of ten that they are to be multiplied by. A digit
    /// that is not kept only moves the power, so that long padding is harmless.
    fn read(text: &[u8]) -> Option<(Digits, i64)> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (mut magnitude, mut beyond) = (0u128, false);
        let mut exponent = 0i64;
        let mut any = false;
        let mut fraction = false;
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    exponent -= i64::from(fraction);
                    if magnitude < 10u128.pow(Digits::MOST - 1) {
                        magnitude = magnitude * 10 + u128::from(byte - b'0');
                    } else {
                        exponent += 1;
                        beyond |= byte != b'0';
                    }
                }
                b'.' if !fraction && any => fraction = true,
                b'e' | b'E' if any => {
                    exponent = exponent.saturating_add(written_exponent(&text[at + 1..])?);
                    break;
                }
                _ => return None,
            }
            at += 1;
        }
        let ends_in_point = text.ends_with(b".");
        (any && !ends_in_point).then_some((Digits { negative, magnitude, beyond }, exponent))
    }
}

/// What stands behind the `e`, saturating.
fn written_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    // half of the range, so that adding a scale cannot overflow
    let size = size.min(i64::MAX / 2);
    Some(if negative { -size } else { size })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write(&mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By the number, whatever the scales.
impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let at =
            |decimal: &Decimal, scale: u8| i128::from(decimal.units) * 10i128.pow(u32::from(scale - decimal.scale));
        let scale = self.scale.max(other.scale);
        at(self, scale).cmp(&at(other, scale))
    }
}
