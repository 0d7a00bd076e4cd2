//! What it costs to make a record ready for its series: keys, classes and operands,
//! edges, the lane's clock.
//!
//! `cargo bench -p sandgate-window` prints the numbers; a test run does a little of
//! it. Ratios are to hashing the two keys of the record, the least that any state by
//! key has to do.

use sandgate_model::manifest::{Aggregate, CalendarUnit, Span, Test};
use sandgate_model::{Decimal, Kind, Value};
use sandgate_window::{Cell, Clock, Declared, Derived, Interval, Plan, PlanError, Zones};
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

const HOUR: i64 = 3_600_000;
/// 2026-03-28T22:00:00Z.
const START: i64 = 1_774_735_200_000;
const FIELDS: [Kind; 4] = [Kind::Text, Kind::Text, Kind::Decimal { scale: 2 }, Kind::Text];
const ACCOUNT: usize = 0;
const DEVICE: usize = 1;
const AMOUNT: usize = 2;
const KIND: usize = 3;
/// Records of a batch.
const BATCH: usize = 256;

fn window(by: usize, aggregate: Aggregate, of: Option<usize>, span: Span) -> Declared {
    Declared { by: vec![by], aggregate, of, span, current: true, only: Vec::new(), sources: 1 }
}

fn sliding(length: i64) -> Span {
    Span::Sliding { length, delay: 0, closed: false, resolution: None }
}

/// Of two keys, three windows each: a count, a sum, a count with a condition.
fn typical() -> Result<Plan, PlanError> {
    let windows = [ACCOUNT, DEVICE].into_iter().flat_map(|by| {
        let only = vec![(KIND, Test::AnyOf(vec![Value::Text("subscribe".to_owned())]))];
        [
            window(by, Aggregate::Count, None, sliding(HOUR)),
            window(by, Aggregate::Sum, Some(AMOUNT), sliding(24 * HOUR)),
            Declared { only, ..window(by, Aggregate::Count, None, sliding(720 * HOUR)) },
        ]
    });
    Plan::new(&FIELDS, &windows.collect::<Vec<_>>())
}

/// The running hour, day, week and month of a place.
fn calendars() -> Result<Plan, PlanError> {
    use CalendarUnit::{Day, Hour, Month, Week};
    let span = |unit| Span::Calendar { unit, zone: "Europe/Berlin".to_owned() };
    let windows = [Hour, Day, Week, Month].map(|unit| window(ACCOUNT, Aggregate::Count, None, span(unit)));
    Plan::new(&FIELDS, &windows)
}

/// The best of some batches, in nanoseconds a record: what others do on the machine is not asked.
fn best(batches: usize, mut batch: impl FnMut(usize)) -> f64 {
    let times = (0..batches).map(|number| {
        let start = Instant::now();
        batch(number);
        start.elapsed().as_secs_f64() * 1e9 / BATCH as f64
    });
    times.fold(f64::MAX, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let batches = if std::env::args().any(|argument| argument == "--bench") { 20_000 } else { 20 };
    let texts = ["account-12345", "device-0123456789"];
    let amount = Value::Decimal(Decimal { units: 1_234, scale: 2 });
    let cells =
        [Value::Text(texts[ACCOUNT]), Value::Text(texts[DEVICE]), amount, Value::Text("subscribe")].map(Cell::Value);
    let hasher = RandomState::new();
    let plain = best(batches, |_| {
        for _ in 0..BATCH {
            black_box(black_box(texts).map(|text| hasher.hash_one(text)));
        }
    });
    let (typical, calendars) = (typical()?, calendars()?);
    let mut derived = Derived::default();
    let derive = best(batches, |_| {
        derived.clear();
        (0..BATCH).for_each(|_| typical.derive(0, black_box(&cells), &mut derived));
    });
    assert_eq!((derived.touches.len(), derived.words.len(), derived.bad.len()), (2 * BATCH, 2 * BATCH, 0));
    assert!(derived.touches.iter().all(|touch| touch.classes == 0b111));

    let mut zones = Zones::default();
    let mut out: Vec<Interval> = Vec::new();
    let mut intervals = |plan: &Plan, step: i64| {
        best(batches, |number| {
            out.clear();
            for at in number * BATCH..(number + 1) * BATCH {
                plan.intervals(black_box(START + at as i64 * step % (9_000 * HOUR)), &mut zones, &mut out);
            }
            assert!(out.iter().all(|interval| interval.after < interval.upto));
        })
    };
    let rows = [
        ("keys, classes, operands: 2 x 3 windows", derive),
        ("edges of those", intervals(&typical, 1)),
        ("edges of 4 calendars, in order", intervals(&calendars, 1)),
        ("edges of 4 calendars, to and fro", intervals(&calendars, 7_919 * HOUR)),
        ("clock, in order", clock(batches, |at| at)),
        ("clock, in some disorder", clock(batches, |at| at + at * 7_919 % 256)),
    ];
    let mut to = std::io::stdout().lock();
    writeln!(to, "hashing two keys                           {plain:>8.1} ns a record")?;
    for (name, cost) in rows {
        writeln!(to, "{name:<42} {cost:>8.1} ns a record{:>8.1} x plain", cost / plain)?;
    }
    Ok(())
}

fn clock(batches: usize, time: impl Fn(i64) -> i64) -> f64 {
    let mut clock = Clock::new();
    let cost = best(batches, |number| {
        (number * BATCH..(number + 1) * BATCH).for_each(|at| clock.push(black_box(time(at as i64))));
    });
    assert!(clock.now().is_some_and(|now| now > 0));
    cost
}
