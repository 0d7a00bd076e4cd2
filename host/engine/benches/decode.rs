//! What decoding a record costs, beside a tree of serde_json from the same bytes
//! in the same run. `cargo test` runs it small, `cargo bench` in full.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures and prints")]

use sandgate_engine::decode::Decoder;
use sandgate_model::instant::Unit;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::{Decimal, Instant, Kind};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

fn field(name: &str, kind: Kind) -> Field {
    let unit = (kind == Kind::Instant).then_some(Unit::Seconds);
    Field { name: name.to_owned(), path: Field::path_of(name), kind, unit }
}

fn schema() -> Arc<Schema> {
    let money = Kind::Decimal { scale: 2 };
    let draft = Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("transaction_id", Kind::Text),
            field("account_id", Kind::Text),
            field("amount", money),
            field("timestamp", Kind::Instant),
            field("trade_type", Kind::Text),
            field("device", Kind::Text),
            field("likelihood", Kind::Integer),
            field("new_device", Kind::Flag),
        ],
        id: vec!["transaction_id".to_owned()],
        account: "account_id".to_owned(),
        time: "timestamp".to_owned(),
        amount: Some("amount".to_owned()),
        tenant: TenantDraft::Fixed("payments".to_owned()),
        earliest: Instant::MIN,
        latest: Instant::MAX,
        size_max: 65_536,
    };
    Arc::new(Schema::check(draft).unwrap())
}

fn record(number: usize) -> Vec<u8> {
    format!(
        r#"{{"transaction_id":"tx{number:08}","account_id":"account{:05}","amount":{}.{:02},"timestamp":{}.25,"trade_type":"subscribe","device":"d-{:06}","likelihood":{},"new_device":{},"label":"none"}}"#,
        number * 7919 % 10_000,
        number * 31 % 20_000,
        number % 100,
        1_767_225_600 + number,
        number * 104_729 % 1_000_000,
        number % 5,
        number.is_multiple_of(17),
    )
    .into_bytes()
}

fn main() {
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 400 } else { 2 };
    let records: Vec<_> = (0..4096).map(record).collect();
    let bytes: usize = records.iter().map(Vec::len).sum();
    let decoder = Decoder::new(schema());
    println!("decode: {} records of {} bytes, 8 of 9 keys declared", records.len(), bytes / records.len());
    for batch in [1, 64, 256] {
        let all: Vec<usize> = (0..8).collect();
        let roles = time(rounds, &records, batch, |records| decoded(&decoder, records, &[]));
        let all = time(rounds, &records, batch, |records| decoded(&decoder, records, &all));
        let tree = time(rounds.div_ceil(4), &records, batch, tree);
        println!(
            "batch {batch:>3}: roles {roles:>4.0} ns, with all 8 values {all:>4.0} ns, a serde_json tree {tree:>5.0} ns a record: {:.1} times as fast",
            tree / all
        );
    }
}

/// The best of a few passes, in ns per record; the sum of amounts must come out right.
fn time(rounds: usize, records: &[Vec<u8>], batch: usize, sum: impl Fn(&[Vec<u8>]) -> i64) -> f64 {
    let expected: i64 = (0..records.len()).map(|number| (number * 31 % 20_000 * 100 + number % 100) as i64).sum();
    let pass = |_| {
        let start = Clock::now();
        let total: i64 = records.chunks(batch).map(|records| sum(black_box(records))).sum();
        assert_eq!(total, expected);
        start.elapsed().as_nanos() as f64 / records.len() as f64
    };
    (0..rounds).map(pass).fold(f64::INFINITY, f64::min)
}

/// The sum of the amounts, after reading these fields of each record.
fn decoded(decoder: &Decoder, records: &[Vec<u8>], fields: &[usize]) -> i64 {
    let mut batch = decoder.batch(records.len());
    for record in records {
        batch.push(record).unwrap();
    }
    for &field in fields {
        let kind = decoder.schema().fields[field].kind;
        for row in batch.iter() {
            black_box(row.value(field, kind).unwrap());
        }
    }
    batch.iter().filter_map(|row| row.amount()).map(|amount| amount.units).sum()
}

fn tree(records: &[Vec<u8>]) -> i64 {
    let cents = |record: &Vec<u8>| {
        let tree: serde_json::Value = serde_json::from_slice(record).unwrap();
        let amount = tree["amount"].as_f64().unwrap().to_string();
        Decimal::parse(&amount, 2).unwrap().units
    };
    records.iter().map(cents).sum()
}
