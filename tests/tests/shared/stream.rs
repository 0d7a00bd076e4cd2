//! Random windows and records for them, and the two ways to answer them: embedded
//! in a lane, and shared.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sandgate_metrics::Registry;
use sandgate_model::manifest::{Aggregate, CalendarUnit, Span, Test};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_shared::{Batch, Config, Layout, Shared, Tenant, Unanswered, Url};
use sandgate_state::{Answered, Entry, Fate, Pass, Settings};
use sandgate_tests::servers::{self, eventually};
use sandgate_window::{Cell, Declared, Plan};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
const START: i64 = 1_774_731_600_000;

/// Account, device, amount, kind, items, rate, seen, fresh.
pub(crate) const KINDS: [Kind; 8] = [
    Kind::Text,
    Kind::Text,
    Kind::Decimal { scale: 2 },
    Kind::Text,
    Kind::Integer,
    Kind::Number,
    Kind::Instant,
    Kind::Flag,
];
const NAMES: [&str; 8] = ["account", "device", "amount", "kind", "items", "rate", "seen", "fresh"];
pub(crate) const SETTINGS: Settings =
    Settings { lateness: 5 * MINUTE, repeats: HOUR, ids: 100_000, events: 10_000_000 };

/// A record with fields of its own.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) entry: Entry,
    cells: Vec<Option<Result<Value, ()>>>,
}

impl Record {
    pub(crate) fn cells(&self) -> Vec<Cell<'_>> {
        let cells = self.cells.iter().map(|cell| match cell {
            None => Cell::Absent,
            Some(Err(())) => Cell::Misread,
            Some(Ok(value)) => Cell::Value(value.borrowed()),
        });
        cells.collect()
    }

    /// The same of a device and an amount alone.
    pub(crate) fn plain(number: u64, time: i64, device: &str, units: i64) -> Record {
        let mut cells = vec![None; KINDS.len()];
        cells[0] = Some(Ok(Value::Text(format!("a{number}"))));
        cells[1] = Some(Ok(Value::Text(device.to_owned())));
        cells[2] = Some(Ok(Value::Decimal(Decimal { units, scale: 2 })));
        Record { entry: entry(number, 0, START + time), cells }
    }
}

fn entry(number: u64, source: u32, time: i64) -> Entry {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    Entry { tenant: 0, source, judged: source == 0, time, offset: number, id, content: id, composed: false }
}

/// Random numbers of a seed.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn of<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len() as u64) as usize]
    }

    /// Windows of every aggregate, each with another span.
    pub(crate) fn windows(&mut self) -> Vec<Declared> {
        use Aggregate::{Count, Deviation, Distinct, FirstSeen, LastSeen, Latest, Maximum, Mean, Minimum, Sum};
        let all =
            [Count, Sum, Mean, Minimum, Maximum, Deviation, Distinct, FirstSeen, LastSeen, Latest, Count, Distinct];
        all.into_iter().enumerate().map(|(at, aggregate)| self.window(aggregate, at as u64)).collect()
    }

    fn window(&mut self, aggregate: Aggregate, which: u64) -> Declared {
        use Aggregate::{Count, Deviation, Distinct, FirstSeen, LastSeen, Latest, Maximum, Mean, Minimum, Sum};
        let of = match aggregate {
            Count | FirstSeen | LastSeen => None,
            Sum | Mean | Deviation => Some(self.of(&[2, 2, 4])),
            Minimum | Maximum => Some(self.of(&[2, 4, 5, 6])),
            Distinct | Latest => Some(self.below(KINDS.len() as u64) as usize),
        };
        let length = SECOND * (1 + self.below(1_200) as i64);
        let shift = (which + self.below(6)) % 6;
        let span = match shift {
            0 => Span::Sliding { length, delay: 0, closed: self.one_in(2), resolution: None },
            1 => Span::Sliding {
                length,
                delay: SECOND * self.below(300) as i64,
                closed: self.one_in(2),
                resolution: None,
            },
            2 => Span::Sliding { length, delay: 0, closed: false, resolution: Some(length.min(MINUTE)) },
            3 => Span::Tumbling { length, offset: self.below(length as u64) as i64 },
            4 => {
                let unit = self.of(&[CalendarUnit::Hour, CalendarUnit::Day]);
                Span::Calendar { unit, zone: self.of(&["Europe/Berlin", "Asia/Shanghai"]).to_owned() }
            }
            _ => Span::Session { gap: SECOND * (1 + self.below(40) as i64), longest: 40 * SECOND + length },
        };
        let by = self.of(&[&[1][..], &[1], &[1], &[3, 1], &[1, 7]]).to_vec();
        let mut only = Vec::new();
        if self.one_in(3) {
            only.push(match self.below(4) {
                0 => (3, Test::AnyOf(vec![Value::Text("pay".to_owned())])),
                1 => (3, Test::NoneOf(vec![Value::Text("pay".to_owned())])),
                2 => (2, Test::AtLeast(Value::Decimal(Decimal { units: 200, scale: 2 }))),
                _ => (5, Test::NoneOf(vec![Value::Number(0.0)])),
            });
        }
        let sources = if self.one_in(3) { self.of(&[0b10, 0b11]) } else { 1 };
        Declared { by, aggregate, of, span, current: !self.one_in(3), only, sources }
    }

    /// Records of two sources, some of them late, some at one time, some that come twice.
    pub(crate) fn records(&mut self, many: u64) -> Vec<Record> {
        let mut now = START;
        let mut all: Vec<Record> = Vec::new();
        for number in 0..many {
            now += if self.one_in(4) { 0 } else { 10 * self.below(400) as i64 };
            let back = match self.below(40) {
                0 => 10 * self.below(90_000) as i64,
                1..=6 => 10 * self.below(2_000) as i64,
                _ => 0,
            };
            let source = u32::from(self.one_in(5));
            // records of different sources are at different times: their order would be another one
            let time = now - back + i64::from(source);
            let mut record = Record { entry: entry(number, source, time), cells: self.cells(time) };
            if !all.is_empty() && self.one_in(25) {
                let first = &all[self.below(all.len() as u64) as usize];
                record = Record { entry: Entry { offset: number, ..first.entry }, ..first.clone() };
            }
            all.push(record);
        }
        all
    }

    fn cells(&mut self, time: i64) -> Vec<Option<Result<Value, ()>>> {
        let cells = KINDS.iter().enumerate().map(|(at, kind)| {
            let value = match kind {
                Kind::Text if at == 1 => Value::Text(self.of(&["d0", "d0", "d0", "d1", "d2"]).to_owned()),
                Kind::Text => Value::Text(self.of(&["pay", "refund", "fee", "x"]).to_owned()),
                Kind::Decimal { scale } => {
                    let units = if self.one_in(20) { self.0.next_u64() as i64 } else { 100 * self.below(6) as i64 };
                    Value::Decimal(Decimal { units, scale: *scale })
                }
                Kind::Integer => Value::Integer(self.below(9) as i64 - 4),
                Kind::Number => Value::Number(self.of(&[-1.5, -0.0, 0.0, 0.1, 1e300])),
                Kind::Instant => Value::Instant(Instant::from_millis(time - self.below(9) as i64).unwrap()),
                Kind::Flag => Value::Flag(self.one_in(2)),
            };
            match self.below(50) {
                0 => Some(Err(())),
                1..=3 => None,
                4 if *kind == Kind::Text => Some(Ok(Value::Text("x".repeat(1_024 + self.below(2) as usize)))),
                _ => Some(Ok(value)),
            }
        });
        cells.collect()
    }

    /// Cuts records into batches.
    pub(crate) fn cut<'r>(&mut self, mut records: &'r [Record], most: u64) -> Vec<&'r [Record]> {
        let mut batches = Vec::new();
        while !records.is_empty() {
            let (batch, rest) = records.split_at((1 + self.below(most) as usize).min(records.len()));
            batches.push(batch);
            records = rest;
        }
        batches
    }
}

/// What both kinds of lanes know.
pub(crate) struct World {
    pub(crate) state: Arc<sandgate_state::Layout>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) tenant: String,
}

impl World {
    /// A tenant with these windows whose name nobody else has.
    pub(crate) fn new(windows: &[Declared]) -> World {
        let tenant = servers::unique("shared");
        World::of(&tenant, windows)
    }

    pub(crate) fn of(tenant: &str, windows: &[Declared]) -> World {
        let plan = Arc::new(Plan::new(&KINDS, windows).unwrap());
        let fields: Vec<(String, Kind)> = NAMES.map(str::to_owned).into_iter().zip(KINDS).collect();
        let sources: Vec<Arc<str>> = vec!["payments".into(), "settlements".into()];
        let embedded = sandgate_state::Tenant { name: tenant.into(), plan: Arc::clone(&plan), fields: fields.clone() };
        let shared = Tenant { name: tenant.into(), plan, fields, kept: vec![0] };
        World {
            state: Arc::new(sandgate_state::Layout { tenants: vec![embedded], sources: sources.clone() }),
            layout: Arc::new(Layout::new(vec![Some(shared)], &sources, SETTINGS.lateness).unwrap()),
            tenant: tenant.to_owned(),
        }
    }

    pub(crate) fn embedded(&self) -> sandgate_state::Lane {
        sandgate_state::Lane::new(Arc::clone(&self.state), SETTINGS, 1)
    }

    /// Takes a batch through both kinds of lanes: what each answers, row by row.
    pub(crate) fn pass(
        &self,
        (embedded, number): (&sandgate_state::Lane, u64),
        (shared, shared_number): (&sandgate_shared::Lane, u64),
        records: &[Record],
    ) -> [Vec<Vec<Answered>>; 2] {
        let (mut pass, mut batch) = (Pass::new(&self.state), Batch::new(&self.layout));
        for record in records {
            pass.push(record.entry, &record.cells());
            push(&mut batch, record);
        }
        embedded.pass(number, &mut pass).unwrap();
        for row in (0..pass.len()).filter(|row| matches!(pass.fate(*row), Fate::New | Fate::Full)) {
            batch.admit(row, pass.horizon(row));
        }
        assert_eq!(shared.ask(shared_number, &mut batch, |_| true), Ok(None));
        let rows = || 0..records.len();
        [
            rows().map(|row| pass.answers(row).to_vec()).collect(),
            rows().map(|row| batch.answers(row).to_vec()).collect(),
        ]
    }

    /// Takes a batch through a shared lane alone: every record is new, and none is late.
    pub(crate) fn ask(&self, shared: &sandgate_shared::Lane, number: u64, records: &[Record]) -> Vec<Vec<Answered>> {
        let mut batch = self.batch(records);
        // a server that is busy is asked again
        eventually("an answer", servers::PATIENCE, || match shared.ask(number, &mut batch, |_| true) {
            Ok(missing) => missing.is_none(),
            Err(Unanswered::Waits(_)) => false,
            Err(Unanswered::Closed) => unreachable!("nobody closes it"),
        });
        (0..records.len()).map(|row| batch.answers(row).to_vec()).collect()
    }

    /// Records of which every one is new.
    pub(crate) fn batch<'r>(&self, records: &'r [Record]) -> Batch<'r> {
        let mut batch = Batch::new(&self.layout);
        for (row, record) in records.iter().enumerate() {
            push(&mut batch, record);
            batch.admit(row, None);
        }
        batch
    }
}

fn push<'r>(batch: &mut Batch<'r>, record: &'r Record) {
    let Entry { tenant, source, judged, time, offset, .. } = record.entry;
    batch.push(sandgate_shared::Entry { tenant, source, judged, time, offset }, &record.cells());
}

/// How the stores of these tests are set up.
pub(crate) fn config(url: &str) -> Config {
    let urls = vec![Url::parse(url).unwrap()];
    Config { urls, deadline: Duration::from_secs(20), events: 10_000, lateness: SETTINGS.lateness }
}

/// A store in the Redis of all tests.
pub(crate) fn store() -> Arc<Shared> {
    open(config(servers::redis()))
}

pub(crate) fn open(config: Config) -> Arc<Shared> {
    Arc::new(Shared::open(config, &Registry::default()).unwrap().0)
}

/// What a Redis answers to a command.
pub(crate) fn redis<T: redis::FromRedisValue>(url: &str, words: &[&str]) -> T {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| {
        command.arg(*word);
    });
    command.query(&mut connection).unwrap()
}

/// The names of the series of a tenant.
pub(crate) fn series(url: &str, tenant: &str) -> Vec<String> {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let found = redis::cmd("KEYS").arg(format!("sandgate:1:{{{tenant}:*")).query(&mut connection);
    found.unwrap()
}
