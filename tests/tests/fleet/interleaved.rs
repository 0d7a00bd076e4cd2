//! What an undisturbed run says of lanes of several topics. Which record of which
//! topic came first is for the arrival to decide, and the changelog records it: so
//! the order is read there, and judged again in this process, from the first record.
//!
//! A record that changed nothing (a repeat, a dead letter) has no entry there. It
//! stands right behind the one before it of its topic: that is as early as may be.

use sandgate_engine::document::MissingTag;
use sandgate_engine::generation::SiteSource;
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_engine::{Engine, LaneJudge, MissingState};
use sandgate_model::instant::Unit;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::varint::Bytes;
use sandgate_model::{Instant, Kind, Outcome};
use sandgate_state::entry;
use sandgate_state::{Lane, Layout, Settings};
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::servers::topic::Record as Stored;
use sandgate_tests::set;
use sandgate_tests::verdict::{Expected, Place};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the files of a host say where they say nothing.
const BOUNDS: Settings = Settings { lateness: 7 * 86_400_000, repeats: 3_600_000, ids: 5_000_000, events: 50_000_000 };
const EARLIEST: i64 = 946_684_800_000;
const LATEST: i64 = 4_102_444_800_000;
const SIZE_MAX: u64 = 64 << 10;
/// Records of a batch.
const BATCH: usize = 200;

/// What has to be said of each position of a fleet whose policy is `known-money`.
pub(crate) fn undisturbed(fleet: &Fleet) -> Expected {
    let sources = sources(fleet.plan());
    let missing = (MissingTag::default(), MissingState::default());
    let generation = set::generation("payments", "known_money.wasm", &sources, missing);
    let engine = Arc::new(Engine::new(&sources, vec![generation], None, Outcome::Block));
    // the set here comes from no file, and has another digest
    let mut expected = Expected::without(&["set"]);
    let stored = fleet.topic("changelog").records();
    for partition in 0..fleet.plan().partitions {
        let lines = fleet.lines(partition);
        let of_lane = stored.iter().filter(|record| record.partition == Some(partition));
        let recorded = recorded(of_lane, &engine.layout());
        let ordered = ordered(&lines, &recorded);
        let lane = Arc::new(Lane::new(engine.layout(), BOUNDS, 1));
        let judge = LaneJudge::of_partition(Arc::clone(&engine), lane, partition.unsigned_abs());
        let record = |&(source, offset): &(usize, u64)| {
            let bytes = lines[source][offset as usize].0.as_bytes();
            Record { source, offset, key: None, bytes, size: bytes.len() as u64 }
        };
        for (number, batch) in (0..).zip(ordered.chunks(BATCH)) {
            let records: Vec<Record<'_>> = batch.iter().map(record).collect();
            let mut judged = Judged::default();
            judge.judge(number, &records, &mut judged).unwrap();
            judge.settle(&mut judged);
            judge.committed(number);
            expected.add(&json_lines(&judged.decisions), &json_lines(&judged.dead_letters));
        }
        for (offset, cause) in (0..).zip(&lines[0]).filter_map(|(offset, (_, cause))| Some((offset, (*cause)?))) {
            let place = Place { source: "payments".to_owned(), partition: partition.into(), offset };
            expected.add_dead_letter(place, cause);
        }
    }
    expected
}

fn json_lines(bytes: &[u8]) -> Vec<Value> {
    std::str::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The positions of the entries in the changelog of a lane, in its order; see
/// `docs/state-format.md`.
fn recorded<'r>(records: impl Iterator<Item = &'r Stored>, layout: &Layout) -> Vec<(usize, u64)> {
    const LAST: u8 = 1 << 1;
    const HEAD: u8 = 1 << 3;
    let kinds = |tenant: &sandgate_state::Tenant| tenant.fields.iter().map(|(_, kind)| *kind).collect();
    let tenants: Vec<Vec<Kind>> = layout.tenants.iter().map(kinds).collect();
    let (mut content, mut positions, mut numbers) = (Vec::new(), Vec::new(), 1..);
    for record in records {
        let mut rest = Bytes(record.value.as_deref().unwrap());
        let [_version, bits] = rest.array().unwrap();
        let _check = rest.array::<8>().unwrap();
        let number = rest.unsigned().unwrap();
        if bits & LAST == 0 {
            content.extend_from_slice(rest.0);
            continue;
        }
        assert_eq!(Some(number), numbers.next(), "the commits of a lane rise by one");
        let sources = rest.unsigned().unwrap();
        for _ in 0..sources {
            rest.unsigned().unwrap();
        }
        content.extend_from_slice(rest.0);
        let mut rest = Bytes(&content);
        if bits & HEAD != 0 {
            let _identity_front_kept = [(); 3].map(|()| rest.bytes().unwrap());
        }
        let (mut entries, mut cells) = (rest.0, Vec::new());
        while !entries.is_empty() {
            if entry::change(&mut entries).unwrap().is_some() {
                continue;
            }
            cells.clear();
            let journaled = entry::decode(&mut entries, &tenants, &mut cells).unwrap();
            positions.push((journaled.entry.source as usize, journaled.entry.offset));
        }
        content.clear();
    }
    let once: BTreeSet<_> = positions.iter().collect();
    assert_eq!(once.len(), positions.len(), "each position is in a changelog once");
    positions
}

/// All records of a lane in the order that was recorded.
fn ordered<T>(lines: &[Vec<T>], recorded: &[(usize, u64)]) -> Vec<(usize, u64)> {
    let entries: BTreeSet<_> = recorded.iter().copied().collect();
    let mut next = vec![0; lines.len()];
    let mut ordered = Vec::new();
    // those without an entry, up to the next one that has one
    let idle = |next: &mut u64, source: usize, ordered: &mut Vec<_>| {
        while *next < lines[source].len() as u64 && !entries.contains(&(source, *next)) {
            ordered.push((source, *next));
            *next += 1;
        }
    };
    for (source, next) in next.iter_mut().enumerate() {
        idle(next, source, &mut ordered);
    }
    for &(source, offset) in recorded {
        assert_eq!(next[source], offset, "the changelog has the entries of source {source} in their order");
        ordered.push((source, offset));
        next[source] += 1;
        idle(&mut next[source], source, &mut ordered);
    }
    assert_eq!(ordered.len(), lines.iter().map(Vec::len).sum::<usize>(), "every record has its place");
    ordered
}

/// The schemas of a plan.
fn sources(plan: &Plan) -> Vec<SiteSource> {
    let tables: toml::Table = plan.source.parse().unwrap();
    let source = |table: &toml::Value| {
        let text = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let fields = table["fields"].as_table().unwrap().iter().map(|(name, field)| self::field(name, field)).collect();
        let draft = Draft {
            source: text("name").unwrap(),
            fields,
            id: vec![text("id").unwrap()],
            account: text("account").unwrap(),
            time: text("time").unwrap(),
            amount: text("amount"),
            tenant: TenantDraft::Fixed("payments".to_owned()),
            earliest: Instant::from_millis(EARLIEST).unwrap(),
            latest: Instant::from_millis(LATEST).unwrap(),
            size_max: SIZE_MAX,
        };
        let observe = table.get("observe").is_some();
        SiteSource { schema: Arc::new(Schema::check(draft).unwrap()), observe, keyed: None }
    };
    tables["source"].as_array().unwrap().iter().map(source).collect()
}

fn field(name: &str, field: &toml::Value) -> Field {
    let text = |key: &str| field.get(key).and_then(toml::Value::as_str);
    let kind = match text("kind").unwrap() {
        "text" => Kind::Text,
        "instant" => Kind::Instant,
        "decimal" => Kind::Decimal { scale: field["scale"].as_integer().unwrap() as u8 },
        other => panic!("no plan has a field that is {other}"),
    };
    let unit = (kind == Kind::Instant).then_some(Unit::Millis);
    Field { name: name.to_owned(), path: Field::path_of(text("path").unwrap_or(name)), kind, unit }
}
