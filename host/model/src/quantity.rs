//! Lengths of time and sizes as people write them: `"250ms"`, `"7d"`, `"64 KiB"`.
//!
//! One unit each, so that there is one way to write a thing and no doubt about
//! what `1h30` means.

use std::time::Duration;

/// The units of a length of time, with their microseconds.
const UNITS: [(&str, u64); 6] =
    [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];

/// The units of a size, with their bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Why some text is not a length of time or a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// It is not a whole number with a unit of time.
    #[error("is not a length of time such as \"250ms\": a whole number and one of us, ms, s, m, h, d")]
    Duration,
    /// It is not a whole number with a unit of size.
    #[error("is not a size such as \"64 KiB\": a whole number and one of B, KiB, MiB, GiB")]
    Size,
}

/// Reads a length of time.
///
/// # Errors
/// Where it is not written as a whole number and a unit, or is too long for 64 bits of microseconds.
pub fn parse_duration(text: &str) -> Result<Duration, QuantityError> {
    quantity(text, &UNITS).map(Duration::from_micros).ok_or(QuantityError::Duration)
}

/// Reads a size, in bytes.
///
/// # Errors
/// Where it is not written as a whole number and a unit, or is too large for 64 bits.
pub fn parse_size(text: &str) -> Result<u64, QuantityError> {
    quantity(text, &SIZES).ok_or(QuantityError::Size)
}

/// Writes a length of time with the largest unit that divides it.
pub fn show_duration(duration: Duration) -> String {
    show(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), &UNITS, "")
}

/// Writes a size with the largest unit that divides it.
pub fn show_size(bytes: u64) -> String {
    show(bytes, &SIZES, " ")
}

fn show(number: u64, units: &[(&str, u64)], between: &str) -> String {
    let fitting = units.iter().rev().find(|(_, factor)| number > 0 && number.is_multiple_of(*factor));
    match fitting.or(units.first()) {
        Some((unit, factor)) => format!("{}{between}{unit}", number / factor),
        None => number.to_string(),
    }
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = units.iter().find(|(word, _)| *word == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::{parse_duration, parse_size, show_duration, show_size};
    use std::time::Duration;

    #[test]
    fn lengths_of_time_are_read() {
        assert_eq!(parse_duration("100us"), Ok(Duration::from_micros(100)));
        assert_eq!(parse_duration("7d"), Ok(Duration::from_secs(604_800)));
        for text in ["", "7", "d", "1.5h", "1h30m", "-1s", "7 days", "99999999999999999999s", "18446744073709551615d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_are_written_as_they_are_read() {
        for text in ["0us", "1us", "250ms", "1s", "90s", "5m", "36h", "7d"] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
        for text in ["0 B", "1 B", "64 KiB", "1 MiB", "3 GiB"] {
            assert_eq!(show_size(parse_size(text).unwrap()), text);
        }
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse_size("64 KiB"), Ok(65_536));
        assert_eq!(parse_size("4MiB"), Ok(4_194_304));
        for text in ["", "64", "64 KB", "64  KiB", "-1 B"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
