//! The events of one key, sorted by time and among equal times by arrival, and
//! the answer of each window over them.

use crate::exact;
use crate::shape::{Answer, Event, Interval, Shape};
use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate;

/// The events of one key.
#[derive(Clone, Debug, Default)]
pub struct Series {
    events: Vec<(i64, u64, Box<[u64]>)>,
}

impl Series {
    /// Adds an event behind all that are not newer than it.
    pub fn insert(&mut self, _shape: &Shape, event: Event<'_>) {
        let at = self.events.partition_point(|held| held.0 <= event.time);
        self.events.insert(at, (event.time, event.classes, event.words.into()));
    }

    /// Takes the event out again that arrived last among those at `time`; says
    /// whether there was one. `freed` is told each text that it held.
    pub fn remove_newest_at(&mut self, shape: &Shape, time: i64, freed: &mut dyn FnMut(u64)) -> bool {
        let at = self.events.partition_point(|held| held.0 <= time);
        let found = at > 0 && self.events[at - 1].0 == time;
        if found {
            shape.texts(&self.events.remove(at - 1).2).for_each(freed);
        }
        found
    }

    /// What a window says of the events inside the interval. `own` is the event of
    /// the transaction itself where the window counts it: it need not lie inside,
    /// and counts if it is of the window's class. It arrives after all others.
    pub fn read(&mut self, shape: &Shape, window: usize, interval: Interval, own: Option<Event<'_>>) -> Answer {
        let Some(window) = shape.windows().get(window) else { return Answer::Empty };
        let counts = |classes: u64| classes >> window.class & 1 == 1;
        let Interval { after, upto } = interval;
        let mut inside: Vec<_> = self.events().filter(|event| counts(event.classes)).collect();
        inside.retain(|event| after < event.time && event.time <= upto);
        if let Some(gap) = window.gap {
            let mut next = upto;
            let mut from = inside.len();
            while from > 0 && next - inside[from - 1].time <= gap {
                from -= 1;
                next = inside[from].time;
            }
            inside.drain(..from);
        }
        inside.extend(own.filter(|own| counts(own.classes)));
        inside.sort_by_key(|event| event.time);
        let words: Vec<_> =
            inside.iter().map(|event| event.words.get(window.operand.unwrap_or(0)).copied().unwrap_or(0)).collect();
        let integers = || words.iter().map(|word| i128::from(*word as i64));
        let integer = |found: Option<i128>| found.map_or(Answer::Empty, Answer::Integer);
        let number = |found: Option<f64>| found.map_or(Answer::Empty, Answer::Number);
        let numbers = || words.iter().map(|word| f64::from_bits(*word));
        let scale = if let Some(Kind::Decimal { scale }) = window.kind { scale } else { 0 };
        let (sum, count) = (integers().sum::<i128>(), inside.len() as u64);
        match window.aggregate {
            Aggregate::Count => Answer::Integer(i128::from(count)),
            Aggregate::Sum => Answer::Integer(sum),
            Aggregate::Distinct => {
                let set: std::collections::BTreeSet<_> = words.iter().collect();
                Answer::Integer(set.len() as i128)
            }
            Aggregate::FirstSeen => integer(inside.first().map(|event| i128::from(event.time))),
            Aggregate::LastSeen => integer(inside.last().map(|event| i128::from(event.time))),
            Aggregate::Latest => words.last().map_or(Answer::Empty, |word| Answer::Word(*word)),
            Aggregate::Minimum if window.kind == Some(Kind::Number) => number(numbers().reduce(f64::min)),
            Aggregate::Maximum if window.kind == Some(Kind::Number) => number(numbers().reduce(f64::max)),
            Aggregate::Minimum => integer(integers().min()),
            Aggregate::Maximum => integer(integers().max()),
            _ if inside.is_empty() => Answer::Empty,
            Aggregate::Mean => Answer::Number(exact::mean(sum, count, scale)),
            Aggregate::Deviation => {
                let mean = sum as f64 / count as f64;
                let variance = integers().map(|value| (value as f64 - mean).powi(2)).sum::<f64>() / count as f64;
                Answer::Number(variance.sqrt() / 10f64.powi(i32::from(scale)))
            }
        }
    }

    /// Frees what no window can reach: `horizon` is the committed clock less the
    /// lateness, and lower than the time of each event that may yet be removed.
    /// It never changes an answer. `freed` is told each interned text that is no
    /// longer held, once for each event that held it.
    pub fn settle(&mut self, shape: &Shape, horizon: i64, freed: &mut dyn FnMut(u64)) {
        let floor = horizon.saturating_sub(shape.reach());
        let kept = self.events.partition_point(|held| held.0 <= floor);
        for (_, _, words) in self.events.drain(..kept) {
            shape.texts(&words).for_each(&mut *freed);
        }
    }

    /// The events in order.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.events.iter().map(|(time, classes, words)| Event { time: *time, classes: *classes, words })
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is kept.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The bytes that this series takes up beside itself.
    pub fn heap_bytes(&self) -> usize {
        self.events.capacity() * size_of::<(i64, u64, Box<[u64]>)>()
            + self.events.iter().map(|held| held.2.len() * 8).sum::<usize>()
    }
}
