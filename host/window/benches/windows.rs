//! What windows cost: time for each aggregate and span, and memory.
//!
//! `cargo bench -p sandgate-window` prints the numbers; a test run does a little of
//! it. Every answer that is timed is also compared with that of a scan. Ratios are
//! to a plain hash map counter, the least that any state by key can cost, and to a
//! scan of the events that the window covers.

use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate::{self, *};
use sandgate_window::{Answer, Event, Interval, Resolution, Series, Shape, Window};
use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::rc::Rc;
use std::time::Instant;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const LATENESS: i64 = DAY;

/// How much of everything is done.
struct Size {
    /// Events of the hot key.
    hot: usize,
    /// Keys with few events.
    keys: usize,
    /// Transactions that are timed.
    timed: usize,
}

/// The words of the n-th event: an amount, and one of a thousand devices.
fn words(n: usize) -> [u64; 2] {
    let mixed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [(mixed >> 40) % 1_000_000, (mixed >> 20) % 1_000]
}

fn window(aggregate: Aggregate, length: i64) -> Window {
    let (operand, kind) = match aggregate {
        Count | FirstSeen | LastSeen => (None, None),
        Distinct | Latest => (Some(1), Some(Kind::Text)),
        _ => (Some(0), Some(Kind::Decimal { scale: 2 })),
    };
    Window { aggregate, operand, kind, class: 0, gap: None, resolution: None, reach: length }
}

fn session(gap: i64, longest: i64) -> Window {
    Window { gap: Some(gap), ..window(Count, longest) }
}

fn rounded(aggregate: Aggregate, length: i64, width: i64) -> Window {
    let resolution = Some(Resolution { width, closed: false, delay: 0 });
    Window { resolution, reach: length + width, ..window(aggregate, length) }
}

fn inside(window: &Window, time: i64) -> Interval {
    match window.resolution {
        None => Interval { after: time - window.reach, upto: time },
        Some(Resolution { width, .. }) => {
            let edge = time - (window.reach - width);
            Interval { after: edge - edge.rem_euclid(width), upto: time }
        }
    }
}

/// A key whose events are `step` apart, and its windows.
struct Key {
    shape: Rc<Shape>,
    series: Series,
    step: i64,
    events: usize,
}

impl Key {
    fn new(windows: Vec<Window>, step: i64) -> Key {
        Key::of(&Rc::new(Shape::new(2, 0, windows)), step)
    }

    fn of(shape: &Rc<Shape>, step: i64) -> Key {
        Key { shape: Rc::clone(shape), series: Series::default(), step, events: 0 }
    }

    fn with(mut self, events: usize) -> Key {
        (0..events).for_each(|_| self.insert());
        self
    }

    fn now(&self) -> i64 {
        self.events as i64 * self.step
    }

    fn insert(&mut self) {
        let (time, words) = (self.now(), words(self.events));
        self.series.insert(&self.shape, Event { time, classes: 1, words: &words });
        self.events += 1;
        if self.events.is_multiple_of(64) {
            self.series.settle(&self.shape, time - LATENESS, &mut |_| {});
        }
    }

    fn read(&mut self, window: usize) -> Answer {
        let inside = inside(&self.shape.windows()[window], self.now());
        self.series.read(&self.shape, window, inside, None)
    }

    /// The answer by a scan, as far as aggregates are whole numbers.
    fn scan(&self, window: usize) -> Option<Answer> {
        let declared = &self.shape.windows()[window];
        let Interval { after, upto } = inside(declared, self.now());
        let first = after.div_euclid(self.step) + 1;
        let numbers = first.max(0)..(upto.div_euclid(self.step) + 1).min(self.events as i64);
        let mut words = numbers.clone().map(|n| words(n as usize));
        let amounts = words.clone().map(|words| words[0] as i128);
        Some(match declared.aggregate {
            _ if declared.gap.is_some() => return None,
            Count => Answer::Integer(numbers.count() as i128),
            Sum => Answer::Integer(amounts.sum()),
            Minimum => Answer::Integer(amounts.min()?),
            Maximum => Answer::Integer(amounts.max()?),
            Distinct => {
                Answer::Integer(words.map(|words| words[1]).collect::<std::collections::HashSet<_>>().len() as i128)
            }
            FirstSeen => Answer::Integer(i128::from(numbers.start * self.step)),
            LastSeen => Answer::Integer(i128::from((numbers.end - 1) * self.step)),
            Latest => Answer::Word(words.next_back()?[1]),
            Mean | Deviation => return None,
        })
    }

    /// Nanoseconds of a transaction, as [`least`]: every window is read, one event is added.
    fn time(&mut self, timed: usize) -> f64 {
        let took = least(timed, 1_000, || {
            for window in 0..self.shape.windows().len() {
                black_box(self.read(window));
            }
            self.insert();
        });
        for window in 0..self.shape.windows().len() {
            if let Some(scanned) = self.scan(window) {
                assert_eq!(self.read(window), scanned, "{:?}", self.shape.windows()[window]);
            }
        }
        took
    }

    fn bytes(&self) -> usize {
        self.series.heap_bytes() + size_of::<Series>()
    }
}

/// Nanoseconds of each of so many steps. They are timed in parts, and the quarter of
/// the parts that went best tells what a step costs where nobody else takes the core.
fn least(steps: usize, part: usize, mut step: impl FnMut()) -> f64 {
    let mut parts: Vec<_> = (0..(steps / part).max(1))
        .map(|_| {
            let start = Instant::now();
            (0..part).for_each(|_| step());
            start.elapsed().as_nanos() as f64 / part as f64
        })
        .collect();
    parts.sort_by(f64::total_cmp);
    parts[parts.len() / 4]
}

/// Nanoseconds to count a key in a plain hash map.
fn plain(timed: usize) -> f64 {
    let mut counts = HashMap::<u64, u64>::new();
    let mut n = 0;
    let took = least(timed, 1_000, || {
        *counts.entry(words(n)[0] % 1_000).or_default() += 1;
        n += 1;
    });
    assert_eq!(counts.values().sum::<u64>(), n as u64);
    took
}

/// Nanoseconds to sum up a window by scanning its events.
fn scanned(events: usize) -> f64 {
    let held: Vec<_> = (0..events).map(|n| (n as i64 * SECOND, 1_u64, words(n))).collect();
    let rounds = (20_000_000 / events.max(1)).clamp(1, 1_000);
    let start = Instant::now();
    for round in 0..rounds {
        let after = black_box(round as i64) - 1_000_000;
        let inside = held.iter().filter(|event| event.0 > after && event.1 & 1 == 1);
        black_box(inside.map(|event| i128::from(event.2[0] as i64)).sum::<i128>());
    }
    start.elapsed().as_nanos() as f64 / rounds as f64
}

fn main() -> std::io::Result<()> {
    let large = std::env::args().any(|argument| argument == "--bench");
    let size = if large {
        Size { hot: 1_000_000, keys: 1_000_000, timed: 200_000 }
    } else {
        Size { hot: 20_000, keys: 2_000, timed: 500 }
    };
    let mut out = std::io::stdout().lock();
    let plain = plain(size.timed.max(100_000));
    writeln!(out, "plain hash map counter {plain:>6.1} ns")?;
    spans(&size, plain, &mut out)?;
    accounts(&size, plain, &mut out)?;
    hot(&size, plain, &mut out)?;
    panes(&size, &mut out)?;
    memory(&size, &mut out)
}

/// Each aggregate over three lengths, at an event every 10 seconds.
fn spans(size: &Size, plain: f64, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\nadd an event and read one window, ns   1 minute      1 day    30 days   30 days x plain")?;
    let step = 10 * SECOND;
    let aggregates = [Count, Sum, Mean, Deviation, Minimum, Maximum, Distinct, FirstSeen, LastSeen, Latest];
    let of = |aggregate, length| Key::new(vec![window(aggregate, length)], step);
    let rows = aggregates
        .map(|aggregate| (format!("{aggregate:?}"), [MINUTE, DAY, 30 * DAY].map(|length| of(aggregate, length))));
    let sessions = [MINUTE, DAY, 30 * DAY].map(|longest| Key::new(vec![session(MINUTE, longest)], step));
    for (name, keys) in rows.into_iter().chain([("session of a count".to_owned(), sessions)]) {
        let costs = keys.map(|key| key.with((31 * DAY / step) as usize * size.hot / 1_000_000).time(size.timed));
        let [minute, day, month] = costs;
        writeln!(out, "  {name:<34}{minute:>10.0}{day:>11.0}{month:>11.0}{:>18.1}", month / plain)?;
    }
    for (name, events) in [("1 minute", 6), ("1 day", 8_640), ("30 days", 259_200)] {
        let cost = scanned(events);
        writeln!(out, "  a scan of {name:<10} ({events:>6} events){cost:>9.0} ns{:>10.1} x plain", cost / plain)?;
    }
    Ok(())
}

/// Many accounts with some hundred events in 30 days, three windows each.
fn accounts(size: &Size, plain: f64, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\ntypical accounts: count of a minute, sums of a day and of 30 days")?;
    let windows = || vec![window(Count, MINUTE), window(Sum, DAY), window(Sum, 30 * DAY)];
    for (keys, events) in [(100, 3), (100, 30), (100, 100), (100, 300), (5_000, 100), (5_000, 300)] {
        let step = 30 * DAY / events as i64;
        let shape = Rc::new(Shape::new(2, 0, windows()));
        let mut all: Vec<_> =
            (0..keys.min(size.keys / 10)).map(|_| Key::of(&shape, step).with(events * 11 / 10)).collect();
        let (mut turn, many) = (0, all.len());
        let cost = least(size.timed, many.min(1_000), || {
            let key = &mut all[turn % many];
            let now = key.now();
            for (at, window) in shape.windows().iter().enumerate() {
                black_box(key.series.read(&shape, at, inside(window, now), None));
            }
            key.insert();
            turn += 1;
        });
        let checked =
            all.iter_mut().take(3).flat_map(|key| (0..3).map(|at| (key.read(at), key.scan(at))).collect::<Vec<_>>());
        checked.for_each(|(found, scanned)| assert_eq!(Some(found), scanned));
        writeln!(
            out,
            "  {keys:>5} accounts x {events:>3} events: 3 reads and an insert {cost:>6.0} ns; twice that {:>6.0} ns{:>8.1} x plain",
            2.0 * cost,
            2.0 * cost / plain
        )?;
    }
    Ok(())
}

/// One key with a million events.
fn hot(size: &Size, plain: f64, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\none key with {} events", size.hot)?;
    let length = size.hot as i64 * SECOND;
    let mut key = Key::new(vec![window(Sum, length)], SECOND).with(size.hot);
    let cost = key.time(size.timed);
    writeln!(out, "  one window                {cost:>8.0} ns a transaction{:>8.1} x plain", cost / plain)?;
    let aggregates = [Count, Sum, Mean, Deviation, Minimum, Maximum, Distinct, FirstSeen, LastSeen, Latest];
    let ten: Vec<_> = aggregates.into_iter().zip(1..).map(|(aggregate, n)| window(aggregate, length / n)).collect();
    let mut key = Key::new(ten, SECOND).with(size.hot);
    let cost = key.time(size.timed);
    writeln!(out, "  ten windows of all sorts  {cost:>8.0} ns a transaction{:>8.1} x plain", cost / plain)?;
    let mut key = Key::new(vec![window(Sum, length), window(Count, MINUTE)], SECOND).with(size.hot);
    let (before, late) = (key.read(0), size.timed.min(size.hot));
    let mut n = 0;
    let cost = least(late, 1_000, || {
        let time = (words(n)[0] * 7_919 % size.hot as u64) as i64 * SECOND;
        key.series.insert(&key.shape, Event { time, classes: 1, words: &[0, 0] });
        n += 1;
    });
    assert_eq!(key.read(0), before, "zeros change no sum");
    writeln!(out, "  late at random            {cost:>8.0} ns an insert     {:>8.1} x plain", cost / plain)
}

/// A resolution against exact edges.
fn panes(size: &Size, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\na month of a key with an event every 10 seconds, exact or rounded to an hour")?;
    let events = (40 * DAY / (10 * SECOND)) as usize * size.hot / 1_000_000;
    for (name, aggregates) in [("sum", vec![Sum]), ("sum, deviation, distinct", vec![Sum, Deviation, Distinct])] {
        let exact = aggregates.iter().map(|aggregate| window(*aggregate, 30 * DAY)).collect();
        let coarse = aggregates.iter().map(|aggregate| rounded(*aggregate, 30 * DAY, HOUR)).collect();
        let [exact, coarse] = [exact, coarse].map(|windows| {
            let mut key = Key::new(windows, 10 * SECOND).with(events);
            let bytes = key.bytes();
            (key.time(size.timed), bytes)
        });
        writeln!(
            out,
            "  {name:<26} exact {:>5.0} ns {:>10} B   rounded {:>5.0} ns {:>9} B   bytes x {:.3}",
            exact.0,
            exact.1,
            coarse.0,
            coarse.1,
            coarse.1 as f64 / exact.1 as f64
        )?;
    }
    Ok(())
}

/// Bytes of a million events, two operands each; the key itself is not counted.
fn memory(size: &Size, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\nmemory, two operands, windows as of a typical account")?;
    let windows = || vec![window(Count, MINUTE), window(Sum, DAY), window(Sum, 30 * DAY)];
    for each in [1, 3, 16, 17, 65, 300, 10_000] {
        let keys = (size.keys * 3 / each).clamp(1, size.keys);
        let shape = Shape::new(2, 0, windows());
        let start = Instant::now();
        let all: Vec<_> = (0..keys)
            .map(|key| {
                let mut series = Series::default();
                for n in 0..each {
                    series
                        .insert(&shape, Event { time: (n * HOUR as usize) as i64, classes: 1, words: &words(key + n) });
                }
                series
            })
            .collect();
        let cost = start.elapsed().as_nanos() as f64 / (keys * each) as f64;
        let bytes: usize = all.iter().map(|series| series.heap_bytes() + size_of::<Series>()).sum();
        assert_eq!(all.iter().map(Series::len).sum::<usize>(), keys * each);
        writeln!(
            out,
            "  {keys:>8} keys x {each:>5} events: {:>6.1} B a key, {:>5.1} MB a million events, {cost:>4.0} ns an insert",
            bytes as f64 / keys as f64,
            bytes as f64 / (keys * each) as f64
        )?;
    }
    Ok(())
}
