//! The judge of a lane without the program around it, for what no file can bring
//! about: an aborted commit, a tag store whose disk is gone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod aborts;
mod measured;
mod missing_tags;
mod shadows;

use sandgate_engine::document::MissingTag;
use sandgate_engine::generation::SiteSource;
use sandgate_engine::{Engine, LaneJudge, MissingState};
use sandgate_metrics::Registry;
use sandgate_model::Outcome;
use sandgate_state::{Lane, Settings};
use sandgate_tags::Store;
use sandgate_tests::set;
use std::sync::Arc;

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
    let lane = Arc::new(Lane::new(engine.layout(), bounds, 2));
    LaneJudge::new(engine, lane)
}

fn engine(component: &str, tags: Option<Arc<dyn Store>>, missing_tag: MissingTag) -> Engine {
    let sources = [SiteSource { schema: set::schema("payments"), observe: false, keyed: None }];
    let generation = set::generation("payments", component, &sources, (missing_tag, MissingState::default()));
    Engine::new(&sources, vec![generation], tags, Outcome::Block)
}
