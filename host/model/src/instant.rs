//! Points in time, in whole milliseconds since 1970-01-01T00:00:00Z.

use crate::decimal::{Decimal, DecimalError};
use std::fmt;

/// A point in time from the year 1 to the end of 9999 (a day short of it, so
/// that every zone can show it), in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    millis: i64,
}

/// How an instant is written in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds since the epoch; fractions are allowed and floored to milliseconds.
    Seconds,
    /// Milliseconds since the epoch, floored to whole ones.
    Millis,
    /// Text such as `2026-01-01T09:00:00Z`, with any offset.
    Rfc3339,
}

/// Why some text is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// It is not a number where one was expected.
    #[error("is not a time: it {0}")]
    Number(DecimalError),
    /// It is not written as RFC 3339 asks for.
    #[error("is not a time such as 2026-01-01T09:00:00Z")]
    Malformed,
    /// It lies outside the years that can be written.
    #[error("is a time outside the years 1 to 9999")]
    OutOfRange,
}

impl Unit {
    /// The word for this unit in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Seconds => "s",
            Unit::Millis => "ms",
            Unit::Rfc3339 => "rfc3339",
        }
    }
}

impl Instant {
    /// The first millisecond of the year 1.
    pub const MIN: Instant = Instant { millis: -62_135_596_800_000 };
    /// 9999-12-30T21:59:59.999Z.
    pub const MAX: Instant = Instant { millis: 253_402_207_199_999 };

    /// The instant so many milliseconds after the epoch.
    pub fn from_millis(millis: i64) -> Result<Instant, InstantError> {
        let instant = Instant { millis };
        if (Instant::MIN..=Instant::MAX).contains(&instant) { Ok(instant) } else { Err(InstantError::OutOfRange) }
    }

    /// Milliseconds since the epoch.
    pub fn millis(self) -> i64 {
        self.millis
    }

    /// Reads an instant as a record writes it.
    pub fn parse(text: &str, unit: Unit) -> Result<Instant, InstantError> {
        let scale = match unit {
            Unit::Seconds => 3,
            Unit::Millis => 0,
            Unit::Rfc3339 => return Instant::parse_rfc3339(text),
        };
        let decimal = Decimal::parse_floor(text, scale).map_err(|error| match error {
            DecimalError::TooLarge { .. } => InstantError::OutOfRange,
            error => InstantError::Number(error),
        })?;
        Instant::from_millis(decimal.units)
    }

    /// Reads `2026-01-01T09:00:00Z`, with a fraction and any offset.
    pub fn parse_rfc3339(text: &str) -> Result<Instant, InstantError> {
        // jiff reads more than RFC 3339 (a zone in brackets); what it adds is refused.
        if text.contains('[') {
            return Err(InstantError::Malformed);
        }
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| InstantError::Malformed)?;
        let nanos = timestamp.as_nanosecond();
        let millis = i64::try_from(nanos.div_euclid(1_000_000)).map_err(|_| InstantError::OutOfRange)?;
        Instant::from_millis(millis)
    }

    /// Appends `2026-01-01T09:00:00.000Z`, always with milliseconds, always UTC.
    pub fn write(self, out: &mut Vec<u8>) {
        let days = self.millis.div_euclid(86_400_000);
        let of_day = self.millis.rem_euclid(86_400_000);
        let (year, month, day) = civil(days);
        let mut put = |value: i64, digits: u32, end: u8| {
            for place in (0..digits).rev() {
                out.push(b'0' + ((value / 10i64.pow(place)) % 10) as u8);
            }
            out.push(end);
        };
        put(year, 4, b'-');
        put(month, 2, b'-');
        put(day, 2, b'T');
        put(of_day / 3_600_000, 2, b':');
        put(of_day / 60_000 % 60, 2, b':');
        put(of_day / 1_000 % 60, 2, b'.');
        put(of_day % 1_000, 3, b'Z');
    }
}

/// Year, month and day of a count of days since 1970-01-01, in the proleptic
/// Gregorian calendar. Written out because every decision prints a time.
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms",
/// `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write(&mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, InstantError, Unit};

    #[test]
    fn each_unit_reads_what_its_records_write() {
        let table = [
            ("1767225600.25", Unit::Seconds, "2026-01-01T00:00:00.250Z"),
            ("1767225600250", Unit::Millis, "2026-01-01T00:00:00.250Z"),
            ("1767225600250.9", Unit::Millis, "2026-01-01T00:00:00.250Z"),
            ("2026-01-01T09:00:00+08:00", Unit::Rfc3339, "2026-01-01T01:00:00.000Z"),
            ("2026-01-01T01:00:00.2509Z", Unit::Rfc3339, "2026-01-01T01:00:00.250Z"),
            ("-0.0001", Unit::Seconds, "1969-12-31T23:59:59.999Z"),
        ];
        for (text, unit, expected) in table {
            assert_eq!(
                Instant::parse(text, unit).map(|instant| instant.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "tomorrow", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z[UTC]"]
        {
            assert_eq!(Instant::parse(text, Unit::Rfc3339), Err(InstantError::Malformed), "{text}");
        }
        assert_eq!(Instant::parse("1e400", Unit::Seconds), Err(InstantError::OutOfRange));
        assert_eq!(Instant::from_millis(i64::MAX), Err(InstantError::OutOfRange));
    }

    #[test]
    fn printing_agrees_with_jiff_over_the_whole_range() {
        let step = (Instant::MAX.millis - Instant::MIN.millis) / 20_000;
        for millis in (Instant::MIN.millis..=Instant::MAX.millis).step_by(step as usize) {
            let theirs = jiff::Timestamp::from_millisecond(millis).map(|timestamp| format!("{timestamp:.3}"));
            assert_eq!(theirs.ok(), Instant::from_millis(millis).map(|instant| instant.to_string()).ok());
        }
    }
}
