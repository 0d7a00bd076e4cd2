//! The judge of a lane without the program around it, for what no file can bring
//! about: an aborted commit, a tag store whose disk is gone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod aborts;
mod breakers;
mod measured;
mod missing_tags;
mod quotas;
mod sampled;
mod shadows;

use sandgate_engine::document::{Document, MissingTag};
use sandgate_engine::generation::SiteSource;
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_engine::{Engine, LaneJudge, MissingState};
use sandgate_metrics::Registry;
use sandgate_model::Outcome;
use sandgate_state::{Lane, Settings};
use sandgate_tags::Store;
use sandgate_tests::set;
use serde_json::Value;
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

/// An engine whose only policy is the unruly one, which is told by each record what to do.
fn unruly(change: impl FnOnce(&mut Document)) -> Engine {
    let sources = sources();
    let generation = set::generation_with("payments", "unruly.wasm", &sources, change);
    Engine::new(&sources, vec![generation], None, Outcome::Block)
}

fn sources() -> [SiteSource; 1] {
    [SiteSource { schema: set::schema("payments"), observe: false, keyed: None }]
}

const BOUNDS: Settings = Settings { lateness: 60_000, repeats: 3_600_000, ids: 100_000, events: 100_000 };

/// What the records of a batch become, each with an id of its own, and what was noted.
fn pass(judge: &LaneJudge, number: u64, moods: &[&str]) -> (Vec<Value>, Vec<String>) {
    let texts: Vec<String> = moods
        .iter()
        .enumerate()
        .map(|(at, mood)| {
            let id = format!("t-{number}-{at}");
            format!(
                r#"{{"id":"{id}","account":"a","device":"d","time":1767225600000,"amount":{at}.5,"mood":"{mood}"}}"#
            )
        })
        .collect();
    let offset = |at: usize| number * 1_000_000 + at as u64 * 100;
    let records: Vec<Record<'_>> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let (offset, size) = (offset(at), text.len() as u64);
            Record { source: 0, offset, key: None, bytes: text.as_bytes(), size }
        })
        .collect();
    let mut judged = Judged::default();
    judge.judge(number, &records, &mut judged).unwrap();
    judge.settle(&mut judged);
    let lines = judged.decisions.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (lines.map(|line| serde_json::from_slice(line).unwrap()).collect(), judged.notes)
}

fn engine(component: &str, tags: Option<Arc<dyn Store>>, missing_tag: MissingTag) -> Engine {
    let sources = [SiteSource { schema: set::schema("payments"), observe: false, keyed: None }];
    let generation = set::generation("payments", component, &sources, (missing_tag, MissingState::default()));
    Engine::new(&sources, vec![generation], tags, Outcome::Block)
}
