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

    /// Reads what RFC 3339 calls a date-time and nothing else, with a fraction of
    /// any length and any offset: `2026-01-01T09:00:00.25+08:00`.
    ///
    /// A leap second (`23:59:60` in UTC, at the end of a month) is read as the
    /// second before it, which is how a clock that counts since the epoch tells it.
    pub fn parse_rfc3339(text: &str) -> Result<Instant, InstantError> {
        let (seconds, millis, leap) = civil_seconds(text.as_bytes()).ok_or(InstantError::Malformed)?;
        if leap && !(seconds.rem_euclid(86_400) == 86_399 && civil(seconds.div_euclid(86_400) + 1).2 == 1) {
            return Err(InstantError::Malformed);
        }
        Instant::from_millis(seconds * 1_000 + millis)
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

/// The seconds since the epoch that an RFC 3339 date-time says, its milliseconds,
/// and whether it says a leap second, which then counts as the second before.
///
/// The form is checked here, because jiff's readers take more than RFC 3339
/// (no seconds, no dashes, `+08`, a zone in brackets); which days a month has
/// is left to jiff.
fn civil_seconds(text: &[u8]) -> Option<(i64, i64, bool)> {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let (fixed, rest) = text.split_at_checked(FORM.len())?;
    let fits = fixed.iter().zip(FORM).all(|(byte, place)| match place {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        _ => byte == place,
    });
    if !fits {
        return None;
    }
    let (date, clock) = (civil_date(&fixed[..10])?, &fixed[11..]);
    let [hour, minute, second] = [0, 3, 6].map(|at| two_digits(&clock[at..]));
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, offset) = fraction(rest)?;
    let days = date.duration_since(EPOCH).as_secs();
    let seconds = days + hour * 3_600 + minute * 60 + second.min(59) - offset_seconds(offset)?;
    Some((seconds, millis, second == 60))
}

const EPOCH: jiff::civil::Date = jiff::civil::Date::constant(1970, 1, 1);

/// The day that `2026-01-01` names, if there is one.
fn civil_date(text: &[u8]) -> Option<jiff::civil::Date> {
    let [century, year, month, day] = [0, 2, 5, 8].map(|at| two_digits(&text[at..]));
    jiff::civil::Date::new((century * 100 + year) as i16, month as i8, day as i8).ok()
}

/// The milliseconds that `.25` says, and what stands behind it; there need not be one.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let millis = digits.iter().zip([100, 10, 1]).map(|(digit, worth)| i64::from(digit - b'0') * worth).sum();
    (length > 0).then_some((millis, rest))
}

/// How far `Z` or `+08:00` is ahead of UTC.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    let (sign, clock) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let fits = matches!(clock, [hour @ .., b':', _, _] if hour.len() == 2)
        && clock.iter().enumerate().all(|(at, byte)| at == 2 || byte.is_ascii_digit());
    if !fits {
        return None;
    }
    let [hours, minutes] = [0, 3].map(|at| two_digits(&clock[at..]));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The number that two digits at the start of this say; they were checked before.
fn two_digits(text: &[u8]) -> i64 {
    text.iter().take(2).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
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
            ("3500000000.00000000000000000000000000001", Unit::Seconds, "2080-11-28T06:13:20.000Z"),
            ("2026-01-01t00:00:00z", Unit::Rfc3339, "2026-01-01T00:00:00.000Z"),
            ("2026-01-01 00:00:00-00:00", Unit::Rfc3339, "2026-01-01T00:00:00.000Z"),
            ("2026-01-01T00:00:00.5-23:59", Unit::Rfc3339, "2026-01-01T23:59:00.500Z"),
            ("1969-12-31T23:59:59.9999999999999Z", Unit::Rfc3339, "1969-12-31T23:59:59.999Z"),
            ("2024-02-29T00:00:00.1234567890123Z", Unit::Rfc3339, "2024-02-29T00:00:00.123Z"),
            ("9999-12-31T00:00:00+08:00", Unit::Rfc3339, "9999-12-30T16:00:00.000Z"),
            // leap seconds
            ("2016-12-31T23:59:60Z", Unit::Rfc3339, "2016-12-31T23:59:59.000Z"),
            ("2017-01-01T07:59:60.5+08:00", Unit::Rfc3339, "2016-12-31T23:59:59.500Z"),
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
        let table = [
            "",
            "tomorrow",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00Z[UTC]",
            // ISO 8601 and not RFC 3339
            "20260101T000000Z",
            "2026-01-01 00:00:00+08",
            "2026-01-01T00:00:00+0800",
            "2026-01-01T00:00:00+08:00:00",
            "2026-01-01T00Z",
            "2026-01-01T00:00Z",
            "2026-01-01T24:00:00Z",
            "+002026-01-01T00:00:00Z",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+08:60",
            "2026-01-01T00:00:00+é:00",
            "2026-01-01T00:00:00Z ",
            " 2026-01-01T00:00:00Z",
            "2026-01-01_00:00:00Z",
            "２026-01-01T00:00:00Z",
            // no leap second is there
            "2016-12-31T23:58:60Z",
            "2016-12-31T23:59:60+08:00",
            "2016-12-30T23:59:60Z",
            "2016-12-31T23:59:61Z",
        ];
        for text in table {
            assert_eq!(Instant::parse(text, Unit::Rfc3339), Err(InstantError::Malformed), "{text}");
        }
        assert_eq!(Instant::parse("0000-12-31T23:59:59Z", Unit::Rfc3339), Err(InstantError::OutOfRange));
        assert_eq!(Instant::parse("1e400", Unit::Seconds), Err(InstantError::OutOfRange));
        assert_eq!(Instant::from_millis(i64::MAX), Err(InstantError::OutOfRange));
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let step = (Instant::MAX.millis - Instant::MIN.millis) / 20_000;
        for millis in (Instant::MIN.millis..=Instant::MAX.millis).step_by(step as usize) {
            let instant = Instant { millis };
            assert_eq!(Instant::parse_rfc3339(&instant.to_string()), Ok(instant));
        }
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
