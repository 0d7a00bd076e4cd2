//! Tenants, sources and random records for them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sandgate_model::manifest::{Aggregate, CalendarUnit, Span, Test};
use sandgate_model::{Decimal, Kind, Value};
use sandgate_state::{Entry, Layout, Settings, Tenant};
use sandgate_window::{Cell, Declared, Plan};
use std::sync::Arc;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// When the streams begin.
pub(crate) const START: i64 = 1_700_000_000_000;

const ACCOUNT: usize = 0;
const DEVICE: usize = 1;
const AMOUNT: usize = 2;
const KIND: usize = 3;
/// The judged source, and the observed one.
pub(crate) const JUDGED: u64 = 1;
pub(crate) const OBSERVED: u64 = 2;

pub(crate) const SETTINGS: Settings =
    Settings { lateness: 2 * MINUTE, repeats: 10 * MINUTE, ids: 400, events: 1_000_000 };

pub(crate) fn fields() -> Vec<(String, Kind)> {
    let kinds = [Kind::Text, Kind::Text, Kind::Decimal { scale: 2 }, Kind::Text];
    ["account", "device", "amount", "kind"].into_iter().map(str::to_owned).zip(kinds).collect()
}

pub(crate) fn sliding(length: i64) -> Span {
    Span::Sliding { length, delay: 0, closed: false, resolution: None }
}

pub(crate) fn window(aggregate: Aggregate, of: Option<usize>, by: &[usize], span: Span) -> Declared {
    Declared { by: by.to_vec(), aggregate, of, span, current: true, only: Vec::new(), sources: JUDGED }
}

/// Windows of all spans and most aggregates over three families.
pub(crate) fn windows() -> Vec<Declared> {
    let (account, device) = (&[ACCOUNT][..], &[DEVICE][..]);
    let bought = vec![(KIND, Test::AnyOf(vec![Value::Text("buy".to_owned())]))];
    let delayed = Span::Sliding { length: 10 * MINUTE, delay: MINUTE, closed: true, resolution: None };
    let coarse = Span::Sliding { length: 10 * MINUTE, delay: 0, closed: false, resolution: Some(MINUTE) };
    let day = Span::Calendar { unit: CalendarUnit::Hour, zone: "Asia/Shanghai".to_owned() };
    vec![
        window(Aggregate::Count, None, account, sliding(MINUTE)),
        Declared { only: bought, ..window(Aggregate::Sum, Some(AMOUNT), account, sliding(HOUR)) },
        window(Aggregate::Distinct, Some(DEVICE), account, sliding(HOUR)),
        Declared { current: false, ..window(Aggregate::Latest, Some(DEVICE), account, sliding(HOUR)) },
        window(Aggregate::Count, None, device, coarse.clone()),
        window(Aggregate::Maximum, Some(AMOUNT), device, Span::Tumbling { length: HOUR, offset: 7 * SECOND }),
        window(Aggregate::Count, None, account, Span::Session { gap: 30 * SECOND, longest: 10 * MINUTE }),
        Declared { sources: OBSERVED, ..window(Aggregate::Count, None, account, sliding(HOUR)) },
        window(Aggregate::Sum, Some(AMOUNT), device, delayed),
        window(Aggregate::Minimum, Some(AMOUNT), &[ACCOUNT, DEVICE], day),
        Declared { current: false, ..window(Aggregate::LastSeen, None, account, sliding(10 * MINUTE)) },
        Declared { sources: JUDGED | OBSERVED, ..window(Aggregate::Latest, Some(KIND), device, coarse) },
        window(Aggregate::Count, None, account, sliding(MINUTE)),
    ]
}

pub(crate) fn tenant(name: &str, windows: &[Declared]) -> Tenant {
    let kinds: Vec<_> = fields().into_iter().map(|(_, kind)| kind).collect();
    Tenant { name: name.into(), plan: Arc::new(Plan::new(&kinds, windows).unwrap()), fields: fields() }
}

/// Two tenants, of which the second has a few windows only; two sources.
pub(crate) fn layout() -> Arc<Layout> {
    let few: Vec<_> = windows().into_iter().take(3).collect();
    Arc::new(Layout {
        tenants: vec![tenant("first", &windows()), tenant("second", &few)],
        sources: vec!["payments".into(), "settlements".into()],
    })
}

/// A record with fields of its own.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) entry: Entry,
    pub(crate) account: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) amount: Option<i64>,
    pub(crate) kind: Option<&'static str>,
}

impl Record {
    pub(crate) fn cells(&self) -> [Cell<'_>; 4] {
        fn cell(text: Option<&str>) -> Cell<'_> {
            match text {
                Some("misread") => Cell::Misread,
                Some(text) => Cell::Value(Value::Text(text)),
                None => Cell::Absent,
            }
        }
        let amount = self.amount.map_or(Cell::Absent, |units| Cell::Value(Value::Decimal(Decimal { units, scale: 2 })));
        [cell(self.account.as_deref()), cell(self.device.as_deref()), amount, cell(self.kind)]
    }
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

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Hash of an id that is this number.
pub(crate) fn id(number: u64) -> [u8; 16] {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    id
}

/// A stream with everything in it that may go wrong: late and very late records,
/// records from the future, repeats, ids that are used again, fields that are
/// absent or cannot be read, records that are only observed.
pub(crate) fn stream(seed: u64, count: usize) -> Vec<Record> {
    let mut dice = Dice::new(seed);
    let mut records: Vec<Record> = Vec::with_capacity(count);
    let mut now = START;
    for number in 0..count as u64 {
        now += dice.below(6_000) as i64;
        let time = match dice.below(100) {
            0..6 => now - dice.below(10 * MINUTE as u64) as i64,
            6 => now - dice.below(3 * HOUR as u64) as i64,
            7 => now + dice.below(30 * HOUR as u64) as i64,
            8..20 => now / SECOND * SECOND,
            _ => now,
        };
        let judged = !dice.percent(10);
        let entry = Entry {
            tenant: u32::from(dice.percent(20)),
            source: u32::from(!judged),
            judged,
            time,
            offset: number * 100,
            id: id(number),
            content: id(!number),
            composed: dice.percent(20),
        };
        let name = |what: &str, number: u64| Some(format!("{what}{number}"));
        let mut record = Record {
            entry,
            account: name("account", dice.below(12)),
            device: name("device", dice.below(6)),
            amount: Some(dice.below(100_000) as i64 - 20_000),
            kind: Some(if dice.percent(50) { "buy" } else { "sell" }),
        };
        match dice.below(40) {
            0 => record.account = None,
            1 => record.device = Some("misread".to_owned()),
            2 => record.amount = None,
            3 => record.kind = None,
            4 => record.kind = Some("misread"),
            _ => {}
        }
        if dice.percent(8) && !records.is_empty() {
            let back = dice.below(records.len().min(600) as u64) as usize;
            let earlier = records[records.len() - 1 - back].clone();
            record = Record { entry: Entry { offset: entry.offset, ..earlier.entry }, ..earlier };
            if dice.percent(30) {
                record.entry.content = id(number);
                record.amount = Some(1);
            }
        }
        records.push(record);
    }
    records
}
