//! Kafka → decisions → Kafka, beside a bare loop that consumes, produces as many
//! bytes and commits in the same way. The broker, the loader and the reader are on
//! the same machine and take their share of its cores.
//!
//! A backlog is drained first: its rate is taken from the times that the broker
//! stamps on what it appends, so that nobody has to read while it is written. Then
//! payments are sent at a pace, and a read-committed reader says how long after each
//! was due its decision was there.
//! `cargo bench --bench kafka` measures a million records; with words behind `--`, such
//! as `at-least-once 5ms`, `paced` or `neighbour`, those runs only. `cargo test` runs a few thousand
//! records, so that it cannot rot.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program that measures and prints")]

mod bare;
mod feed;
mod host;
mod machine;
mod neighbour;
mod read;
mod vitals;

use bare::Copied;
use host::{Host, Setup};
use machine::Process;
use sandgate_tests::servers::topic::Topic;
use sandgate_tests::{Desk, servers};
use std::time::{Duration, Instant};

const PARTITIONS: i32 = 4;
/// What a changelog record of a transaction adds to a bare loop's bytes.
const CHANGELOG: usize = 100;

/// The settings of a run: delivery, window, and how many records close it.
const RUNS: [(&str, &str, u64); 4] = [
    ("exactly-once", "5ms", 1_000),
    ("exactly-once", "100ms", 100_000),
    ("at-least-once", "5ms", 1_000),
    ("at-least-once", "100ms", 100_000),
];

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let records = if measured { 1_000_000 } else { 2_000 };
    if std::env::args().any(|argument| argument == "neighbour") {
        return neighbour::table(measured);
    }
    let broker = Process(servers::kafka_process());
    let desk = host::desk(records);
    let payments = feed::payments(&desk, "in.jsonl");
    let source = topics(&["source"])[0].clone();
    feed::backlog(servers::kafka(), &source, &payments);

    println!(
        "a backlog of {records} payments in {PARTITIONS} partitions, two policies with six windows by account and a score, fresh sandboxes"
    );
    println!(
        "{:<36} {:>14} {:>8} {:>14} {:>14} {:>12}",
        "", "transactions/s", "ratio", "host µs each", "broker µs each", "resident MB"
    );
    let mut size = 0;
    let mut rates = Vec::new();
    let wanted: Vec<_> = RUNS.into_iter().filter(|(delivery, window, _)| is_wanted(&[delivery, window])).collect();
    for &(delivery, window, window_records) in &wanted {
        let drained = drain(&desk, &source, records, broker, (delivery, window, window_records));
        size = drained.size;
        rates.push(drained);
    }
    for (window, window_records) in [(5, 1_000), (100, 100_000)] {
        let bare = bare(&source, records, size, Duration::from_millis(window), window_records);
        println!("{:<36} {bare:>14.0} {:>8.2}", format!("bare loop, exactly once, {window} ms"), 1.0);
        for (drained, (delivery, of, _)) in rates.iter().zip(&wanted) {
            if *of == format!("{window}ms") {
                println!(
                    "{:<36} {:>14.0} {:>8.2} {:>14.2} {:>14.2} {:>12}",
                    format!("sandgate, {delivery}, {of}"),
                    drained.rate,
                    drained.rate / bare,
                    drained.host.as_secs_f64() * 1e6 / records as f64,
                    drained.broker.as_secs_f64() * 1e6 / records as f64,
                    drained.resident
                );
            }
        }
    }

    println!("\nfrom the start of a host until it has all {PARTITIONS} lanes again, in s");
    println!("{:<36} {:>16} {:>14} {:>22}", "", "window events", "its own copy", "from the changelog");
    for (drained, (delivery, window, _)) in rates.iter().zip(&wanted) {
        let Some([(home, _), (lost, events)]) = drained.starts else { continue };
        let [home, lost] = [home, lost].map(|took| took.as_secs_f64());
        println!("{:<36} {events:>16} {home:>14.2} {lost:>22.2}", format!("sandgate, {delivery}, {window}"));
    }

    println!("\nfrom the moment a payment was due until a read-committed reader had its decision, in ms");
    println!(
        "{:<36} {:>10} {:>8} {:>8} {:>8} {:>12} {:>11} {:>11}",
        "", "a second", "p50", "p99", "max", "in host p99", "commit p50", "commit p99"
    );
    let rates = if measured { [1_000.0, 20_000.0] } else { [500.0, 2_000.0] };
    for rate in rates {
        for delivery in ["exactly-once", "at-least-once"].into_iter().filter(|delivery| is_wanted(&[delivery, "paced"]))
        {
            paced(&desk, &payments, delivery, rate, if measured { 20.0 } else { 0.5 });
        }
    }
    if is_wanted(&["neighbour"]) {
        neighbour::table(measured);
    }
}

/// Whether a run has all the words of the command line, such as `paced` or `5ms`.
fn is_wanted(words: &[&str]) -> bool {
    std::env::args().skip(1).filter(|word| !word.starts_with('-')).all(|word| words.contains(&&*word))
}

/// What came of a drained backlog.
struct Drained {
    rate: f64,
    /// Bytes written for a transaction.
    size: usize,
    host: Duration,
    broker: Duration,
    resident: u64,
    /// From the start of a host until it has all lanes, and the events of its windows
    /// then: with its own copy of their state, and without one.
    starts: Option<[(Duration, u64); 2]>,
}

fn drain(
    desk: &Desk,
    source: &str,
    records: u64,
    broker: Process,
    (delivery, window, window_records): (&str, &str, u64),
) -> Drained {
    let names = topics(&["decisions", "dead-letters", "changelog"]);
    let name = names[0].trim_end_matches("-decisions");
    let state = format!("state-{name}");
    let setup = Setup { brokers: servers::kafka(), source, name, delivery, window, window_records, state: &state };
    let broker_before = broker.cpu();
    let mut host = Host::start(desk, &setup);
    host.wait(records, PARTITIONS);
    let (cpu, resident) = (host.process().cpu(), host.process().resident_most());
    let broker = broker.cpu() - broker_before;
    host.stop();
    let start = |state: &str| {
        let begin = Instant::now();
        let host = Host::start(desk, &Setup { state, ..setup });
        let events = host.wait_for_lanes(PARTITIONS as usize);
        let took = begin.elapsed();
        host.stop();
        (took, events)
    };
    // the state is kept in the same way whatever is delivered how
    let starts = (delivery == "exactly-once").then(|| [start(&state), start(&format!("{state}-lost"))]);
    let written = read::written(servers::kafka(), &names[0], PARTITIONS, records);
    assert_eq!(written.records, records, "every record has its decision");
    Drained {
        rate: records as f64 / written.during.as_secs_f64(),
        size: (written.bytes / written.records) as usize + CHANGELOG,
        host: cpu,
        broker,
        resident,
        starts,
    }
}

/// The rate of the bare loop.
fn bare(source: &str, records: u64, size: usize, window: Duration, window_records: u64) -> f64 {
    let to = &topics(&["bare"])[0];
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as i32;
    let threads = cores.min(PARTITIONS);
    let brokers = servers::kafka();
    let from = source;
    bare::copy(Copied { brokers, from, to, partitions: PARTITIONS, threads, records, size, window, window_records });
    let written = read::written(brokers, to, PARTITIONS, records);
    records as f64 / written.during.as_secs_f64()
}

fn paced(desk: &Desk, payments: &[feed::Payment], delivery: &str, rate: f64, seconds: f64) {
    let names = topics(&["decisions", "dead-letters", "changelog", "paced"]);
    let (name, source) = (names[0].trim_end_matches("-decisions"), &names[3]);
    let (brokers, state) = (servers::kafka(), format!("state-{name}"));
    let setup = Setup { brokers, source, name, delivery, window: "5ms", window_records: 1_000, state: &state };
    let host = Host::start(desk, &setup);
    let payments = &payments[..((rate * seconds) as usize).min(payments.len())];
    let warm_up = payments.len() as u64 / 10;
    let zero = Instant::now();
    let (begin, begun) = std::sync::mpsc::channel();
    let delays = std::thread::scope(|scope| {
        scope.spawn(move || {
            // a reader that is not there yet would count its own start
            if begun.recv().is_ok() {
                feed::paced(servers::kafka(), source, payments, rate, Some(zero));
            }
        });
        let ready = move || {
            let _ = begin.send(());
        };
        read::delays(servers::kafka(), &names[0], PARTITIONS, payments.len() as u64, warm_up, zero, ready)
    });
    let told = host.vitals();
    host.stop();
    let of = |histogram, quantile| vitals::quantile(&told, histogram, quantile) * 1e3;
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| delays.value_at_quantile(share) as f64 / 1e3);
    println!(
        "{:<36} {rate:>10.0} {half:>8.1} {most:>8.1} {all:>8.1} {:>12.1} {:>11.1} {:>11.1}",
        format!("sandgate, {delivery}, 5 ms"),
        of("sandgate_in_host_seconds", 0.99),
        of("sandgate_kafka_commit_seconds", 0.5),
        of("sandgate_kafka_commit_seconds", 0.99)
    );
}

/// New topics of one run, with a name of its own before each, whose broker stamps
/// what it appends.
fn topics(kinds: &[&str]) -> Vec<String> {
    let name = servers::unique("bench");
    let names: Vec<String> = kinds.iter().map(|kind| format!("{name}-{kind}")).collect();
    for name in &names {
        let kept = if name.ends_with("changelog") { "-1" } else { "604800000" };
        let settings = [("message.timestamp.type", "LogAppendTime"), ("retention.ms", kept)];
        Topic::on(servers::kafka(), name, PARTITIONS, &settings);
    }
    names
}
