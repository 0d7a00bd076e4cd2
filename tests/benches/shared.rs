//! What a batch of questions to shared series costs, beside the round trip that
//! any client would need for them: as many events added and as many ranges read,
//! in one pipeline, of a Redis on the same machine.
//!
//! `cargo bench --bench shared` measures; `cargo test` runs it small, so that it
//! cannot rot.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program that measures and prints")]

use sandgate_metrics::Registry;
use sandgate_model::manifest::{Aggregate, Span};
use sandgate_model::{Decimal, Kind, Value};
use sandgate_shared::{Batch, Config, Entry, Lane, Layout, Shared, Tenant, Url};
use sandgate_tests::servers;
use sandgate_tests::stream::Chance;
use sandgate_window::{Cell, Declared, Plan};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MINUTE: i64 = 60_000;
const LATENESS: i64 = 5 * MINUTE;
const START: i64 = 1_774_731_600_000;
const NAMES: [&str; 3] = ["account", "device", "amount"];
const KINDS: [Kind; 3] = [Kind::Text, Kind::Text, Kind::Decimal { scale: 2 }];
/// Milliseconds from one record to the next: with as many devices as there are, a
/// device has about ten events in a window of ten minutes.
const STEP: i64 = 6;

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (batches, devices) = if measured { (400, 10_000) } else { (4, 100) };
    let mut chance = Chance(7);
    println!(
        "two windows by device (a count and a sum of ten minutes), {devices} devices, embedded arithmetic over a Redis on this machine"
    );
    println!("{:<44} {:>10} {:>12} {:>8}", "", "µs a batch", "rows/s", "ratio");
    for size in [1, 16, 256] {
        let records = |chance: &mut Chance| -> Vec<String> {
            (0..batches * size).map(|_| format!("d{}", chance.below(devices))).collect()
        };
        let devices_of = records(&mut chance);
        let plain = plain(&devices_of, size);
        let shared = shared(&devices_of, size);
        for (what, took) in [("bare pipeline", plain), ("shared series", shared)] {
            let each = took.as_secs_f64() / f64::from(batches as u32);
            println!(
                "{:<44} {:>10.0} {:>12.0} {:>8.2}",
                format!("{what}, batches of {size}"),
                each * 1e6,
                size as f64 / each,
                took.as_secs_f64() / plain.as_secs_f64()
            );
        }
    }
}

/// The shortest of three passes, each of which fills series of its own.
fn best(mut pass: impl FnMut() -> Duration) -> Duration {
    (0..3).map(|_| pass()).min().expect("three passes")
}

/// As many commands as shared series need, by a client that does nothing else.
fn plain(devices: &[String], size: usize) -> Duration {
    let client = redis::Client::open(servers::redis()).expect("a URL");
    let mut connection = client.get_connection().expect("Redis answers");
    best(|| {
        let prefix = servers::unique("bench");
        let begin = Instant::now();
        for (number, batch) in devices.chunks(size).enumerate() {
            let mut pipeline = redis::pipe();
            for (row, device) in batch.iter().enumerate() {
                let time = START + STEP * (number * size + row) as i64;
                let key = format!("{prefix}:{device}");
                pipeline.cmd("ZADD").arg(&key).arg(time).arg(&[0_u8; 40]).ignore();
                pipeline.cmd("ZRANGEBYSCORE").arg(&key).arg(time - 10 * MINUTE).arg(time);
                pipeline.cmd("PEXPIRE").arg(&key).arg(20 * MINUTE).ignore();
            }
            let read: Vec<Vec<Vec<u8>>> = pipeline.query(&mut connection).expect("an answer");
            black_box(read);
        }
        begin.elapsed()
    })
}

fn shared(devices: &[String], size: usize) -> Duration {
    let url = Url::parse(servers::redis()).expect("a URL");
    let config = Config { urls: vec![url], deadline: Duration::from_secs(20), events: 10_000, lateness: LATENESS };
    let (store, _) = Shared::open(config, &Registry::default()).expect("Redis answers");
    let store = Arc::new(store);
    best(|| {
        let layout = Arc::new(layout());
        let lane = Lane::new(Arc::clone(&store), 0);
        let begin = Instant::now();
        for (number, rows) in devices.chunks(size).enumerate() {
            let mut batch = Batch::new(&layout);
            for (row, device) in rows.iter().enumerate() {
                let offset = (number * size + row) as u64;
                let entry = Entry { tenant: 0, source: 0, judged: true, time: START + STEP * offset as i64, offset };
                let amount = Value::Decimal(Decimal { units: 1_234, scale: 2 });
                let cells = [Value::Text("a"), Value::Text(device), amount].map(Cell::Value);
                batch.push(entry, &cells);
                batch.admit(row, None);
            }
            let missing = lane.ask(number as u64, &mut batch, |_| true).expect("the lane is open");
            assert_eq!(missing, None, "Redis answers");
            black_box(batch.answers(0));
            lane.committed(number as u64);
        }
        begin.elapsed()
    })
}

/// A tenant of which nobody knows yet.
fn layout() -> Layout {
    let window = |aggregate, of| Declared {
        by: vec![1],
        aggregate,
        of,
        span: Span::Sliding { length: 10 * MINUTE, delay: 0, closed: false, resolution: None },
        current: true,
        only: Vec::new(),
        sources: 1,
    };
    let windows = [window(Aggregate::Count, None), window(Aggregate::Sum, Some(2))];
    let plan = Arc::new(Plan::new(&KINDS, &windows).expect("a plan"));
    let fields = NAMES.map(str::to_owned).into_iter().zip(KINDS).collect();
    let tenant = Tenant { name: servers::unique("bench").into(), plan, fields, kept: vec![0] };
    Layout::new(vec![Some(tenant)], &["payments".into()], LATENESS).expect("a layout")
}
