//! A tag store that fails does not stop the host: the defaults stand in, and
//! every decision that it touched says so.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

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
use sandgate_tags::{Error, Store, Wanted};
use std::sync::Arc;

/// A store whose disk is gone.
struct Gone;

impl Store for Gone {
    fn look_up(&self, _: &[Wanted<'_>], _: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        Err(Error::Missing { path: "tags.db".into() })
    }
}

fn schema() -> Arc<Schema> {
    let field = |name: &str, kind, unit| Field { name: name.to_owned(), path: vec![name.to_owned()], kind, unit };
    let draft = Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("id", Kind::Text, None),
            field("account", Kind::Text, None),
            field("time", Kind::Instant, Some(Unit::Millis)),
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
    Arc::new(Schema::check(draft).expect("the schema is sound"))
}

#[test]
fn defaults_stand_in_and_the_decision_says_so() {
    let component = std::fs::read(sandgate_tests::policies().join("account_risk.wasm")).unwrap();
    let member = Member {
        name: "account-risk".to_owned(),
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
        sources: vec![SiteSource { schema: schema(), observe: false }],
        memory: 1 << 20,
        result: 1 << 20,
        wasmtime: "48".to_owned(),
        zones: "2026a".to_owned(),
    };
    let generation = resolve(&document, 1, &site).expect("the set is sound");
    let engine = Arc::new(Engine::new(&site.sources, vec![generation], Some(Arc::new(Gone)), Outcome::Block));
    let bounds = Settings { lateness: 0, repeats: 0, ids: 0, events: 0 };
    let lane = Arc::new(Lane::new(Arc::clone(engine.layout()), bounds, 1));
    let bytes = br#"{"id":"t","account":"a","amount":20000,"time":1767225600000}"#;
    let mut judged = Judged::default();
    let record = Record { source: 0, offset: 0, bytes, size: bytes.len() as u64 };
    LaneJudge::new(engine, lane).judge(0, &[record], &mut judged).unwrap();
    let decision: serde_json::Value = serde_json::from_slice(&judged.decisions).unwrap();
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(decision["policies"][0]["defaulted"], serde_json::json!(["level"]));
    assert_eq!(decision["circumstances"][0]["what"], "missing-tag");
    assert!(decision["circumstances"][0]["detail"].as_str().unwrap().contains("there is no tag store"));
}
