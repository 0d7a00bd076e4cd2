//! The same said naively: all records are kept for good and looked through for each.

use crate::stream::Record;
use sandgate_model::manifest::{Aggregate, Span, Test};
use sandgate_model::{Decimal, Value};
use sandgate_state::{Answered, Fate, Late, Layout, Settings};
use sandgate_window::{Cell, Declared, Interval, Zones};
use std::collections::BTreeSet;

/// What should be said of a record: of a repeat or a reused id, the offset of the first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expected {
    /// Beside the answers, the intervals that they are of.
    New {
        late: Option<Late>,
        answers: Vec<Answered>,
        intervals: Vec<Interval>,
    },
    Repeat(u64),
    Reused(u64),
}

impl Expected {
    /// Whether the lane says so too.
    pub(crate) fn is(&self, seen: &crate::runner::Seen) -> bool {
        match (self, seen.fate) {
            (Expected::New { late, answers, .. }, Fate::New) => *late == seen.late && *answers == seen.answers,
            (Expected::Repeat(offset), Fate::Repeat(repeat)) => *offset == repeat.offset,
            (Expected::Reused(offset), Fate::Reused { offset: first }) => *offset == first,
            _ => false,
        }
    }
}

/// The lane's clock: the highest lower median so far.
#[derive(Default)]
struct Clock {
    times: Vec<i64>,
    now: Option<i64>,
    began: Option<i64>,
}

impl Clock {
    fn push(&mut self, time: i64) {
        self.times.push(time);
        let mut ring: Vec<_> = self.times.iter().rev().take(1_024).copied().collect();
        ring.sort_unstable();
        if ring.len() >= 32 {
            self.now = self.now.max(Some(ring[(ring.len() - 1) / 2]));
        }
        self.began = self.began.or(self.now);
    }
}

/// Says what is expected of each record of a stream, where no bound is reached.
pub(crate) fn expected(
    layout: &Layout,
    declared: &[Vec<Declared>],
    settings: Settings,
    records: &[Record],
) -> Vec<Expected> {
    let (mut clock, mut zones) = (Clock::default(), Zones::default());
    // by record: the clock before it, if its id is remembered
    let mut remembered: Vec<(usize, Option<i64>)> = Vec::new();
    let mut events: Vec<&Record> = Vec::new();
    let mut all = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let entry = record.entry;
        let here = |other: &Record| (other.entry.tenant, other.entry.source) == (entry.tenant, entry.source);
        let newest = remembered.iter().rev().filter(|(at, _)| here(&records[*at])).take(settings.ids as usize);
        let mut alike = newest.filter(|(at, _)| records[*at].entry.id == entry.id);
        let first = alike.next().filter(|(_, then)| match (then.or(clock.began), clock.now) {
            (Some(then), Some(now)) => now <= then + settings.repeats,
            _ => true,
        });
        let first = first.map(|(at, _)| &records[*at].entry);
        match first {
            Some(first) if first.content == entry.content => {
                all.push(Expected::Repeat(first.offset));
                continue;
            }
            Some(first) if !entry.composed => all.push(Expected::Reused(first.offset)),
            _ => {
                let horizon = clock.now.map(|now| now - settings.lateness);
                let late = horizon.filter(|horizon| entry.time < *horizon);
                let late = late.and_then(|horizon| Some(Late { clock: clock.now?, horizon }));
                let plan = &layout.tenants[entry.tenant as usize].plan;
                let mut intervals = Vec::new();
                plan.intervals(entry.time, &mut zones, &mut intervals);
                let clip = |(window, interval)| plan.clip(window, interval, horizon, late.is_some());
                let intervals: Vec<_> = intervals.into_iter().enumerate().map(clip).collect();
                let answers = declared[entry.tenant as usize].iter().zip(&intervals);
                let answers = answers.map(|(declared, interval)| answer(declared, record, *interval, &events));
                let answers = if entry.judged { answers.collect() } else { Vec::new() };
                all.push(Expected::New { late, answers, intervals });
                events.push(record);
                remembered.push((at, clock.now));
            }
        }
        if entry.judged {
            clock.push(entry.time);
        }
    }
    all
}

/// What a field must say for a record to be an event: yes, no, or nobody can tell.
fn is_event(declared: &Declared, record: &Record) -> Option<bool> {
    let cells = record.cells();
    if declared.sources >> record.entry.source & 1 == 0 {
        return Some(false);
    }
    let passes = |(field, test): &(usize, Test)| match (cells[*field], test) {
        (Cell::Misread, _) => None,
        (Cell::Value(Value::Text(text)), Test::AnyOf(values)) => {
            Some(values.iter().any(|value| *value == Value::Text(text.to_owned())))
        }
        _ => Some(false),
    };
    let operand = declared.of.map(|field| match cells[field] {
        Cell::Absent => Some(false),
        Cell::Misread => None,
        Cell::Value(_) => Some(true),
    });
    let said: Vec<_> = declared.only.iter().map(passes).chain(operand).collect();
    if said.contains(&Some(false)) { Some(false) } else { (!said.contains(&None)).then_some(true) }
}

fn answer(declared: &Declared, record: &Record, interval: Interval, events: &[&Record]) -> Answered {
    let cells = record.cells();
    let bad = |field: usize| cells[field] == Cell::Misread;
    if declared.by.iter().any(|field| cells[*field] == Cell::Absent) {
        return Answered::Absent;
    }
    if declared.by.iter().any(|field| bad(*field)) || is_event(declared, record).is_none() {
        // which field it was is checked with the plan
        return Answered::Full;
    }
    let delay = if let Span::Sliding { delay, .. } = declared.span { delay } else { 0 };
    let own = declared.current && delay == 0 && is_event(declared, record) == Some(true);
    let inside = |event: &&&Record| {
        let alike = |event: &Record| {
            let other = event.cells();
            declared.by.iter().all(|field| other[*field] == cells[*field])
        };
        interval.after < event.entry.time
            && event.entry.time <= interval.upto
            && event.entry.tenant == record.entry.tenant
            && alike(event)
            && is_event(declared, event) == Some(true)
    };
    let mut inside: Vec<&Record> = events.iter().filter(inside).copied().collect();
    inside.sort_by_key(|event| event.entry.time);
    if let Span::Session { gap, .. } = declared.span {
        let mut since = record.entry.time;
        let connected = inside.iter().rev().take_while(|event| {
            let near = since - event.entry.time <= gap;
            since = event.entry.time;
            near
        });
        let kept = connected.count();
        inside.drain(..inside.len() - kept);
    }
    if own {
        let behind = inside.partition_point(|event| event.entry.time <= record.entry.time);
        inside.insert(behind, record);
    }
    aggregate(declared, &inside)
}

fn aggregate(declared: &Declared, inside: &[&Record]) -> Answered {
    let value = |event: &&Record| match event.cells()[declared.of.unwrap_or(0)] {
        Cell::Value(Value::Decimal(Decimal { units, .. })) => i128::from(units),
        _ => 0,
    };
    let some = |integer: Option<i128>| integer.map_or(Answered::Absent, Answered::Integer);
    match declared.aggregate {
        Aggregate::Count => Answered::Integer(inside.len() as i128),
        Aggregate::Sum => Answered::Integer(inside.iter().map(value).sum()),
        Aggregate::Minimum => some(inside.iter().map(value).min()),
        Aggregate::Maximum => some(inside.iter().map(value).max()),
        Aggregate::LastSeen => some(inside.last().map(|event| i128::from(event.entry.time))),
        Aggregate::Distinct => {
            let texts: BTreeSet<_> =
                inside.iter().map(|event| format!("{:?}", event.cells()[declared.of.unwrap()])).collect();
            Answered::Integer(texts.len() as i128)
        }
        Aggregate::Latest => match inside.last().map(|event| event.cells()[declared.of.unwrap()]) {
            Some(Cell::Value(Value::Text(text))) => Answered::Latest(Value::Text(text.into())),
            _ => Answered::Absent,
        },
        other => panic!("{other:?} is not told here"),
    }
}
