//! The judge of a lane without the program around it, for what no file can bring
//! about: an aborted commit, a tag store whose disk is gone.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod aborts;
mod measured;
mod missing_tags;

use sandgate_engine::document::{Document, Fallback, Member, MissingTag, Stage, Thresholds};
use sandgate_engine::generation::{Site, SiteSource};
use sandgate_engine::resolve::resolve;
use sandgate_engine::{Engine, LaneJudge, MissingState};
use sandgate_metrics::Registry;
use sandgate_model::instant::Unit;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::{Instant, Kind, Outcome};
use sandgate_sandbox::{Config, Sandbox};
use sandgate_state::{Lane, Settings};
use sandgate_tags::Store;
use std::sync::Arc;

fn schema() -> Arc<Schema> {
    let field = |name: &str, kind, unit| Field { name: name.to_owned(), path: vec![name.to_owned()], kind, unit };
    let draft = Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("id", Kind::Text, None),
            field("account", Kind::Text, None),
            field("device", Kind::Text, None),
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

/// A judge whose only policy is the one of this file.
fn judge(component: &str, tags: Option<Arc<dyn Store>>, bounds: Settings) -> LaneJudge {
    judge_with(component, tags, bounds, MissingTag::Default)
}

/// The same for a tenant that says what a missing tag means.
fn judge_with(component: &str, tags: Option<Arc<dyn Store>>, bounds: Settings, missing_tag: MissingTag) -> LaneJudge {
    of(engine(component, tags, missing_tag), bounds)
}

/// The same, measured.
fn measured_judge(component: &str, bounds: Settings, registry: &Registry) -> LaneJudge {
    of(engine(component, None, MissingTag::Default).measured(registry), bounds)
}

fn of(engine: Engine, bounds: Settings) -> LaneJudge {
    let engine = Arc::new(engine);
    let lane = Arc::new(Lane::new(Arc::clone(engine.layout()), bounds, 2));
    LaneJudge::new(engine, lane)
}

fn engine(component: &str, tags: Option<Arc<dyn Store>>, missing_tag: MissingTag) -> Engine {
    let component = std::fs::read(sandgate_tests::policies().join(component)).unwrap();
    let member = Member {
        name: "policy".to_owned(),
        policy: Some(Sandbox::new(Config::default()).unwrap().load(&component).unwrap()),
        fuel: 1_000_000,
        fallback: Fallback::always(Outcome::Review),
        parameters: Vec::new(),
        reasons: Vec::new(),
        thresholds: Thresholds::default(),
    };
    let document = Document {
        missing_state: MissingState::default(),
        tenant: "payments".to_owned(),
        deny: Vec::new(),
        keep: Vec::new(),
        missing_tag,
        bands: Vec::new(),
        stages: vec![Stage { name: "rules".to_owned(), stop_at: None, members: vec![member] }],
    };
    let site = Site {
        sources: vec![SiteSource { schema: schema(), observe: false, keyed: None }],
        memory: 1 << 20,
        result: 1 << 20,
        wasmtime: "48".to_owned(),
        zones: "2026a".to_owned(),
        given: false,
    };
    let generation = resolve(&document, 1, &site).expect("the set is sound");
    Engine::new(&site.sources, vec![generation], tags, Outcome::Block)
}
