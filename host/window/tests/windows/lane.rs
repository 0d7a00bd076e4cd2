//! A lane as the host runs it, over series that are kept in a plain map: the tests'
//! stand-in for durable state. It reads, then inserts, then moves the clock.

use crate::notation::{Held, Record, kinds};
use crate::print::Told;
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::{
    Answer, Cell, Clock, Declared, Derived, Event, Interval, NO_TEXT, Plan, Series, Touch, Word, Zones,
};
use std::collections::HashMap;

/// Whose series it is, of which family, and its key.
type Name = (String, u32, Vec<u8>);

pub(crate) struct Lane {
    plan: Plan,
    declared: Vec<Declared>,
    lateness: i64,
    clock: Clock,
    committed: Clock,
    zones: Zones,
    series: HashMap<Name, Series>,
    texts: Texts,
    /// The events since the last commit, oldest first.
    open: Vec<(Name, i64)>,
}

/// Texts by number, and how many events hold each.
#[derive(Default)]
struct Texts {
    numbers: HashMap<String, u64>,
    held: Vec<(String, i64)>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u64 {
        *self.numbers.entry(text.to_owned()).or_insert_with(|| {
            self.held.push((text.to_owned(), 0));
            self.held.len() as u64 - 1
        })
    }

    fn free(&mut self, number: u64) {
        let (text, holds) = &mut self.held[number as usize];
        *holds -= 1;
        assert!(*holds >= 0, "{text} was freed more often than it was held");
    }
}

impl Lane {
    pub(crate) fn new(declared: &[Declared], lateness: i64) -> Lane {
        Lane {
            plan: Plan::new(&kinds(), declared).expect("a sound plan"),
            declared: declared.to_vec(),
            lateness,
            clock: Clock::new(),
            committed: Clock::new(),
            zones: Zones::default(),
            series: HashMap::new(),
            texts: Texts::default(),
            open: Vec::new(),
        }
    }

    /// Takes a record; says whether it is late and what each window tells it.
    pub(crate) fn take(&mut self, record: &Record) -> (bool, Vec<Told>) {
        let horizon = self.clock.horizon(self.lateness);
        let late = horizon.is_some_and(|horizon| record.time < horizon);
        let cells: Vec<Cell<'_>> = record.cells.iter().map(Held::cell).collect();
        let mut derived = Derived::default();
        self.plan.derive(record.source, &cells, &mut derived);
        let words: Vec<u64> = derived
            .words
            .iter()
            .map(|word| match word {
                Word::Plain(word) => *word,
                Word::Text(text) => self.texts.number(text),
            })
            .collect();
        let told = if record.source == 0 { self.tell(record, horizon, late, &derived, &words) } else { Vec::new() };
        for touch in derived.touches.iter().filter(|touch| touch.classes != 0) {
            let name = name(record, &derived, touch);
            let event = event(record, touch, &words);
            let shape = self.plan.families()[touch.family as usize].shape();
            self.series.entry(name.clone()).or_default().insert(shape, event);
            for word in &derived.words[range(touch)] {
                if let Word::Text(text) = word {
                    let number = self.texts.number(text);
                    self.texts.held[number as usize].1 += 1;
                }
            }
            self.open.push((name, record.time));
        }
        self.clock.push(record.time);
        (late, told)
    }

    fn tell(
        &mut self,
        record: &Record,
        horizon: Option<i64>,
        late: bool,
        derived: &Derived<'_>,
        words: &[u64],
    ) -> Vec<Told> {
        let mut intervals: Vec<Interval> = Vec::new();
        self.plan.intervals(record.time, &mut self.zones, &mut intervals);
        let places = self.plan.places().iter().enumerate().zip(intervals);
        let told = places.map(|((window, place), interval)| {
            if let Some(bad) = derived.bad.iter().find(|bad| bad.window == window) {
                return Told::Bad(*bad);
            }
            let touch = derived.touches.iter().find(|touch| touch.family as usize == place.family);
            let Some(touch) = touch else { return Told::NoKey };
            let interval = self.plan.clip(window, interval, horizon, late);
            let own = (place.own && touch.classes != 0).then(|| event(record, touch, words));
            let shape = self.plan.families()[place.family].shape();
            let mut none = Series::default();
            let series = self.series.get_mut(&name(record, derived, touch)).unwrap_or(&mut none);
            let of = self.declared[window].of.map(|field| kinds()[field]);
            match series.read(shape, place.window, interval, own) {
                Answer::Empty => Told::Empty,
                Answer::Integer(integer) => Told::Integer(integer),
                Answer::Number(number) => Told::Number(number),
                Answer::Word(word) => Told::Value(self.texts.value(word, of.expect("latest is of a field"))),
            }
        });
        told.collect()
    }

    pub(crate) fn commit(&mut self) {
        self.committed = self.clock.clone();
        self.open.clear();
    }

    /// Drops what no window can reach, by the clock of the last commit; says how many events.
    pub(crate) fn settle(&mut self) -> usize {
        let Some(horizon) = self.committed.horizon(self.lateness) else { return 0 };
        let before = self.len();
        for (name, series) in &mut self.series {
            let shape = self.plan.families()[name.1 as usize].shape();
            let open = self.open.iter().filter(|(open, _)| open == name).map(|(_, time)| time - 1).min();
            series.settle(shape, horizon.min(open.unwrap_or(i64::MAX)), &mut |number| self.texts.free(number));
        }
        before - self.len()
    }

    /// Takes back what was taken since the last commit, newest first.
    pub(crate) fn abort(&mut self) {
        self.clock = self.committed.clone();
        for (name, time) in self.open.drain(..).rev() {
            let shape = self.plan.families()[name.1 as usize].shape();
            let series = self.series.get_mut(&name).expect("a series that was inserted into");
            series.remove_newest_at(shape, time, &mut |number| self.texts.free(number));
        }
    }

    /// How many events the longest series keeps.
    pub(crate) fn longest(&self) -> usize {
        self.series.values().map(Series::len).max().unwrap_or(0)
    }

    /// How much older than the horizon an event may be and still be seen.
    pub(crate) fn reach(&self) -> i64 {
        self.plan.reach()
    }

    /// How many events are kept.
    pub(crate) fn len(&self) -> usize {
        self.series.values().map(Series::len).sum()
    }

    /// Drops everything, and finds each text freed as often as it was held.
    pub(crate) fn end(mut self) {
        for (name, series) in &mut self.series {
            let shape = self.plan.families()[name.1 as usize].shape();
            series.settle(shape, i64::MAX, &mut |number| self.texts.free(number));
        }
        assert_eq!(self.len(), 0, "events outlive the end of time");
        let held: Vec<_> = self.texts.held.iter().filter(|(_, holds)| *holds != 0).collect();
        assert!(held.is_empty(), "texts that nobody holds were not freed: {held:?}");
    }
}

impl Texts {
    fn value(&self, word: u64, kind: Kind) -> Value {
        let integer = word as i64;
        match kind {
            Kind::Flag => Value::Flag(integer == 1),
            Kind::Integer => Value::Integer(integer),
            Kind::Number => Value::Number(f64::from_bits(word)),
            Kind::Decimal { scale } => Value::Decimal(Decimal { units: integer, scale }),
            Kind::Instant => Value::Instant(Instant::from_millis(integer).expect("an instant")),
            Kind::Text => {
                assert_ne!(word, NO_TEXT, "latest of a text that is not there");
                Value::Text(self.held[word as usize].0.clone())
            }
        }
    }
}

fn name(record: &Record, derived: &Derived<'_>, touch: &Touch) -> Name {
    let key = derived.keys[touch.key.start as usize..touch.key.end as usize].to_vec();
    (record.tenant.clone(), touch.family, key)
}

fn range(touch: &Touch) -> std::ops::Range<usize> {
    touch.words.start as usize..touch.words.end as usize
}

fn event<'a>(record: &Record, touch: &Touch, words: &'a [u64]) -> Event<'a> {
    Event { time: record.time, classes: touch.classes, words: &words[range(touch)] }
}
