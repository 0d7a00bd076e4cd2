//! Exact decimals: a whole number of units of 10^-scale in 64 bits.
//!
//! The host only reads, rescales, compares and prints decimals, so a plain
//! integer with a scale is all it needs, and it is what crosses the contract.
//! Text is never turned into a float on its way.

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
                Some(factor) if digits.magnitude % factor == 0 => digits.magnitude / factor,
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
    magnitude: u128,
}

impl Digits {
    /// The digits and the power of ten that they are to be multiplied by.
    /// Zeros at the end are moved into the exponent, so that long padding is
    /// harmless; more than 38 digits that count saturate, which is too large or
    /// too fine for every scale.
    fn read(text: &[u8]) -> Option<(Digits, i64)> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut magnitude = 0u128;
        let mut exponent = 0i64;
        let mut pending_zeros = 0u32;
        let mut digits = 0usize;
        let mut at = 0;
        let mut fraction = false;
        while let Some(&byte) = text.get(at) {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    exponent -= i64::from(fraction);
                    if byte == b'0' {
                        pending_zeros += u32::from(magnitude != 0);
                        exponent += i64::from(magnitude != 0);
                        if magnitude == 0 && !fraction {
                            exponent = 0;
                        }
                    } else {
                        magnitude = 10u128
                            .checked_pow(pending_zeros + 1)
                            .and_then(|factor| magnitude.checked_mul(factor))
                            .and_then(|shifted| shifted.checked_add(u128::from(byte - b'0')))
                            .unwrap_or(u128::MAX);
                        exponent -= i64::from(pending_zeros);
                        pending_zeros = 0;
                    }
                }
                b'.' if !fraction && digits > 0 => fraction = true,
                b'e' | b'E' if digits > 0 => {
                    exponent = exponent.saturating_add(written_exponent(&text[at + 1..])?);
                    at = text.len();
                    continue;
                }
                _ => return None,
            }
            at += 1;
        }
        let ends_in_point = fraction && text.ends_with(b".");
        (digits > 0 && !ends_in_point).then_some((Digits { negative, magnitude }, exponent))
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

#[cfg(test)]
mod tests {
    use super::{Decimal, DecimalError};

    #[test]
    fn numbers_are_read_exactly() {
        use DecimalError::{Malformed, TooFine, TooLarge};
        let table: &[(&str, u8, Result<i64, DecimalError>)] = &[
            ("0", 2, Ok(0)),
            ("-0", 2, Ok(0)),
            ("12000.1", 2, Ok(1_200_010)),
            ("12000.0", 2, Ok(1_200_000)),
            ("1000000.01", 2, Ok(100_000_001)),
            ("12.500", 2, Ok(1_250)),
            ("12.505", 2, Err(TooFine { scale: 2 })),
            ("0.01", 2, Ok(1)),
            ("0.001", 2, Err(TooFine { scale: 2 })),
            ("100", 0, Ok(100)),
            ("1010", 0, Ok(1010)),
            ("1e3", 2, Ok(100_000)),
            ("1.5E+2", 1, Ok(1_500)),
            ("25e-1", 1, Ok(25)),
            ("1000e-3", 0, Ok(1)),
            ("1e400", 2, Err(TooLarge { scale: 2 })),
            ("1e-400", 2, Err(TooFine { scale: 2 })),
            ("0e400", 2, Ok(0)),
            ("1e99999999999999999999", 2, Err(TooLarge { scale: 2 })),
            ("9223372036854775807", 0, Ok(i64::MAX)),
            ("-9223372036854775808", 0, Ok(i64::MIN)),
            ("9223372036854775808", 0, Err(TooLarge { scale: 0 })),
            ("123456789012345678901234567890123456789012345", 0, Err(TooLarge { scale: 0 })),
            ("0.1000000000000000000000000000000000000000000000000000000", 2, Ok(10)),
            ("0.00000000000000000000000000000000000000000000000000000", 2, Ok(0)),
            ("", 2, Err(Malformed)),
            ("-", 2, Err(Malformed)),
            (".5", 2, Err(Malformed)),
            ("5.", 2, Err(Malformed)),
            ("1.2.3", 2, Err(Malformed)),
            ("1e", 2, Err(Malformed)),
            ("abc", 2, Err(Malformed)),
            ("+1", 2, Err(Malformed)),
            ("1_000", 2, Err(Malformed)),
            ("NaN", 2, Err(Malformed)),
        ];
        for (text, scale, expected) in table {
            let read = Decimal::parse(text, *scale).map(|decimal| decimal.units);
            assert_eq!(read, *expected, "{text} at scale {scale}");
            let read = Decimal::parse_any(text, *scale).map(|decimal| decimal.units);
            assert_eq!(read, *expected, "{text} at scale {scale}, the long way");
        }
    }

    #[test]
    fn flooring_cuts_towards_negative_infinity() {
        let table = [
            ("1767225600.25", 1_767_225_600_250),
            ("1767225600.2509", 1_767_225_600_250),
            ("1767225600.250900000000000000", 1_767_225_600_250),
            ("1767225600", 1_767_225_600_000),
            ("-1767225600.2501", -1_767_225_600_251),
            ("-0.000", 0),
            ("-0.0001", -1),
            ("1e-400", 0),
            ("-1e-400", -1),
        ];
        for (text, units) in table {
            assert_eq!(Decimal::parse_floor(text, 3).map(|decimal| decimal.units), Ok(units), "{text}");
        }
    }

    #[test]
    fn printing_keeps_the_scale() {
        let table = [
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (1_200_010, 2, "12000.10"),
            (7, 0, "7"),
            (i64::MIN, 4, "-922337203685477.5808"),
        ];
        for (units, scale, text) in table {
            assert_eq!(Decimal { units, scale }.to_string(), text);
        }
    }

    #[test]
    fn order_is_that_of_the_numbers() {
        let one = Decimal { units: 100, scale: 2 };
        assert_eq!(one, Decimal { units: 1, scale: 0 });
        assert!(one < Decimal { units: 10_001, scale: 4 });
        assert!(Decimal { units: i64::MAX, scale: 0 } > Decimal { units: i64::MAX, scale: 18 });
    }
}
