//! What a lane costs when judging costs nothing, beside reading and writing the
//! same bytes line by line on one thread in the same run. `cargo test` runs it
//! small, `cargo bench` in full.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures and prints")]

use sandgate_engine::judged::{Judge, Judged, Record, Unjudged};
use sandgate_state::replay::Sieve;
use sandgate_stream::{Settings, Sink, Source, Summary, Target, run};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Writes down each record as it is.
struct Echo;

impl Judge for Echo {
    fn judge(&self, _: u64, records: &[Record<'_>], out: &mut Judged) -> Result<(), Unjudged> {
        for record in records {
            out.decisions.extend_from_slice(record.bytes);
            out.decisions.push(b'\n');
        }
        out.tally.outcomes[0] += records.len() as u64;
        Ok(())
    }

    fn settle(&self, _: &mut Judged) {}

    fn committed(&self, _: u64) {}

    fn compaction(&self) -> Option<(Vec<u8>, Box<dyn Sieve>)> {
        None
    }

    fn abort(&self) {}

    fn close(&self) {}

    fn time(&self, _: usize, _: &[u8]) -> Option<sandgate_model::Instant> {
        None
    }
}

fn main() {
    let count: usize = if std::env::args().any(|argument| argument == "--bench") { 2_000_000 } else { 20_000 };
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    let line = format!("{:0>195}\n", 7);
    fs::write(&input, line.repeat(count)).unwrap();
    let expected = fs::metadata(&input).unwrap().len();

    let start = Instant::now();
    copy(&input, &output);
    let copying = start.elapsed().as_nanos() as f64 / count as f64;
    println!("lane: {count} records of 195 bytes; copying line by line {copying:.0} ns a record");
    for (workers, batch) in [(1, 256), (2, 256), (1, 64), (1, 1)] {
        let source = Source::open(&input, 65_536).unwrap();
        let sink = Sink::create(&Target::of(&output), true).unwrap();
        let settings = Settings { workers, batch };
        let done = run(vec![source], Arc::new(Echo), sink, None, settings, Summary::new(), &mut |_| {});
        done.ended.unwrap();
        assert_eq!(fs::metadata(&output).unwrap().len(), expected);
        let nanos = done.summary.elapsed.as_nanos() as f64 / count as f64;
        println!(
            "workers {workers}, batch {batch:>3}: {nanos:>5.0} ns a record, {:.2} million a second, {:.1} times copying; in host p50 {:?} p99 {:?}",
            done.summary.rate() / 1e6,
            nanos / copying,
            done.summary.in_host(0.5),
            done.summary.in_host(0.99),
        );
    }
}

fn copy(input: &Path, output: &Path) {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(input).unwrap());
    let mut writer = BufWriter::with_capacity(1 << 18, File::create(output).unwrap());
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).unwrap() > 0 {
        writer.write_all(&line).unwrap();
        line.clear();
    }
    writer.into_inner().unwrap().sync_all().unwrap();
}
