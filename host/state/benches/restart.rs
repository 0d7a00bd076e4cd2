//! How long a host takes until it goes on: a lane of many events, opened again.
//!
//! `cargo bench -p sandgate-state --bench restart` opens ten million events, from
//! commits and from a snapshot; a test run does a few and checks what is there.
//! The ratio is to reading the same files and nothing else.

use sandgate_model::manifest::{Aggregate, Span};
use sandgate_model::{Decimal, Kind, Value};
use sandgate_state::folder::Folder;
use sandgate_state::identity::{Identity, Input};
use sandgate_state::journal::Journal;
use sandgate_state::position::Position;
use sandgate_state::{Entry, Lane, Layout, Pass, Report, Settings, Settled, Tenant};
use sandgate_window::{Cell, Declared, Plan};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: u64 = 256;
/// Batches of a commit: about 50 ms of a full load.
const TOGETHER: u64 = 50;
const START: i64 = 1_700_000_000_000;
const HOUR: i64 = 3_600_000;

/// A tenant whose transactions are events of their account and of their device.
fn layout() -> Result<Arc<Layout>, Box<dyn Error>> {
    let window = |by, aggregate, of| Declared {
        by: vec![by],
        aggregate,
        of,
        span: Span::Sliding { length: 24 * 30 * HOUR, delay: 0, closed: false, resolution: None },
        current: true,
        only: Vec::new(),
        sources: 1,
    };
    let windows = [window(0, Aggregate::Count, None), window(1, Aggregate::Sum, Some(2))];
    let fields = [("account", Kind::Text), ("device", Kind::Text), ("amount", Kind::Decimal { scale: 2 })];
    let fields: Vec<_> = fields.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
    let kinds: Vec<_> = fields.iter().map(|(_, kind)| *kind).collect();
    let plan = Arc::new(Plan::new(&kinds, &windows)?);
    let tenants = vec![Tenant { name: "payments".into(), plan, fields }];
    Ok(Arc::new(Layout { tenants, sources: vec!["payments".into()] }))
}

fn lane() -> Result<Lane, Box<dyn Error>> {
    let settings = Settings { lateness: HOUR, repeats: HOUR, ids: 5_000_000, events: 50_000_000 };
    Ok(Lane::new(layout()?, settings, 8))
}

/// A number that looks like chance.
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16
}

/// Takes transactions through the lane into its journal.
fn fill(lane: &Lane, journal: &mut Journal, batches: u64, keys: u64) -> Result<(), Box<dyn Error>> {
    let (mut entries, mut position) = (Vec::new(), Position::start(1));
    let settled = [Settled { outcome: 1, generation: 1 }; BATCH as usize];
    for batch in 0..batches {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        let names: Vec<_> = numbers
            .clone()
            .map(|number| (format!("account{}", mixed(number) % keys), format!("device{}", mixed(!number) % keys)))
            .collect();
        let mut pass = Pass::new(&lane.layout());
        for (number, (account, device)) in numbers.zip(&names) {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&mixed(number).to_le_bytes());
            id[8..].copy_from_slice(&number.to_le_bytes());
            let (time, offset) = (START + number as i64 * 10, number * 200);
            let amount = Value::Decimal(Decimal { units: (mixed(number) % 100_000) as i64, scale: 2 });
            let entry = Entry { tenant: 0, source: 0, judged: true, time, offset, id, content: id, composed: false };
            let texts = [account, device].map(|text| Cell::Value(Value::Text(text.as_str())));
            pass.push(entry, &[texts[0], texts[1], Cell::Value(amount)]);
        }
        lane.pass(batch, &mut pass)?;
        for (row, settled) in settled.iter().enumerate() {
            pass.record(row, *settled, &mut entries);
        }
        lane.settle(&settled);
        if batch % TOGETHER == TOGETHER - 1 || batch == batches - 1 {
            position.records = (batch + 1) * BATCH;
            journal.commit(&entries, &position)?;
            lane.commit(batch);
            entries.clear();
        }
    }
    Ok(())
}

/// Opens the lane; gives back how long that took, and how often it was told how far it is.
fn open(folder: &Folder, threads: usize) -> Result<(Lane, Journal, Duration, u64), Box<dyn Error>> {
    let input = Input { source: "payments".to_owned(), path: "payments.jsonl".to_owned() };
    let identity = Identity { inputs: vec![input], output: "decisions.jsonl".to_owned(), configuration: Vec::new() };
    let (start, lane, mut told) = (Instant::now(), lane()?, 0);
    let mut restoring = lane.restore(threads);
    let (journal, _) = folder.lane(&identity, false)?.open(&mut restoring, &mut |_| told += 1)?;
    restoring.finish();
    Ok((lane, journal, start.elapsed(), told))
}

/// Reads all files of the lane.
fn read(path: &Path) -> Result<(Duration, usize), Box<dyn Error>> {
    let (start, mut bytes) = (Instant::now(), 0);
    for lane in std::fs::read_dir(path.join("lanes"))? {
        for file in std::fs::read_dir(lane?.path())? {
            bytes += std::fs::read(file?.path())?.len();
        }
    }
    Ok((start.elapsed(), bytes))
}

fn events(report: &Report) -> u64 {
    report.tenants.iter().flat_map(|tenant| &tenant.families).map(|family| family.events).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let large = std::env::args().any(|argument| argument == "--bench");
    let (batches, keys) = if large { (5_000_000 / BATCH, 500_000) } else { (20, 300) };
    let place = tempfile::tempdir()?;
    let path = place.path().join("state");
    let folder = Folder::open(&path)?;
    let (first, mut journal, ..) = open(&folder, 1)?;
    fill(&first, &mut journal, batches, keys)?;
    let expected = events(&first.report());
    assert_eq!(expected, batches * BATCH * 2, "each transaction is an event of its account and of its device");
    drop((first, journal));
    let mut report = String::new();
    for what in ["commits", "a snapshot"] {
        for threads in [1, 2] {
            let (bare, bytes) = read(&path)?;
            let (lane, journal, taken, told) = open(&folder, threads)?;
            assert_eq!(events(&lane.report()), expected);
            let ratio = taken.as_secs_f64() / bare.as_secs_f64();
            writeln!(
                report,
                "{expected} events from {what}, {threads} threads {:>8.2} s{ratio:>8.1} x reading {} MB, told {told} times",
                taken.as_secs_f64(),
                bytes / 1_000_000,
            )?;
            drop(journal);
        }
        let (lane, mut journal, ..) = open(&folder, 2)?;
        journal.compact(lane.front(), Box::new(lane.sieve()))?;
        while journal.compacted().transpose()?.is_none() {
            std::thread::yield_now();
        }
    }
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}
