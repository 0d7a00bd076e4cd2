//! Where windows begin and end: tables for the edges, and every change of the
//! clock of the strangest zones for the calendars.

use super::zones::{Calendar, Pane};
use super::{Edges, Unsound, Zones};
use crate::shape::Interval;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sandgate_model::Instant;
use sandgate_model::manifest::{CalendarUnit, Span};

const UNITS: [CalendarUnit; 4] = [CalendarUnit::Hour, CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month];

fn millis(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn shown(time: i64) -> String {
    Timestamp::from_millisecond(time).unwrap().to_string()
}

fn pane(unit: CalendarUnit, zone: &str, time: i64) -> Pane {
    Zones::default().pane(&Calendar::of(unit, zone).unwrap(), time)
}

#[test]
fn panes_of_a_place_begin_and_end_as_its_calendar_says() {
    use CalendarUnit::{Day, Hour, Month, Week};
    // unit, zone, at, start, end
    let table = [
        (Hour, "UTC", "2026-01-01T09:59:59.999Z", "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z"),
        (Hour, "Asia/Kathmandu", "2026-01-01T00:00:00Z", "2025-12-31T23:15:00Z", "2026-01-01T00:15:00Z"),
        (Day, "Asia/Shanghai", "2026-01-01T15:59:59.999Z", "2025-12-31T16:00:00Z", "2026-01-01T16:00:00Z"),
        (Day, "Asia/Shanghai", "2026-01-01T16:00:00Z", "2026-01-01T16:00:00Z", "2026-01-02T16:00:00Z"),
        // a leap day, months of all lengths, weeks over the end of a year
        (Day, "UTC", "2024-02-29T12:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        (Month, "UTC", "2024-02-29T12:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        (Month, "UTC", "2100-02-28T23:59:59Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
        (Month, "America/New_York", "2026-04-01T03:59:59Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"),
        (Week, "UTC", "2026-01-01T00:00:00Z", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"),
        (Week, "Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"),
        // to summer time and back: a day of 23 hours, one of 25, an hour that is there twice
        (Day, "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        (Day, "Europe/Berlin", "2026-10-25T22:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        (Hour, "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        (Hour, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
        (Hour, "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
        // by half an hour: 02:00 becomes 02:30 in October, and 01:30 in April
        (Hour, "Australia/Lord_Howe", "2026-10-03T15:40:00Z", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"),
        (Hour, "Australia/Lord_Howe", "2026-10-03T15:29:59Z", "2026-10-03T14:30:00Z", "2026-10-03T15:30:00Z"),
        (Hour, "Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z"),
        (Hour, "Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z"),
        (Hour, "Australia/Lord_Howe", "2026-04-04T15:30:00Z", "2026-04-04T15:30:00Z", "2026-04-04T16:30:00Z"),
        // no midnight: the clock jumps from 24:00 to 01:00
        (Day, "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),
        // two midnights: at 00:00 it is 23:00 again, still the day before
        (Day, "America/Asuncion", "2023-03-26T03:30:00Z", "2023-03-25T03:00:00Z", "2023-03-26T04:00:00Z"),
        // a minute of Sunday, then Saturday again for an hour: Sunday has begun
        (Day, "America/St_Johns", "2006-10-29T03:00:00Z", "2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z"),
        // midnight inside a jump that begins before it
        (Day, "America/Toronto", "1919-03-31T12:00:00Z", "1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z"),
        // a date that a place left out: Friday the 30th
        (Day, "Pacific/Apia", "2011-12-31T09:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
        (Day, "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
        // an offset with seconds, and a day of 48 hours: the date line moved over a place
        (Day, "Africa/Monrovia", "1960-06-01T12:00:00Z", "1960-06-01T00:44:30Z", "1960-06-02T00:44:30Z"),
        (Day, "America/Juneau", "1867-10-19T12:00:00Z", "1867-10-18T08:57:41Z", "1867-10-20T08:57:41Z"),
        (Month, "UTC", "9999-12-30T21:59:59.999Z", "9999-12-01T00:00:00Z", "9999-12-30T22:00:00Z"),
    ];
    for (unit, zone, at, start, end) in table {
        let pane = pane(unit, zone, millis(at));
        let end = if at.starts_with("9999") { pane.end } else { millis(end) };
        assert_eq!((shown(pane.start), pane.end), (shown(millis(start)), end), "{unit:?} of {zone} at {at}: {pane:?}");
    }
}

/// The day that has begun at this time: the latest date shown so far. It is told by
/// the changes of the clock alone, without any rule for gaps and folds.
fn day_begun(zone: &TimeZone, time: i64) -> i64 {
    let shown = |time: i64| {
        let offset = zone.to_offset(Timestamp::from_millisecond(time).unwrap());
        (time + i64::from(offset.seconds()) * 1_000).div_euclid(86_400_000)
    };
    let behind = Timestamp::from_millisecond(time + 1).unwrap();
    let changes = zone.preceding(behind).map(|change| change.timestamp().as_millisecond());
    let last = changes.take_while(|change| *change > time - 3 * 86_400_000).map(|change| shown(change - 1)).max();
    shown(time).max(last.unwrap_or(i64::MIN))
}

#[test]
fn panes_divide_time_around_every_change_of_the_strangest_zones() {
    const ZONES: [&str; 22] = [
        "Africa/Cairo",
        "Africa/Casablanca",
        "Africa/Monrovia",
        "America/Asuncion",
        "America/Havana",
        "America/Juneau",
        "America/Nuuk",
        "America/Santiago",
        "America/Sao_Paulo",
        "America/Scoresbysund",
        "America/St_Johns",
        "America/Toronto",
        "Antarctica/Troll",
        "Asia/Gaza",
        "Asia/Manila",
        "Asia/Pyongyang",
        "Asia/Tehran",
        "Atlantic/Azores",
        "Australia/Lord_Howe",
        "Europe/Dublin",
        "Pacific/Apia",
        "Pacific/Kwajalein",
    ];
    const MINUTE: i64 = 60_000;
    let around = [-3_000, -1_440, -90, -60, -30, 0, 1, 30, 59, 60, 61, 120, 700, 1_440, 2_000, 12_000];
    let (from, until) = (millis("1800-01-01T00:00:00Z"), millis("2045-01-01T00:00:00Z"));
    let mut checked = 0;
    for name in ZONES {
        let zone = TimeZone::get(name).unwrap();
        let mut zones = Zones::default();
        let calendars = UNITS.map(|unit| Calendar::of(unit, name).unwrap());
        let changes = zone.following(Timestamp::from_millisecond(from).unwrap());
        let changes = changes.map(|change| change.timestamp().as_millisecond()).take_while(|change| *change < until);
        let mut times: Vec<i64> = changes
            .flat_map(|change| around.into_iter().flat_map(move |at| [change + at * MINUTE - 1, change + at * MINUTE]))
            .collect();
        // back and forth
        times.sort_unstable_by_key(|time| time.rotate_left(40));
        for time in times {
            for (calendar, unit) in calendars.iter().zip(UNITS) {
                let Pane { start, end } = zones.pane(calendar, time);
                let said = || format!("{unit:?} of {name} at {}: {} to {}", shown(time), shown(start), shown(end));
                assert!(start <= time && time < end, "{}", said());
                assert!(end - start <= Edges::Calendar(calendar.clone()).reach(), "{}", said());
                let fresh = |time| Zones::default().pane(calendar, time);
                assert_eq!((fresh(start), fresh(end - 1)), (Pane { start, end }, Pane { start, end }), "{}", said());
                assert_eq!((fresh(start - 1).end, fresh(end).start), (start, end), "{}", said());
                let begun = |time| day_begun(&zone, time);
                match unit {
                    CalendarUnit::Hour => {
                        let offset = |time| zone.to_offset(Timestamp::from_millisecond(time).unwrap());
                        assert_eq!((offset(start), offset(end - 1)), (offset(time), offset(time)), "{}", said());
                        let hour = |edge: i64| (edge + i64::from(offset(time).seconds()) * 1_000) % 3_600_000 == 0;
                        assert!(hour(start) || offset(start - 1) != offset(time), "{}", said());
                        assert!(hour(end) || offset(end) != offset(time), "{}", said());
                    }
                    CalendarUnit::Day => {
                        assert_eq!((begun(start), begun(end - 1)), (begun(time), begun(time)), "{}", said());
                    }
                    CalendarUnit::Week => {
                        let weeks = |time| (begun(time) + 3).div_euclid(7);
                        assert_eq!((weeks(start), weeks(end - 1)), (weeks(time), weeks(time)), "{}", said());
                    }
                    CalendarUnit::Month => {
                        let month =
                            |time| Instant::from_millis(begun(time) * 86_400_000).unwrap().to_string()[..7].to_owned();
                        assert_eq!((month(start), month(end - 1)), (month(time), month(time)), "{}", said());
                    }
                }
                let neighbours = (begun(start - 1) < begun(start), begun(end) > begun(end - 1));
                assert!(unit == CalendarUnit::Hour || neighbours == (true, true), "{}", said());
                checked += 1;
            }
        }
    }
    assert!(checked > 300_000, "{checked}");
}

#[test]
fn the_ends_of_time_have_panes() {
    let ends =
        [i64::MIN, -1 << 60, -377_705_116_800_001, Instant::MIN.millis(), Instant::MAX.millis(), 1 << 60, i64::MAX];
    let mut zones = Zones::default();
    for unit in UNITS {
        for zone in ["UTC", "Pacific/Kiritimati", "America/Juneau", "Etc/GMT+12"] {
            let calendar = Calendar::of(unit, zone).unwrap();
            for time in ends {
                let pane = zones.pane(&calendar, time);
                assert!(pane.start <= time && time <= pane.end, "{unit:?} of {zone} at {time}: {pane:?}");
            }
        }
    }
}

#[test]
fn zones_are_told_apart_and_units_too() {
    let at = millis("2026-01-01T12:00:00Z");
    let calendars = [("UTC", CalendarUnit::Day), ("UTC", CalendarUnit::Hour), ("Asia/Tokyo", CalendarUnit::Day)]
        .map(|(zone, unit)| Calendar::of(unit, zone).unwrap());
    let mut zones = Zones::default();
    for _ in 0..2 {
        let starts = calendars.each_ref().map(|calendar| shown(zones.pane(calendar, at).start));
        assert_eq!(starts, ["2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "2025-12-31T15:00:00Z"]);
    }
}

fn sliding(length: i64, delay: i64, closed: bool, resolution: Option<i64>) -> Edges {
    Edges::of(&Span::Sliding { length, delay, closed, resolution }).unwrap()
}

#[test]
fn edges_lie_where_the_span_says() {
    let tumbling = |length, offset| Edges::of(&Span::Tumbling { length, offset }).unwrap();
    let session = Edges::of(&Span::Session { gap: 5, longest: 20 }).unwrap();
    // edges, at, (after, upto], and what is left for a late transaction with the horizon at 1,000
    let table = [
        (sliding(10, 0, false, None), 100, (90, 100), (990, 990)),
        (sliding(10, 0, false, None), 995, (985, 995), (990, 995)),
        (sliding(10, 0, true, None), 995, (984, 995), (989, 995)),
        (sliding(10, 3, false, None), 995, (982, 992), (987, 992)),
        // an edge of a pane is a multiple of 8
        (sliding(30, 0, false, Some(8)), 999, (968, 999), (968, 992)),
        (sliding(30, 0, false, Some(8)), 992, (960, 992), (968, 992)),
        (sliding(30, 0, false, Some(8)), 991, (960, 991), (968, 984)),
        (sliding(30, 1, false, Some(8)), 999, (968, 998), (968, 992)),
        // and one less where it belongs to the window
        (sliding(30, 0, true, Some(8)), 999, (967, 999), (967, 999)),
        (sliding(30, 0, true, Some(8)), 998, (967, 998), (967, 991)),
        (sliding(30, 0, true, Some(8)), 991, (959, 991), (967, 991)),
        (sliding(30, 0, false, Some(8)), -1, (-32, -1), (968, 968)),
        (tumbling(10, 0), 999, (989, 999), (990, 999)),
        (tumbling(10, 3), 992, (982, 992), (990, 992)),
        (tumbling(10, 3), 993, (992, 993), (992, 993)),
        (tumbling(10, 0), -1, (-11, -1), (990, 990)),
        (session, 999, (979, 999), (980, 999)),
    ];
    for (edges, at, (after, upto), (late_after, late_upto)) in table {
        let interval = edges.interval(at, &mut Zones::default());
        assert_eq!(interval, Interval { after, upto }, "{edges:?} at {at}");
        let clipped = Interval { after: late_after, upto: late_upto };
        assert_eq!(edges.clip(interval, 1_000), clipped, "{edges:?} at {at}");
    }
}

/// What a window reaches is what must be kept: a transaction at the horizon, which is not
/// late, sees nothing that is older.
#[test]
fn what_is_not_late_never_sees_beyond_the_reach() {
    let mut spans = vec![Span::Session { gap: 7, longest: 50 }];
    for (length, extra) in [(1, 0), (10, 3), (17, 16)] {
        spans.push(Span::Tumbling { length, offset: extra.min(length - 1) });
        for closed in [false, true] {
            spans.push(Span::Sliding { length, delay: extra, closed, resolution: None });
            spans.push(Span::Sliding { length, delay: extra, closed, resolution: Some(length) });
        }
    }
    spans.extend(UNITS.map(|unit| Span::Calendar { unit, zone: "America/St_Johns".to_owned() }));
    let mut zones = Zones::default();
    for span in spans {
        let edges = Edges::of(&span).unwrap();
        let steps = (-200..200).chain((-200..200).map(|step| step * 3_000_017));
        for at in steps.map(|step| millis("2006-10-29T03:00:00Z") + step) {
            let interval = edges.interval(at, &mut zones);
            assert!(interval.after >= at - edges.reach(), "{span:?} at {at}");
            if edges.resolution().is_none() {
                assert_eq!(edges.clip(interval, at), interval, "{span:?} at {at}");
            }
        }
    }
}

#[test]
fn spans_without_sense_are_refused() {
    let long = 3_660 * 86_400_000 + 1;
    let table = [
        (Span::Sliding { length: 0, delay: 0, closed: false, resolution: None }, Unsound::Length),
        (Span::Sliding { length: long, delay: 0, closed: false, resolution: None }, Unsound::Length),
        (Span::Sliding { length: 1, delay: -1, closed: false, resolution: None }, Unsound::Length),
        (Span::Sliding { length: 1, delay: 0, closed: false, resolution: Some(0) }, Unsound::Length),
        (Span::Tumbling { length: 0, offset: 0 }, Unsound::Length),
        (Span::Tumbling { length: 5, offset: 5 }, Unsound::Length),
        (Span::Session { gap: 5, longest: 4 }, Unsound::Length),
        (Span::Session { gap: 0, longest: 4 }, Unsound::Length),
        (Span::Calendar { unit: CalendarUnit::Day, zone: "Mars/Olympus".to_owned() }, Unsound::Zone),
    ];
    for (span, why) in table {
        assert_eq!(Edges::of(&span).map(|_| ()), Err(why), "{span:?}");
    }
}
