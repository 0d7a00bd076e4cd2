//! Random streams against a scan of everything, and the bounds on memory.

use super::Series;
use super::naive::Naive;
use super::table::Table;
use super::tree::Node;
use crate::shape::{Answer, Event, Interval, NO_TEXT, Resolution, Shape, Window};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate::{self, *};
use std::collections::HashMap;

/// What a window of the test covers, seen from a time.
#[derive(Clone, Copy)]
enum Span {
    Sliding { length: i64, delay: i64 },
    Rounded { length: i64, width: i64, closed: bool, delay: i64 },
    Tumbling { length: i64 },
    Session { gap: i64, longest: i64 },
}

use Span::*;

const AMOUNT: usize = 0;
const NUMBER: usize = 1;
const TEXT: usize = 2;

fn window(aggregate: Aggregate, operand: Option<usize>, class: u32, span: Span) -> (Window, Span) {
    let kind = operand.map(|word| [Kind::Decimal { scale: 2 }, Kind::Number, Kind::Text][word]);
    let (reach, gap, resolution) = match span {
        Sliding { length, delay } => (length + delay, None, None),
        Rounded { length, width, closed, delay } => {
            (length + delay + width, None, Some(Resolution { width, closed, delay }))
        }
        Tumbling { length } => (length, None, None),
        Session { gap, longest } => (longest, Some(gap), None),
    };
    (Window { aggregate, operand, kind, class, gap, resolution, reach }, span)
}

/// Every aggregate over this span, with classes and operands in turn.
fn all(span: Span) -> Vec<(Window, Span)> {
    let aggregates = [
        (Count, None),
        (Sum, Some(AMOUNT)),
        (Mean, Some(AMOUNT)),
        (Deviation, Some(AMOUNT)),
        (Minimum, Some(NUMBER)),
        (Maximum, Some(NUMBER)),
        (Minimum, Some(AMOUNT)),
        (Maximum, Some(AMOUNT)),
        (Distinct, Some(TEXT)),
        (Distinct, Some(NUMBER)),
        (FirstSeen, None),
        (LastSeen, None),
        (Latest, Some(TEXT)),
        (Latest, Some(AMOUNT)),
    ];
    let classes = aggregates.iter().zip([0, 1, 2].into_iter().cycle());
    classes.map(|((aggregate, operand), class)| window(*aggregate, *operand, class, span)).collect()
}

/// A key that lives through a random stream beside its scan.
struct Run {
    random: ChaCha8Rng,
    shape: Shape,
    spans: Vec<Span>,
    series: Series,
    naive: Naive,
    lateness: i64,
    /// The lane's clock, as far as it is committed.
    clock: i64,
    /// The times of the events that may still be undone.
    open: Vec<i64>,
    /// How often each text is held.
    held: HashMap<u64, i64>,
    /// Which windows are read at present: what is not asked for must keep up too.
    asked: std::ops::Range<usize>,
    checked: usize,
    /// The most bytes that panes took up.
    paned: usize,
}

impl Run {
    fn new(seed: u64, lateness: i64, windows: &[(Window, Span)]) -> Run {
        let shape = Shape::new(3, 1 << TEXT, windows.iter().map(|(window, _)| window.clone()).collect());
        let spans = windows.iter().map(|(_, span)| *span).collect();
        let random = ChaCha8Rng::seed_from_u64(seed);
        let (series, naive) = (Series::default(), Naive::default());
        let (open, held, asked) = (Vec::new(), HashMap::new(), 0..0);
        Run { random, shape, spans, series, naive, lateness, clock: 0, open, held, asked, checked: 0, paned: 0 }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random.next_u64() % below
    }

    fn words(&mut self) -> [u64; 3] {
        let amount = match self.draw(40) {
            0 => i64::MIN,
            1 => i64::MAX,
            _ => self.draw(2_000_000) as i64 - 500_000,
        };
        let some = self.draw(1_000) as f64 - 300.5;
        let number = [-0.0, 0.0, -1.5, some, 1e300, -1e-300][self.draw(6) as usize];
        let text = match self.draw(8) {
            0 => NO_TEXT,
            1..5 => self.draw(12),
            _ => self.draw(1_000_000),
        };
        [amount as u64, f64::to_bits(number), text]
    }

    fn horizon(&self) -> i64 {
        self.clock - self.lateness
    }

    /// What the window covers, with the floor of a late transaction.
    fn interval(&self, at: usize, time: i64) -> Interval {
        let floor = self.horizon() - self.shape.windows()[at].reach;
        let is_late = time < self.horizon();
        let (mut after, mut upto) = match self.spans[at] {
            Sliding { length, delay } => (time - delay - length, time - delay),
            Tumbling { length } => (time - time.rem_euclid(length) - 1, time),
            Session { longest, .. } => (time - longest, time),
            Rounded { length, width, closed, delay } => {
                let shift = i64::from(closed);
                let down = |moment: i64| moment - moment.rem_euclid(width) - shift;
                let floor = down(floor + shift + width - 1);
                let after = down(time - delay - length).max(floor);
                (after, if is_late { down(time - delay + shift) } else { time - delay })
            }
        };
        after = after.max(floor);
        upto = upto.max(after);
        Interval { after, upto }
    }

    fn check(&mut self, time: i64, words: [u64; 3]) {
        let classes = self.draw(8);
        let own = Some(Event { time, classes, words: &words }).filter(|_| classes > 1);
        for at in (0..self.spans.len()).filter(|at| self.asked.contains(at)).collect::<Vec<_>>() {
            let inside = self.interval(at, time);
            let expected = self.naive.read(&self.shape.windows()[at], inside, own);
            let found = self.series.read(&self.shape, at, inside, own);
            assert!(
                found == expected,
                "{:?} at {time} over {inside:?}: {found:?}, scanned {expected:?}",
                self.shape.windows()[at]
            );
            self.checked += 1;
        }
    }

    fn insert(&mut self, time: i64, words: [u64; 3]) {
        let classes = self.draw(7) + 1;
        let event = Event { time, classes, words: &words };
        self.series.insert(&self.shape, event);
        self.naive.insert(event);
        self.open.push(time);
        if words[TEXT] != NO_TEXT {
            *self.held.entry(words[TEXT]).or_default() += 1;
        }
    }

    fn undo(&mut self) {
        let Some(time) = self.open.pop() else { return };
        let held = &mut self.held;
        assert!(self.series.remove_newest_at(&self.shape, time, &mut |text| *held.entry(text).or_default() -= 1));
        self.naive.remove_newest_at(time);
    }

    fn settle(&mut self, horizon: i64) {
        let held = &mut self.held;
        self.series.settle(&self.shape, horizon, &mut |text| *held.entry(text).or_default() -= 1);
        assert!(self.held.values().all(|held| *held >= 0), "a text was freed too often");
    }

    /// A stream of so many transactions, with times `step` apart on average.
    fn live(&mut self, transactions: usize, step: u64) {
        let mut now = 1_000;
        for _ in 0..transactions {
            now += match self.draw(300) {
                0 => self.draw(200 * step),
                _ => self.draw(2 * step + 1),
            } as i64;
            let time = match self.draw(20) {
                0 => now - self.draw(self.lateness as u64 + 5_000) as i64,
                1..6 => now - self.draw(10 * step + 1) as i64,
                6 => now + self.draw(5 * step + 1) as i64,
                _ => now,
            };
            if self.draw(100) == 0 {
                let [one, other] = [0; 2].map(|_| self.draw(self.spans.len() as u64 + 1) as usize);
                self.asked = one.min(other)..one.max(other);
            }
            let words = self.words();
            self.check(time, words);
            if self.draw(10) > 0 {
                self.insert(time, words);
            }
            match self.draw(60) {
                0 => {
                    let undone = self.draw(1 + self.open.len() as u64);
                    (0..undone).for_each(|_| self.undo());
                }
                1..8 => {
                    self.clock = self.clock.max(now);
                    let kept = self.draw(3) as usize * 5;
                    self.open.drain(..self.open.len().saturating_sub(kept));
                    let oldest = self.open.iter().min().map_or(i64::MAX, |open| open - 1);
                    self.settle(self.horizon().min(oldest));
                    let paned = self.series.more.as_ref().map_or(0, |more| more.panes.heap_bytes());
                    self.paned = self.paned.max(paned);
                }
                _ => {}
            }
        }
        self.check_summaries(&self.series.root);
        let kept: Vec<_> = self.series.events().map(|event| event.time).collect();
        assert!(kept.is_sorted() && kept.len() == self.series.len());
        let floor = self.horizon() - self.shape.reach();
        if self.shape.windows().iter().all(|window| window.resolution.is_none()) {
            let needed = |time: &i64| *time > floor;
            assert_eq!(kept.iter().copied().filter(needed).count(), self.naive.times().filter(needed).count());
        }
    }

    /// What each node knows of its children is what they would tell now.
    fn check_summaries(&self, node: &Node) {
        let Node::Inner(inner) = node else { return };
        let layout = self.shape.summary().layout();
        let mut fresh = Table::with_capacity(layout, 1);
        fresh.open(layout, 0);
        for (row, child) in inner.children.iter().enumerate() {
            child.summarize(&self.shape, &mut fresh, 0);
            for column in layout.columns() {
                assert_eq!(inner.rows.cell(*column, row), fresh.cell(*column, 0), "child {row}, {column:?}");
            }
            self.check_summaries(child);
        }
    }

    /// Everything goes, and with it every text.
    fn die(&mut self) {
        self.open.clear();
        self.settle(i64::MAX - self.lateness);
        assert!(self.series.is_empty());
        assert!(self.held.values().all(|held| *held == 0), "texts are still held: {:?}", self.held);
    }
}

fn exact() -> Vec<(Window, Span)> {
    let mut windows = all(Sliding { length: 400, delay: 0 });
    windows.extend(all(Sliding { length: 5_000, delay: 700 }));
    windows.extend(all(Tumbling { length: 1_000 }));
    windows.extend(all(Session { gap: 60, longest: 3_000 }));
    windows
}

fn rounded(closed: bool) -> Vec<(Window, Span)> {
    // once it is the delay, once the length, that needs single events for longest
    let length = if closed { 700 } else { 300 };
    let mut windows = all(Sliding { length, delay: 0 });
    windows.extend(all(Rounded { length: 8_000, width: 60, closed, delay: 0 }));
    windows.extend(all(Rounded { length: 2_000, width: 90, closed, delay: 500 }));
    windows.push(window(Count, None, 0, Session { gap: 40, longest: 250 }));
    windows
}

/// The steps make series of one leaf, of a few, and of many. Gives the values
/// checked, and the most bytes of panes.
fn live(seed: u64, windows: &[(Window, Span)]) -> (usize, usize) {
    let (mut checked, mut paned) = (0, 0);
    for (at, (step, transactions)) in
        [(2_000, 300), (300, 1_000), (60, 2_000), (8, 4_000), (2, 5_000)].into_iter().enumerate()
    {
        for lateness in [0, 900] {
            let mut run = Run::new(seed * 100 + at as u64, lateness, windows);
            run.live(transactions, step);
            run.die();
            checked += run.checked;
            paned = paned.max(run.paned);
        }
    }
    (checked, paned)
}

#[test]
fn random_stream_answers_like_a_scan() {
    let (checked, paned) = live(1, &exact());
    assert!(checked > 300_000 && paned == 0, "{checked} values, {paned} bytes of panes");
}

#[test]
fn panes_answer_like_the_events_they_stand_for() {
    for (seed, closed) in [(3, false), (4, true)] {
        let (checked, paned) = live(seed, &rounded(closed));
        assert!(checked > 200_000 && paned > 10_000, "{checked} values, {paned} bytes of panes");
    }
}

#[test]
fn windows_with_mixed_edges_answer_like_a_scan() {
    let mut windows = rounded(false);
    windows.extend(rounded(true));
    let (checked, paned) = live(5, &windows);
    assert!(checked > 400_000 && paned == 0, "{checked} values, {paned} bytes of panes");
}

#[test]
fn empty_series_has_nothing() {
    let shape = Shape::new(3, 0, exact().into_iter().map(|(window, _)| window).collect());
    let mut series = Series::default();
    let inside = Interval { after: i64::MIN, upto: i64::MAX };
    for (at, window) in shape.windows().iter().enumerate() {
        let expected = match window.aggregate {
            Count | Sum | Distinct => Answer::Integer(0),
            _ => Answer::Empty,
        };
        assert_eq!(series.read(&shape, at, inside, None), expected, "{window:?}");
    }
    assert_eq!((series.len(), series.heap_bytes()), (0, 0));
}

/// The bytes of a series with an event of two operands at each of these times.
fn bytes(times: impl IntoIterator<Item = i64>) -> usize {
    let windows = [(Count, None, 60), (Sum, Some(0), 86_400), (Sum, Some(0), 2_592_000)];
    let windows = windows.map(|(aggregate, operand, length)| {
        window(aggregate, operand, 0, Sliding { length: length * 1_000, delay: 0 }).0
    });
    let shape = Shape::new(2, 0, windows.to_vec());
    let mut series = Series::default();
    for time in times {
        series.insert(&shape, Event { time, classes: 1, words: &[time as u64, 1] });
    }
    size_of::<Series>() + series.heap_bytes()
}

#[test]
fn few_events_take_up_little() {
    // with an allocation's head of 16 bytes, and 48 for the key and its slot in a map
    assert!(size_of::<Series>() <= 40);
    assert!(bytes(0..3) + 16 + 48 <= 200, "{} bytes", bytes(0..3));
}

#[test]
fn million_events_take_up_64_megabytes_at_most() {
    for events in [16_i64, 17, 20, 25, 33, 49, 64, 65, 66, 100, 129, 300, 1_000, 1_025, 10_000, 100_000] {
        // the key and its slot in a map besides
        let each = (bytes(0..events) + 48) as f64 / events as f64;
        assert!(each <= 64.0, "{each} bytes an event with {events} events");
    }
}

#[test]
fn order_of_arrival_costs_no_memory() {
    // whole leaves, so that the next event behind them opens one
    let early = || 0..1_024_i64;
    let mixed = |n: i64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64);
    let orders: [(&str, Vec<i64>); 5] = [
        ("backwards", (0..20_000).rev().collect()),
        ("backwards towards early ones", early().chain((1_024..20_000).rev()).collect()),
        ("forwards below a late one", early().chain([50_000]).chain(1_024..20_000).collect()),
        ("outwards", (0..20_000).map(|n| if n % 2 == 0 { n } else { -n }).collect()),
        ("at random", (0..20_000).map(mixed).collect()),
    ];
    for (name, times) in orders {
        let each = bytes(times.iter().copied()) as f64 / times.len() as f64;
        assert!(each <= 64.0, "{each} bytes an event, {name}");
    }
}

#[test]
fn settled_series_gives_its_memory_back() {
    let (window, _) = window(Sum, Some(0), 0, Sliding { length: 1_000, delay: 0 });
    let shape = Shape::new(2, 0, vec![window]);
    let mut series = Series::default();
    for time in 0..100_000 {
        series.insert(&shape, Event { time, classes: 1, words: &[1, 1] });
        series.settle(&shape, time - 500, &mut |_| {});
        assert!(series.len() <= 1_500 + 64, "{} events at {time}", series.len());
    }
    assert!(series.heap_bytes() < 100_000, "{} bytes", series.heap_bytes());
    series.settle(&shape, 100_000 + 1_000, &mut |_| {});
    assert_eq!((series.len(), series.heap_bytes()), (0, 0));
}
