//! An aborted commit leaves nothing behind: judged again, the same records get the
//! same decisions, late ones and repeats among them.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_engine::document::{Document, Fallback, Member, Stage, Thresholds};
use sandgate_engine::generation::{Site, SiteSource};
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_engine::resolve::resolve;
use sandgate_engine::{Engine, LaneJudge};
use sandgate_model::instant::Unit;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::{Instant, Kind, Outcome};
use sandgate_sandbox::{Config, Sandbox};
use sandgate_state::{Lane, Settings};
use std::sync::Arc;

/// A judge of a policy that counts and sums by account and device.
fn judge() -> LaneJudge {
    let field = |name: &str, kind, unit| Field { name: name.to_owned(), path: vec![name.to_owned()], kind, unit };
    let draft = Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("id", Kind::Text, None),
            field("account", Kind::Text, None),
            field("device", Kind::Text, None),
            field("time", Kind::Instant, Some(Unit::Seconds)),
            field("amount", Kind::Decimal { scale: 2 }, None),
        ],
        id: vec!["id".to_owned()],
        account: "account".to_owned(),
        time: "time".to_owned(),
        amount: Some("amount".to_owned()),
        tenant: TenantDraft::Fixed("payments".to_owned()),
        earliest: Instant::MIN,
        latest: Instant::MAX,
        size_max: 1_024,
    };
    let schema = Arc::new(Schema::check(draft).expect("the schema is sound"));
    let component = std::fs::read(sandgate_tests::policies().join("six_windows.wasm")).unwrap();
    let member = Member {
        name: "six-windows".to_owned(),
        policy: Some(Sandbox::new(Config::default()).unwrap().load(&component).unwrap()),
        fuel: 1_000_000,
        fallback: Fallback::always(Outcome::Review),
        parameters: Vec::new(),
        reasons: Vec::new(),
        thresholds: Thresholds::default(),
    };
    let document = Document {
        tenant: "payments".to_owned(),
        deny: Vec::new(),
        keep: Vec::new(),
        bands: Vec::new(),
        stages: vec![Stage { name: "rules".to_owned(), stop_at: None, members: vec![member] }],
    };
    let site = Site {
        sources: vec![SiteSource { schema, observe: false }],
        memory: 1 << 20,
        result: 1 << 20,
        wasmtime: "48".to_owned(),
        zones: "2026a".to_owned(),
    };
    let generation = resolve(&document, 1, &site).expect("the set is sound");
    let engine = Arc::new(Engine::new(&site.sources, vec![generation], None, Outcome::Block));
    let bounds = Settings { lateness: 60_000, repeats: 3_600_000, ids: 1_000, events: 1_000 };
    let lane = Arc::new(Lane::new(Arc::clone(engine.layout()), bounds, 2));
    LaneJudge::new(engine, lane)
}

fn record(number: usize, second: u64, amount: u64) -> String {
    let (account, device) = (number % 3, number % 2);
    format!(
        "{{\"id\":\"t-{number}\",\"account\":\"a-{account}\",\"device\":\"d-{device}\",\"time\":{second},\"amount\":{amount}}}"
    )
}

/// What a batch becomes: its decisions and what the journal would hold.
fn pass(judge: &LaneJudge, number: u64, texts: &[String]) -> (String, Vec<u8>) {
    let records: Vec<Record<'_>> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| Record {
            source: 0,
            offset: number * 1_000_000 + at as u64 * 100,
            bytes: text.as_bytes(),
            size: text.len() as u64,
        })
        .collect();
    let mut judged = Judged::default();
    judge.judge(number, &records, &mut judged).unwrap();
    judge.settle(&mut judged);
    (String::from_utf8(judged.decisions).unwrap(), judged.journal)
}

#[test]
fn what_was_aborted_is_judged_again_as_if_it_had_never_been() {
    let begin = 1_767_225_600;
    let first: Vec<String> = (0..200).map(|at| record(at, begin + at as u64 * 2, 5)).collect();
    // a late one, one of long ago, a repeat, an id used again, and some of now
    let mut second = vec![record(300, begin + 10, 7), record(301, begin - 9_000_000, 7), first[150].clone()];
    second.push(record(151, begin + 400, 9));
    second.extend((400..420).map(|at| record(at, begin + at as u64, 5)));

    let (undisturbed, aborting) = (judge(), judge());
    assert_eq!(pass(&undisturbed, 0, &first), pass(&aborting, 0, &first));
    undisturbed.committed(0);
    aborting.committed(0);
    let expected = pass(&undisturbed, 1, &second);
    for word in ["\"what\":\"late\"", "\"repeat_of\":{", "\"fault\":\"id-reused\""] {
        assert!(expected.0.contains(word), "{word} is missing");
    }
    for _ in 0..3 {
        assert_eq!(pass(&aborting, 1, &second), expected);
        // another batch was open behind it
        pass(&aborting, 2, &first[..50]);
        aborting.abort();
    }
    assert_eq!(pass(&aborting, 1, &second), expected);
    aborting.committed(1);
    undisturbed.committed(1);
    assert_eq!(pass(&aborting, 2, &second), pass(&undisturbed, 2, &second));
}
