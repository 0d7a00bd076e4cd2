//! The definition of a window, word for word: every event is kept for good, and each
//! answer is computed anew from all of them. Nothing here is shared with the crate but
//! the rounding of a deviation, which has an oracle of its own.

use crate::notation::{Held, Record, kinds};
use crate::print::Told;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sandgate_model::manifest::{Aggregate, CalendarUnit, Span, Test};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::{Bad, Declared, Why, exact};
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

const DAY: i64 = 86_400_000;
const TEXT_BYTES_MAX: usize = 1_024;

pub(crate) struct Oracle {
    windows: Vec<Window>,
    lateness: i64,
    /// The times of all records, and the clock after each of them.
    times: Vec<(i64, Option<i64>)>,
    committed: usize,
    /// A mistake made on purpose: the left edge of a sliding window belongs to it.
    pub(crate) mistaken: bool,
}

struct Window {
    declared: Declared,
    zone: Option<TimeZone>,
    /// The events that count, by tenant and key, in the order of arrival.
    events: HashMap<String, Vec<Event>>,
}

struct Event {
    /// Which record brought it.
    record: usize,
    time: i64,
    /// The pane of its calendar.
    pane: (i64, i64),
    operand: Option<Value>,
}

/// What a record is for a window.
enum Brought {
    Bad(usize, Why),
    NoKey,
    Key { key: String, counts: bool },
}

impl Oracle {
    pub(crate) fn new(declared: &[Declared], lateness: i64) -> Oracle {
        let windows = declared.iter().map(|declared| {
            let zone = match &declared.span {
                Span::Calendar { zone, .. } => Some(TimeZone::get(zone).expect("a zone")),
                _ => None,
            };
            Window { declared: declared.clone(), zone, events: HashMap::new() }
        });
        Oracle { windows: windows.collect(), lateness, times: Vec::new(), committed: 0, mistaken: false }
    }

    pub(crate) fn take(&mut self, record: &Record) -> (bool, Vec<Told>) {
        let clock = self.times.last().and_then(|(_, clock)| *clock);
        let horizon = clock.map(|clock| clock - self.lateness);
        let late = horizon.filter(|horizon| record.time < *horizon);
        let mut told = Vec::new();
        for (number, window) in self.windows.iter_mut().enumerate() {
            let brought = window.brought(record);
            let pane = window.pane(record.time);
            if record.source == 0 {
                told.push(match &brought {
                    Brought::Bad(field, why) => Told::Bad(Bad { window: number, field: *field, why: *why }),
                    Brought::NoKey => Told::NoKey,
                    Brought::Key { key, counts } => {
                        let none = Vec::new();
                        let events = window.events.get(key).unwrap_or(&none);
                        let seen =
                            events.iter().filter(|event| window.sees(event, record.time, pane, late, self.mistaken));
                        let mut seen: Vec<(i64, Option<&Value>)> =
                            seen.map(|event| (event.time, event.operand.as_ref())).collect();
                        // stable: among equal times the order of arrival stands
                        seen.sort_by_key(|(time, _)| *time);
                        window.keep_session(&mut seen, record.time);
                        let own = window.operand(record);
                        if *counts && window.counts_itself() {
                            seen.push((record.time, own.as_ref()));
                        }
                        window.aggregate(&seen)
                    }
                });
            }
            if let Brought::Key { key, counts: true } = brought {
                let event =
                    Event { record: self.times.len(), time: record.time, pane, operand: window.operand(record) };
                window.events.entry(key).or_default().push(event);
            }
        }
        self.push(record.time);
        (late.is_some(), told)
    }

    fn push(&mut self, time: i64) {
        let before = self.times.last().and_then(|(_, clock)| *clock);
        self.times.push((time, None));
        let mut last: Vec<i64> = self.times.iter().rev().take(1_024).map(|(time, _)| *time).collect();
        let median = (last.len() - 1) / 2;
        let clock = (last.len() >= 32).then(|| *last.select_nth_unstable(median).1);
        if let Some((_, after)) = self.times.last_mut() {
            *after = before.max(clock);
        }
    }

    /// How many events of any window are newer than the committed horizon less this reach.
    pub(crate) fn within_reach(&self, reach: i64) -> usize {
        let clock = self.times[..self.committed].last().and_then(|(_, clock)| *clock);
        let floor = clock.map_or(i64::MIN, |clock| clock - self.lateness - reach);
        let events = self.windows.iter().flat_map(|window| window.events.values().flatten());
        events.filter(|event| event.time > floor).map(|event| event.record).collect::<BTreeSet<_>>().len()
    }

    pub(crate) fn commit(&mut self) {
        self.committed = self.times.len();
    }

    pub(crate) fn abort(&mut self) {
        self.times.truncate(self.committed);
        for events in self.windows.iter_mut().flat_map(|window| window.events.values_mut()) {
            events.retain(|event| event.record < self.committed);
        }
    }
}

impl Window {
    fn brought(&self, record: &Record) -> Brought {
        let Declared { by, of, only, sources, .. } = &self.declared;
        if by.iter().any(|field| record.cells[*field] == Held::Absent) {
            return Brought::NoKey;
        }
        let mut sorted = by.clone();
        sorted.sort_unstable();
        if let Some((field, why)) = sorted.iter().find_map(|field| Some((*field, unusable(&record.cells[*field])?))) {
            return Brought::Bad(field, why);
        }
        let key: Vec<_> = sorted.iter().map(|field| &record.cells[*field]).collect();
        let key = format!("{} {key:?}", record.tenant);
        let fulfils: Vec<_> = only.iter().map(|(field, test)| (*field, fulfils(&record.cells[*field], test))).collect();
        let nothing_of = of.is_some_and(|field| record.cells[field] == Held::Absent);
        let other_source = sources >> record.source & 1 == 0;
        if other_source || nothing_of || fulfils.iter().any(|(_, fulfils)| *fulfils == Some(false)) {
            return Brought::Key { key, counts: false };
        }
        let misread = fulfils.iter().filter(|(_, fulfils)| fulfils.is_none()).map(|(field, _)| (*field, Why::Misread));
        let unread = of.and_then(|field| Some((field, unusable(&record.cells[field])?)));
        match misread.chain(unread).min_by_key(|(field, _)| *field) {
            Some((field, why)) => Brought::Bad(field, why),
            None => Brought::Key { key, counts: true },
        }
    }

    fn operand(&self, record: &Record) -> Option<Value> {
        match &record.cells[self.declared.of?] {
            Held::Value(value) => Some(value.clone()),
            _ => None,
        }
    }

    fn counts_itself(&self) -> bool {
        self.declared.current && !matches!(self.declared.span, Span::Sliding { delay: 1.., .. })
    }

    /// Which running unit of the calendar a time is in: two times are in the same one
    /// if this is equal.
    fn pane(&self, time: i64) -> (i64, i64) {
        let (Some(zone), Span::Calendar { unit, .. }) = (&self.zone, &self.declared.span) else { return (0, 0) };
        let shown = Timestamp::from_millisecond(time).expect("a time").to_zoned(zone.clone());
        let date = shown.date();
        match unit {
            CalendarUnit::Hour => {
                let offset = i64::from(shown.offset().seconds());
                ((time + offset * 1_000).div_euclid(3_600_000), offset)
            }
            CalendarUnit::Day => (i64::from(date.year()), i64::from(date.day_of_year())),
            CalendarUnit::Week => (i64::from(date.iso_week_date().year()), i64::from(date.iso_week_date().week())),
            CalendarUnit::Month => (i64::from(date.year()), i64::from(date.month())),
        }
    }

    /// Whether a transaction at this time sees the event; `late` is the horizon that it misses.
    fn sees(&self, event: &Event, at: i64, pane: (i64, i64), late: Option<i64>, mistaken: bool) -> bool {
        let time = event.time;
        let down = |edge: i64, width: i64| edge.div_euclid(width) * width;
        let up = |edge: i64, width: i64| -down(-edge, width);
        let above_floor = |reach: i64| late.is_none_or(|horizon| time > horizon - reach);
        match self.declared.span {
            Span::Sliding { length, delay, closed, resolution: None } => {
                let left = at - delay - length;
                let inside = if closed || mistaken { time >= left } else { time > left };
                inside && time <= at - delay && above_floor(delay + length + i64::from(closed))
            }
            Span::Sliding { length, delay, closed, resolution: Some(width) } => {
                let left = down(at - delay - length, width);
                let inside = if closed { time >= left } else { time > left };
                let reach = delay + length + width + i64::from(closed);
                inside
                    && match (late, closed) {
                        (None, _) => time <= at - delay,
                        // a late one sees whole panes: (a, b] or [a, b), where a and b are multiples
                        (Some(horizon), false) => time <= down(at - delay, width) && time > up(horizon - reach, width),
                        (Some(horizon), true) => {
                            time < down(at - delay + 1, width) && time >= up(horizon - reach + 1, width)
                        }
                    }
            }
            Span::Tumbling { length, offset } => {
                down(time - offset, length) == down(at - offset, length) && time <= at && above_floor(length)
            }
            Span::Calendar { unit, .. } => {
                let reach = match unit {
                    CalendarUnit::Hour => DAY / 12,
                    CalendarUnit::Day => 2 * DAY,
                    CalendarUnit::Week => 8 * DAY,
                    CalendarUnit::Month => 32 * DAY,
                };
                event.pane == pane && time <= at && above_floor(reach)
            }
            Span::Session { longest, .. } => time > at - longest && time <= at && above_floor(longest),
        }
    }

    /// Of a session: what comes after its last silence.
    fn keep_session(&self, seen: &mut Vec<(i64, Option<&Value>)>, at: i64) {
        let Span::Session { gap, .. } = self.declared.span else { return };
        let mut next = at;
        let mut first = seen.len();
        while first > 0 && next - seen[first - 1].0 <= gap {
            first -= 1;
            next = seen[first].0;
        }
        seen.drain(..first);
    }

    fn aggregate(&self, seen: &[(i64, Option<&Value>)]) -> Told {
        let kind = self.declared.of.map(|field| kinds()[field]);
        let operands = || seen.iter().filter_map(|(_, operand)| *operand);
        let wholes = || operands().filter_map(whole);
        let (count, sum) = (seen.len() as u64, || wholes().sum::<i128>());
        let scale = if let Some(Kind::Decimal { scale }) = kind { scale } else { 0 };
        let told = |value: Option<&Value>| match value {
            Some(Value::Number(number)) => Told::Number(*number + 0.0),
            Some(value) => Told::Integer(whole(value).expect("a whole number")),
            None => Told::Empty,
        };
        let time =
            |seen: Option<&(i64, Option<&Value>)>| seen.map_or(Told::Empty, |(time, _)| Told::Integer((*time).into()));
        let order = |left: &&Value, right: &&Value| left.order(right).unwrap_or(Ordering::Equal);
        match self.declared.aggregate {
            Aggregate::Count => Told::Integer(count.into()),
            Aggregate::Sum => Told::Integer(sum()),
            Aggregate::Distinct => Told::Integer(operands().map(distinct).collect::<BTreeSet<_>>().len() as i128),
            Aggregate::FirstSeen => time(seen.first()),
            Aggregate::LastSeen => time(seen.last()),
            Aggregate::Latest => operands().next_back().map_or(Told::Empty, |value| Told::Value(positive_zero(value))),
            Aggregate::Minimum => told(operands().min_by(order)),
            Aggregate::Maximum => told(operands().max_by(order)),
            Aggregate::Mean | Aggregate::Deviation if count == 0 => Told::Empty,
            Aggregate::Mean => Told::Number(mean(sum(), u128::from(count) * 10u128.pow(scale.into()))),
            Aggregate::Deviation => {
                let squares = wholes().map(|whole| exact::Squares::of(whole as i64));
                let squares = squares.fold(exact::Squares::ZERO, exact::Squares::plus);
                Told::Number(exact::deviation(count, sum(), squares, scale))
            }
        }
    }
}

/// Why a value can be neither part of a key nor an operand.
fn unusable(cell: &Held) -> Option<Why> {
    match cell {
        Held::Misread => Some(Why::Misread),
        Held::Value(Value::Text(text)) if text.len() > TEXT_BYTES_MAX => Some(Why::TooLong { bytes: text.len() }),
        _ => None,
    }
}

/// Whether a field fulfils a test, if that can be told.
fn fulfils(cell: &Held, test: &Test) -> Option<bool> {
    let value = match cell {
        Held::Misread => return None,
        Held::Absent => return Some(matches!(test, Test::NoneOf(_))),
        Held::Value(value) => value,
    };
    Some(match test {
        Test::AnyOf(values) => values.contains(value),
        Test::NoneOf(values) => !values.contains(value),
        Test::AtLeast(least) => value.order(least).is_some_and(Ordering::is_ge),
        Test::Below(bound) => value.order(bound).is_some_and(Ordering::is_lt),
        Test::Set(_, parameter) => unreachable!("{parameter} is set before a window is planned"),
    })
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Flag(flag) => Some(i128::from(*flag)),
        Value::Integer(integer) => Some(i128::from(*integer)),
        Value::Decimal(Decimal { units, .. }) => Some(i128::from(*units)),
        Value::Instant(instant) => Some(i128::from(Instant::millis(*instant))),
        Value::Number(_) | Value::Text(_) => None,
    }
}

/// Zero and its negative are one value.
fn positive_zero(value: &Value) -> Value {
    if *value == Value::Number(0.0) { Value::Number(0.0) } else { value.clone() }
}

/// A text that is equal for equal values.
fn distinct(value: &Value) -> String {
    positive_zero(value).to_string()
}

/// The quotient of two whole numbers as the nearest float: by long division, as at
/// school, read by the standard library, which rounds correctly. A last digit
/// stands for all that were not written.
fn mean(sum: i128, parts: u128) -> f64 {
    let size = sum.unsigned_abs();
    let mut digits = format!("{}{}.", if sum < 0 { "-" } else { "" }, size / parts);
    let mut rest = size % parts;
    for _ in 0..60 {
        rest *= 10;
        digits += &(rest / parts).to_string();
        rest %= parts;
    }
    digits += if rest > 0 { "1" } else { "0" };
    digits.parse::<f64>().expect("digits") + 0.0
}
