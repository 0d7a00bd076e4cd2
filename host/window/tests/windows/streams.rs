//! Random streams: what the crate says of every record against what the definition
//! says, over every aggregate and every span.

use crate::lane::Lane;
use crate::notation::{AGGREGATES, FIELDS, Held, Record, UNITS};
use crate::oracle::Oracle;
use crate::print::{Told, length, telling};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sandgate_model::manifest::{Aggregate, Span, Test};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::Declared;
use std::collections::BTreeMap;

/// Zones in which a day is a date, whatever happens to the clock.
const ZONES: [&str; 6] =
    ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"];
/// Moments to begin at: a usual one, and a little before clocks are changed, the
/// epoch and a leap day.
const STARTS: [&str; 6] = [
    "2026-01-01T00:00:00Z",
    "2026-03-28T20:00:00Z",
    "2026-10-24T20:00:00Z",
    "2026-04-04T12:00:00Z",
    "1969-12-31T18:00:00Z",
    "2024-02-28T18:00:00Z",
];

/// What a stream is like.
struct Stream {
    random: ChaCha8Rng,
    /// How far two records in a row are apart, on average, in milliseconds.
    step: i64,
    /// How many keys there are; the first is as frequent as all others together.
    keys: u64,
    now: i64,
    /// Whether windows have a resolution, all of them with the same kind of edges
    /// and few shorter ones beside them, so that panes replace events.
    paned: Option<bool>,
}

impl Stream {
    fn below(&mut self, most: u64) -> u64 {
        self.random.next_u64() % most
    }

    fn one_in(&mut self, most: u64) -> bool {
        self.below(most) == 0
    }

    fn of<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len() as u64) as usize]
    }

    /// So many steps, not too even.
    fn steps(&mut self, most: u64) -> i64 {
        (self.step * (1 + self.below(most) as i64)).min(3_000 * 86_400_000)
    }

    fn time(&mut self) -> i64 {
        self.now += if self.one_in(4) { 0 } else { self.below(self.step as u64 * 2 + 1) as i64 };
        let back = match self.below(100) {
            // the clock is the median of a thousand records: what is late is older than half of them
            0..=4 => 400 * self.step + self.steps(1_500),
            5..=7 => self.steps(60),
            8..=24 => self.steps(4),
            25 => -self.steps(500),
            _ => 0,
        };
        // many at the very edges of panes
        let time = self.now - back;
        if self.one_in(8) { time - time.rem_euclid(self.step * 10) } else { time }
    }

    fn record(&mut self) -> Record {
        let key = if self.one_in(2) { 0 } else { self.below(self.keys) };
        let mut cells = vec![Held::Value(Value::Text(format!("a{key}")))];
        for (_, kind) in &FIELDS[1..] {
            let value = match kind {
                Kind::Text => Value::Text(self.of(&["pay", "refund", "fee", "d1", "d2"]).to_owned()),
                Kind::Decimal { scale } => Value::Decimal(Decimal { units: self.units(), scale: *scale }),
                Kind::Integer => Value::Integer(self.below(9) as i64 - 4),
                Kind::Number => Value::Number(self.of(&[-1.5, -0.0, 0.0, 0.1, 0.2, 1e300])),
                Kind::Instant => Value::Instant(Instant::from_millis(self.now - self.steps(9)).unwrap()),
                Kind::Flag => Value::Flag(self.one_in(2)),
            };
            cells.push(match self.below(60) {
                0 => Held::Misread,
                1..=4 => Held::Absent,
                5 if *kind == Kind::Text => Held::Value(Value::Text("x".repeat(1_024 + self.below(2) as usize))),
                _ => Held::Value(value),
            });
        }
        if self.one_in(100) {
            cells[0] = if self.one_in(2) { Held::Absent } else { Held::Misread };
        }
        let source = if self.one_in(4) { 1 + self.below(2) as usize } else { 0 };
        let tenant = self.of(&["", "", "", "red"]).to_owned();
        Record { repeated: 1, tenant, source, time: self.time(), cells, told: None }
    }

    /// Small amounts mostly, so that they are equal often, and some that fill 64 bits.
    fn units(&mut self) -> i64 {
        match self.below(50) {
            0 => self.random.next_u64() as i64,
            1..=20 => self.below(5) as i64 * 100,
            _ => self.below(2_000_000) as i64 - 500_000,
        }
    }

    fn window(&mut self, aggregate: Aggregate, span: u64) -> Declared {
        let of = match aggregate {
            Aggregate::Count | Aggregate::FirstSeen | Aggregate::LastSeen => None,
            Aggregate::Sum | Aggregate::Mean | Aggregate::Deviation => Some(self.of(&[2, 2, 4])),
            Aggregate::Minimum | Aggregate::Maximum => Some(self.of(&[2, 4, 5, 6])),
            Aggregate::Distinct | Aggregate::Latest => Some(1 + self.below(FIELDS.len() as u64 - 1) as usize),
        };
        let by = match self.below(6) {
            0 if self.paned.is_none() => vec![0, 7],
            1 if self.paned.is_none() => vec![1],
            _ => vec![0],
        };
        let mut only = Vec::new();
        for _ in 0..self.below(6).saturating_sub(3) {
            only.push(match self.below(5) {
                0 => (1, Test::AnyOf(vec![Value::Text("pay".to_owned()), Value::Text("fee".to_owned())])),
                1 => (1, Test::NoneOf(vec![Value::Text("pay".to_owned())])),
                2 => (2, Test::AtLeast(Value::Decimal(Decimal { units: 200, scale: 2 }))),
                3 => (4, Test::Below(Value::Integer(2))),
                _ => (5, Test::NoneOf(vec![Value::Number(0.0), Value::Number(0.1)])),
            });
        }
        let sources = if self.one_in(3) { self.of(&[0b010, 0b011, 0b111, 0b110]) } else { 1 };
        Declared { by, aggregate, of, span: self.span(span), current: !self.one_in(4), only, sources }
    }

    fn span(&mut self, which: u64) -> Span {
        let length = self.steps(200);
        let zone = self.of(&ZONES).to_owned();
        if let Some(closed) = self.paned {
            let resolution = Some(self.step * self.of(&[60, 120, 180]));
            let long = Span::Sliding { length: self.step * 300 + length * 5, delay: 0, closed, resolution };
            let short = Span::Sliding { length: self.steps(9), delay: 0, closed: false, resolution: None };
            return if self.one_in(5) { short } else { long };
        }
        match which {
            0 => Span::Sliding { length, delay: 0, closed: self.one_in(4), resolution: None },
            1 => Span::Sliding { length, delay: self.steps(30), closed: self.one_in(2), resolution: None },
            2 => {
                let resolution = Some(length.min(self.step * self.of(&[1, 5, 10, 37])));
                let delay = if self.one_in(2) { 0 } else { self.steps(30) };
                Span::Sliding { length, delay, closed: self.one_in(2), resolution }
            }
            3 => Span::Tumbling { length, offset: self.of(&[0, 1]) * self.below(length as u64) as i64 },
            4 => {
                let gap = self.steps(6);
                Span::Session { gap, longest: gap.max(length) }
            }
            which => Span::Calendar { unit: UNITS[which as usize - 5].1, zone },
        }
    }
}

const SPANS: u64 = 9;

/// What was seen of all streams, so that a test that has become too easy is noticed.
#[derive(Debug, Default)]
struct Seen {
    /// The values that were compared, by aggregate and span.
    checked: BTreeMap<(usize, u64), u64>,
    late: u64,
    bad: u64,
    dropped: usize,
    taken_back: usize,
    /// Events that a window may still see, and that are kept no more: panes stand for them.
    summed_up: usize,
    longest: usize,
}

/// Plays one stream.
fn play(seed: u64, records: usize, seen: &mut Seen) {
    let mut stream = Stream { random: ChaCha8Rng::seed_from_u64(seed), step: 1, keys: 1, now: 0, paned: None };
    stream.step = stream.of(&[1, 50, 1_000, 60_000, 600_000]);
    stream.keys = stream.of(&[1, 2, 5, 40]);
    if seed % 4 == 3 {
        (stream.keys, stream.paned) = (2, Some(stream.one_in(2)));
    }
    stream.now = stream.of(&STARTS).parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let asked: Vec<_> = (0..12).map(|at| ((at + seed as usize * 12) % 10, (at as u64 + seed) % SPANS)).collect();
    let windows: Vec<_> =
        asked.iter().map(|(aggregate, span)| stream.window(AGGREGATES[*aggregate].1, *span)).collect();
    let lateness = if stream.one_in(3) { 0 } else { stream.steps(100) };
    let (mut lane, mut oracle) = (Lane::new(&windows, lateness), Oracle::new(&windows, lateness));
    let mut history = Vec::new();
    for _ in 0..records {
        match stream.below(60) {
            0..=2 => {
                lane.commit();
                oracle.commit();
                history.clear();
            }
            3 => seen.dropped += lane.settle(),
            4 => {
                lane.abort();
                oracle.abort();
                seen.taken_back += history.len();
                // some of it comes again, as after a restart
                let keep = stream.below(history.len() as u64 + 1) as usize;
                history.truncate(keep);
                for record in &history {
                    assert_eq!(lane.take(record), oracle.take(record), "seed {seed}, again");
                }
            }
            _ => {}
        }
        let record = stream.record();
        let (is, should) = (lane.take(&record), oracle.take(&record));
        if is != should {
            let said = |(late, told): &(bool, Vec<_>)| telling(&windows, record.time, *late, told);
            let lateness = length(lateness);
            let at = is.1.iter().zip(&should.1).position(|(is, should)| is != should);
            let window = at.map(|at| &windows[at]);
            panic!(
                "seed {seed}, lateness {lateness}: {record:?}\nof {window:?}\n  is {}\nnot {}",
                said(&is),
                said(&should)
            );
        }
        for ((aggregate, span), _) in asked.iter().zip(&is.1) {
            let span = if stream.paned.is_some() { &2 } else { span };
            *seen.checked.entry((*aggregate, *span)).or_default() += 1;
        }
        seen.late += u64::from(is.0);
        seen.bad += is.1.iter().filter(|told| matches!(told, Told::Bad(_))).count() as u64;
        history.push(record);
    }
    seen.longest = seen.longest.max(lane.longest());
    if stream.paned.is_some() {
        seen.summed_up += oracle.within_reach(lane.reach()).saturating_sub(lane.len());
    }
    lane.commit();
    lane.settle();
    lane.end();
}

#[test]
fn a_million_answers_are_those_of_the_definition() {
    let mut seen = Seen::default();
    for seed in 0..100 {
        play(seed, if seed % 10 == 0 { 5_000 } else { 1_100 }, &mut seen);
    }
    let compared = seen.checked.values().sum::<u64>();
    assert!(compared >= 1_000_000, "{compared} values were compared");
    assert_eq!(seen.checked.len(), AGGREGATES.len() * SPANS as usize, "every aggregate over every span");
    let enough = seen.checked.values().all(|times| *times >= 3_000)
        && seen.late >= 5_000
        && seen.bad >= 10_000
        && seen.dropped >= 10_000
        && seen.taken_back >= 10_000
        && seen.summed_up >= 1_000
        && seen.longest >= 2_000;
    assert!(enough, "{seen:?}");
}
