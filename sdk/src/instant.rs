//! Points in time: whole milliseconds since 1970-01-01T00:00:00Z.
//!
//! A policy has no clock. Its instants come from the transaction and from
//! windows and tags; "how long ago" is asked against the transaction's time.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time, to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    millis: i64,
}

impl Instant {
    /// The instant so many milliseconds after 1970-01-01T00:00:00Z.
    #[inline]
    pub const fn from_millis(millis: i64) -> Instant {
        Instant { millis }
    }

    /// A date and time of day in UTC, for tests and fixed dates; a day beyond
    /// its month runs on into the next one.
    pub const fn utc(year: i32, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Instant {
        // Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
        let year = year as i64 - (month <= 2) as i64;
        let era = year.div_euclid(400);
        let of_era = year - era * 400;
        let from_march = (month as i64 + 9) % 12;
        let of_year = (153 * from_march + 2) / 5 + day as i64 - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        Instant { millis: ((days * 24 + hour as i64) * 60 + minute as i64) * 60_000 + second as i64 * 1_000 }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[inline]
    pub const fn millis(self) -> i64 {
        self.millis
    }

    /// How long ago `earlier` was; zero where it is not earlier.
    #[inline]
    pub fn since(self, earlier: Instant) -> Duration {
        Duration::from_millis(self.millis.saturating_sub(earlier.millis).max(0).unsigned_abs())
    }

    /// The milliseconds from `other` to this one, negative where it is later.
    #[inline]
    pub const fn millis_since(self, other: Instant) -> i64 {
        self.millis.saturating_sub(other.millis)
    }

    /// The minute of the day, 0 to 1,439, at so many minutes east of UTC.
    #[inline]
    pub const fn minute_of_day(self, minutes_east: i16) -> u16 {
        let minutes = self.millis.div_euclid(60_000).saturating_add(minutes_east as i64);
        minutes.rem_euclid(1_440) as u16
    }
}

/// Saturates at the ends of what 64 bits of milliseconds hold.
impl Add<Duration> for Instant {
    type Output = Instant;
    #[inline]
    fn add(self, length: Duration) -> Instant {
        Instant { millis: self.millis.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)) }
    }
}

/// Saturates at the ends of what 64 bits of milliseconds hold.
impl Sub<Duration> for Instant {
    type Output = Instant;
    #[inline]
    fn sub(self, length: Duration) -> Instant {
        Instant { millis: self.millis.saturating_sub(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)) }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.millis)
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;
    use std::time::Duration;

    #[test]
    fn dates_are_counted_from_1970() {
        let table = [
            (Instant::utc(1970, 1, 1, 0, 0, 0), 0),
            (Instant::utc(2026, 1, 1, 0, 0, 0), 1_767_225_600_000),
            (Instant::utc(2024, 2, 29, 12, 30, 15), 1_709_209_815_000),
            (Instant::utc(1969, 12, 31, 23, 59, 59), -1_000),
            (Instant::utc(1, 1, 1, 0, 0, 0), -62_135_596_800_000),
        ];
        for (instant, millis) in table {
            assert_eq!(instant.millis(), millis);
        }
    }

    #[test]
    fn lengths_are_added_and_asked_for() {
        let noon = Instant::utc(2026, 1, 1, 12, 0, 0);
        let earlier = noon - Duration::from_secs(90);
        assert_eq!(noon.since(earlier), Duration::from_secs(90));
        assert_eq!(earlier.since(noon), Duration::ZERO);
        assert_eq!(earlier.millis_since(noon), -90_000);
        assert_eq!(earlier + Duration::from_secs(90), noon);
        assert_eq!((noon.minute_of_day(0), noon.minute_of_day(480), noon.minute_of_day(-721)), (720, 1_200, 1_439));
    }
}
