//! The running hour, day, week or month of a place.
//!
//! A pane is a stretch of time, not of a wall clock. A day begins at the first
//! instant of its date, so one that loses midnight to summer time begins when the
//! clock has jumped, and one that gets midnight twice begins at the first. Weeks
//! (from Monday) and months begin with a day. An hour is a stretch during which
//! the clock shows that hour and nobody touches it: a repeated hour is two panes,
//! and a change by half an hour leaves half an hour on one of its sides.
//!
//! The zone database is the bundled one, so that every host knows the same zones.

use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use sandgate_model::manifest::CalendarUnit;

const HOUR: i64 = 3_600_000;

/// A unit of the calendar of a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Calendar {
    unit: CalendarUnit,
    zone: TimeZone,
    /// Which one of the zone database: what tells two zones apart.
    number: usize,
}

/// A stretch of time from `start` to before `end`, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pane {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// The panes that were used last, one for each calendar: finding one takes about
/// a microsecond, and the next transaction is nearly always in the same. It is a
/// cache and nothing else; each thread has its own, for the plans of all tenants.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    running: Vec<Running>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    unit: CalendarUnit,
    number: usize,
    pane: Pane,
}

impl Zones {
    /// The pane of this calendar at this time.
    pub(crate) fn pane(&mut self, calendar: &Calendar, time: i64) -> Pane {
        let known = self.running.iter_mut().find(|it| it.number == calendar.number && it.unit == calendar.unit);
        match known {
            Some(running) => {
                if !(running.pane.start..running.pane.end).contains(&time) {
                    running.pane = calendar.pane(time);
                }
                running.pane
            }
            None => {
                let pane = calendar.pane(time);
                self.running.push(Running { unit: calendar.unit, number: calendar.number, pane });
                pane
            }
        }
    }
}

impl Calendar {
    /// The calendar of this place, if the bundled database knows it.
    pub(crate) fn of(unit: CalendarUnit, zone: &str) -> Option<Calendar> {
        let zones = TimeZoneDatabase::bundled();
        let zone = zones.get(zone).ok()?;
        let name = zone.iana_name()?;
        let number = zones.available().position(|known| known.as_str() == name)?;
        Some(Calendar { unit, number, zone })
    }

    /// Which unit.
    pub(super) fn unit(&self) -> CalendarUnit {
        self.unit
    }

    /// The pane around this time. Before and after the years that jiff knows it
    /// has no bound.
    fn pane(&self, time: i64) -> Pane {
        let Ok(at) = Timestamp::from_millisecond(time) else { return Pane { start: i64::MIN, end: i64::MAX } };
        match self.unit {
            CalendarUnit::Hour => self.hour(at),
            unit => self.days(at, unit),
        }
    }

    /// The hour that the clock shows, cut where the clock was touched inside it.
    fn hour(&self, at: Timestamp) -> Pane {
        let time = at.as_millisecond();
        let offset = self.zone.to_offset(at);
        let into = (time + i64::from(offset.seconds()) * 1_000).rem_euclid(HOUR);
        let (mut start, mut end) = (time - into, time - into + HOUR);
        let touches =
            |change: i64| Timestamp::from_millisecond(change).is_ok_and(|at| self.zone.to_offset(at) != offset);
        // those at or before this time, newest first: the one just before a change shows another offset
        let before = self.zone.preceding(at.saturating_add(1.millisecond()).unwrap_or(at));
        for change in before.map(|change| change.timestamp().as_millisecond()).take_while(|change| *change > start) {
            if touches(change - 1) {
                start = change;
                break;
            }
        }
        let behind = self.zone.following(at).map(|change| change.timestamp().as_millisecond());
        for change in behind.take_while(|change| *change < end) {
            if touches(change) {
                end = change;
                break;
            }
        }
        Pane { start, end }
    }

    /// The day, week or month around this time. Its date is a first guess: where a
    /// clock is set back over midnight, the date of yesterday is shown again in a
    /// day that has begun.
    fn days(&self, at: Timestamp, unit: CalendarUnit) -> Pane {
        let time = at.as_millisecond();
        let mut date = first_date(self.zone.to_datetime(at).date(), unit);
        let mut start = self.first_instant(date);
        loop {
            let next = next_date(date, unit);
            let end = next.map_or(i64::MAX, |next| self.first_instant(next));
            match next {
                Some(next) if end <= time => (date, start) = (next, end),
                _ => return Pane { start, end },
            }
        }
    }

    /// The first instant at which this date, or a later one, is shown.
    fn first_instant(&self, date: Date) -> i64 {
        let midnight = date.at(0, 0, 0, 0);
        let shown_at = |offset: Offset| offset.to_timestamp(midnight).map_or(i64::MIN, |at| at.as_millisecond());
        match self.zone.to_ambiguous_timestamp(midnight).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => shown_at(offset),
            AmbiguousOffset::Gap { before, after } => {
                // the clock jumps over midnight, between what midnight would be in the one offset and in the other
                let earliest = Timestamp::from_millisecond(shown_at(after) - 1).unwrap_or(Timestamp::MIN);
                let jump = self.zone.following(earliest).find(|change| change.offset() == after);
                jump.map_or(shown_at(before), |jump| jump.timestamp().as_millisecond())
            }
        }
    }
}

/// The date with which the unit around this date begins.
fn first_date(date: Date, unit: CalendarUnit) -> Date {
    match unit {
        CalendarUnit::Hour | CalendarUnit::Day => date,
        CalendarUnit::Week => {
            let since_monday = i64::from(date.weekday().to_monday_zero_offset());
            date.checked_sub(since_monday.days()).unwrap_or(Date::MIN)
        }
        CalendarUnit::Month => date.first_of_month(),
    }
}

/// The date with which the next unit begins; none after the last year of jiff.
fn next_date(date: Date, unit: CalendarUnit) -> Option<Date> {
    let step = match unit {
        CalendarUnit::Hour | CalendarUnit::Day => 1.day(),
        CalendarUnit::Week => 1.week(),
        CalendarUnit::Month => 1.month(),
    };
    date.checked_add(step).ok()
}
