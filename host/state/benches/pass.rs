//! What a transaction costs in the lane: prepared on the worker, in order, in the
//! shards; and what a journal entry costs when it becomes state again.
//!
//! `cargo bench -p sandgate-state --bench pass` prints the numbers; a test run
//! does a little of it and checks the answers. The ratio is to a plain hash map
//! that counts the same keys in the same run, without windows, ids or a clock.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sandgate_model::manifest::{Aggregate, Span};
use sandgate_model::{Decimal, Kind, Value};
use sandgate_state::replay::Restore;
use sandgate_state::{Answered, Entry, Fate, Lane, Layout, Pass, Settings, Settled, Tenant};
use sandgate_window::{Cell, Declared, Plan};
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

const BATCH: usize = 256;
const START: i64 = 1_700_000_000_000;
const MINUTE: i64 = 60_000;

/// A transaction of the stream.
struct Sent {
    entry: Entry,
    account: String,
    device: String,
}

impl Sent {
    fn cells(&self) -> [Cell<'_>; 3] {
        let amount = Decimal { units: 1_250, scale: 2 };
        let (account, device) = (Value::Text(self.account.as_str()), Value::Text(self.device.as_str()));
        [Cell::Value(account), Cell::Value(device), Cell::Value(Value::Decimal(amount))]
    }
}

/// Two keys, three spans each.
fn layout() -> Result<Arc<Layout>, Box<dyn Error>> {
    let sliding = |length| Span::Sliding { length, delay: 0, closed: false, resolution: None };
    let spans = [
        (Aggregate::Count, None, MINUTE),
        (Aggregate::Sum, Some(2), 60 * MINUTE),
        (Aggregate::Count, None, 1_440 * MINUTE),
    ];
    let windows = [0, 1].into_iter().flat_map(|by| {
        spans.map(|(aggregate, of, length)| Declared {
            by: vec![by],
            aggregate,
            of,
            span: sliding(length),
            current: true,
            only: Vec::new(),
            sources: 1,
        })
    });
    let fields = [("account", Kind::Text), ("device", Kind::Text), ("amount", Kind::Decimal { scale: 2 })];
    let fields: Vec<_> = fields.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
    let kinds: Vec<_> = fields.iter().map(|(_, kind)| *kind).collect();
    let plan = Arc::new(Plan::new(&kinds, &windows.collect::<Vec<_>>())?);
    let tenants = vec![Tenant { name: "payments".into(), plan, fields }];
    Ok(Arc::new(Layout { tenants, sources: vec!["payments".into()] }))
}

fn stream(count: usize, keys: u64) -> Vec<Sent> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let sent = (0..count as u64).map(|number| {
        let mut id = [0; 16];
        random.fill_bytes(&mut id);
        let entry = Entry {
            tenant: 0,
            source: 0,
            judged: true,
            time: START + number as i64 * 10,
            offset: number * 200,
            id,
            content: id,
            composed: false,
        };
        let (account, device) = (random.next_u64() % keys, random.next_u64() % keys);
        Sent { entry, account: format!("account{account}"), device: format!("device{device}") }
    });
    sent.collect()
}

/// The parts of a run, in the order in which a batch takes them.
const PARTS: [&str; 5] = [
    "push: keys, conditions, edges",
    "pass: ids, clock, bound, 6 windows",
    "record: the journal's entry",
    "settle",
    "commit, each 50 batches",
];

/// What each part of each batch cost, in nanoseconds a transaction.
type Costs = [Vec<f64>; PARTS.len()];

fn run(lane: &Lane, sent: &[Sent], journal: &mut Vec<u8>) -> Result<(Costs, i128), Box<dyn Error>> {
    let (mut costs, mut counted) = (Costs::default(), 0);
    let mut pass = Pass::new(&lane.layout());
    let settled = [Settled { outcome: 1, generation: 1 }; BATCH];
    for (number, batch) in (0..).zip(sent.chunks(BATCH)) {
        pass.clear();
        let mut stamps = [Instant::now(); PARTS.len() + 1];
        for sent in batch {
            pass.push(sent.entry, &sent.cells());
        }
        stamps[1] = Instant::now();
        lane.pass(number, &mut pass)?;
        stamps[2] = Instant::now();
        for row in 0..batch.len() {
            pass.record(row, settled[0], journal);
        }
        stamps[3] = Instant::now();
        lane.settle(&settled[..batch.len()]);
        stamps[4] = Instant::now();
        // about every 50 ms of a full load
        if number % 50 == 49 {
            lane.commit(number);
        }
        stamps[5] = Instant::now();
        for (cost, stamps) in costs.iter_mut().zip(stamps.windows(2)) {
            cost.push((stamps[1] - stamps[0]).as_nanos() as f64 / batch.len() as f64);
        }
        for row in 0..batch.len() {
            if pass.fate(row) != Fate::New {
                return Err("every transaction is new".into());
            }
            if let Answered::Integer(count) = pass.answer(row, 2) {
                counted += count;
            }
        }
    }
    Ok((costs, counted))
}

fn main() -> Result<(), Box<dyn Error>> {
    let large = std::env::args().any(|argument| argument == "--bench");
    let mut report = String::new();
    for (count, keys) in
        if large { vec![(1_000_000, 100), (1_000_000, 10_000), (1_000_000, 500_000)] } else { vec![(5_000, 50)] }
    {
        let sent = stream(count, keys);
        let settings = Settings { lateness: 10 * MINUTE, repeats: 60 * MINUTE, ids: 5_000_000, events: 50_000_000 };
        let lane = Lane::new(layout()?, settings, 8);
        let mut journal = Vec::new();
        let (costs, counted) = run(&lane, &sent, &mut journal)?;

        let start = Instant::now();
        let (mut accounts, mut devices, mut expected) = (HashMap::new(), HashMap::<&str, i128>::new(), 0i128);
        for sent in &sent {
            let count = accounts.entry(sent.account.as_str()).or_insert(0i128);
            *count += 1;
            expected += *count;
            *devices.entry(&sent.device).or_default() += 1;
        }
        let plain = start.elapsed().as_nanos() as f64 / count as f64;
        // the whole stream is shorter than the longest window, so that one counts like the map
        if counted != expected {
            return Err(format!("windows counted {counted}, the map {expected}").into());
        }

        writeln!(report, "{count} transactions, 2 families of {keys} keys, 3 windows each, batches of {BATCH}")?;
        writeln!(report, "  {:<36}{plain:>8.0} ns", "plain hash maps")?;
        let (mut middles, mut means) = (0.0, 0.0);
        for (what, mut cost) in PARTS.into_iter().zip(costs) {
            let mean = cost.iter().sum::<f64>() / cost.len() as f64;
            cost.sort_by(f64::total_cmp);
            let middle = cost.get(cost.len() / 2).copied().unwrap_or(0.0);
            (middles, means) = (middles + middle, means + mean);
            writeln!(report, "  {what:<36}{middle:>8.0} ns in the middle batch, {mean:>6.0} on average")?;
        }
        let ratio = middles / plain;
        writeln!(report, "  {:<36}{middles:>8.0} ns, {means:.0} on average; {ratio:.1} x plain", "all of it")?;
        let memory = lane.report();
        let families = memory.tenants.iter().flat_map(|tenant| &tenant.families);
        let events: u64 = families.map(|family| family.events).sum();
        let (bytes, events_f) = (memory.bytes as f64, events as f64);
        writeln!(report, "  {events} events, {} ids: {:.1} MB", memory.ids, bytes / 1e6)?;
        for threads in [1, 2] {
            let restored = Lane::new(layout()?, settings, 8);
            let start = Instant::now();
            let mut restoring = restored.restore(threads);
            let entries = restoring.entries(&journal)?;
            restoring.finish();
            let took = start.elapsed();
            if restored.report().tenants != memory.tenants {
                return Err("the restored lane holds something else".into());
            }
            let each = took.as_nanos() as f64 / events_f;
            writeln!(
                report,
                "  restored by {threads} threads: {entries} entries in {took:.2?}, {each:.0} ns an event"
            )?;
        }
    }
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes())?;
    Ok(())
}
