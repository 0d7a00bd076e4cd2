//! Shared windows in an engine: the same decisions as with embedded ones, and what
//! a decision says when they are missing.

use crate::stream::{config, open};
use sandgate_engine::document::MissingTag;
use sandgate_engine::generation::{Generation, Keyed, SiteSource, WrongKey};
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_engine::sharing::Sharing;
use sandgate_engine::{Engine, LaneJudge, MissingState};
use sandgate_model::Outcome;
use sandgate_shared::{Config, Shared};
use sandgate_state::{Lane, Settings};
use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::{servers, set};
use std::sync::Arc;
use std::time::Duration;

const BOUNDS: Settings = Settings { lateness: 60_000, repeats: 3_600_000, ids: 1_000, events: 10_000 };

/// A source whose topic is keyed by a field.
fn sources(tenant: &str, key: &str) -> Vec<SiteSource> {
    let schema = set::schema(tenant);
    let keyed = Some(Keyed { field: schema.field(key).unwrap(), wrong: WrongKey::Judge });
    vec![SiteSource { schema, observe: false, keyed }]
}

/// A set whose only policy counts and sums by account, and by device.
fn generation(tenant: &str, sources: &[SiteSource], missing_state: MissingState) -> Generation {
    set::generation(tenant, "six_windows.wasm", sources, (MissingTag::default(), missing_state))
}

/// A judge; with a store its series by device are shared.
fn judge(tenant: &str, store: Option<Arc<Shared>>, missing_state: MissingState) -> LaneJudge {
    let sources = sources(tenant, "account");
    let mut generation = generation(tenant, &sources, missing_state);
    let shared = ["device".to_owned()];
    if store.is_some() {
        assert!(Sharing { sources: &sources, shared: &shared }.split(&mut generation));
    }
    let mut engine = Engine::new(&sources, vec![generation], None, Outcome::Block);
    if let Some(store) = store {
        engine = engine.with_shared(store, BOUNDS.lateness).unwrap();
    }
    let engine = Arc::new(engine);
    let lane = Arc::new(Lane::new(engine.layout(), BOUNDS, 2));
    LaneJudge::of_partition(engine, lane, 0)
}

fn records(first: usize, many: usize) -> Vec<String> {
    let record = |number: usize| {
        let (account, device, second) = (number % 7, number % 3, 1_767_225_600 + number as u64 / 4);
        format!(
            "{{\"id\":\"t-{number}\",\"account\":\"a-{account}\",\"device\":\"d-{device}\",\"time\":{second}000,\"amount\":{number}}}"
        )
    };
    (first..first + many).map(record).collect()
}

fn decisions(judge: &LaneJudge, number: u64, texts: &[String]) -> (String, Judged) {
    let record = |(at, text): (usize, &'_ String)| (number * 1_000 + at as u64, text.clone());
    let texts: Vec<(u64, String)> = texts.iter().enumerate().map(record).collect();
    let records: Vec<Record<'_>> = texts
        .iter()
        .map(|(offset, text)| {
            let key = text.split('"').nth(7).map(str::as_bytes);
            Record { source: 0, offset: *offset, key, bytes: text.as_bytes(), size: text.len() as u64 }
        })
        .collect();
    let mut judged = Judged::default();
    judge.judge(number, &records, &mut judged).unwrap();
    judge.settle(&mut judged);
    judge.committed(number);
    (String::from_utf8(judged.decisions.clone()).unwrap(), judged)
}

#[test]
fn decisions_are_those_of_embedded_windows() {
    let tenant = servers::unique("tenant");
    let store = open(config(servers::redis()));
    let (embedded, shared) =
        (judge(&tenant, None, MissingState::Wait), judge(&tenant, Some(store.clone()), MissingState::Wait));
    for number in 0..6 {
        let texts = records(number as usize * 64, 64);
        let expected = decisions(&embedded, number, &texts);
        let told = decisions(&shared, number, &texts);
        assert_eq!(told.0, expected.0, "batch {number}");
        // but for how many families the first entry begins to feed
        let began = if number == 0 { 4 } else { 0 };
        assert_eq!(told.1.journal[began..], expected.1.journal[began..], "the journal is the same: it holds fields");
    }
    assert!(store.counts().read.get() > 0);
    let report = |judge: &LaneJudge| judge.lane().report().tenants[0].families.len();
    assert_eq!((report(&embedded), report(&shared)), (2, 1), "the lane keeps the series by account alone");
}

#[test]
fn a_missing_series_is_a_fault_and_a_circumstance_and_never_a_count_of_none() {
    let url = servers::redis();
    let proxy = Proxy::to(address(url));
    let store = open(Config { deadline: Duration::from_millis(300), ..config(&proxy.through(url)) });
    let judge = judge(&servers::unique("tenant"), Some(store), MissingState::Decide);
    let (there, _) = decisions(&judge, 0, &records(0, 3));
    assert!(!there.contains("missing-state") && !there.contains("fallback\":\"review"), "{there}");
    proxy.set(Manner::Refuse);
    let (gone, judged) = decisions(&judge, 1, &records(3, 2));
    for line in gone.lines() {
        let decision: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(decision["outcome"], "review", "{decision}");
        assert_eq!(decision["circumstances"][0]["what"], "missing-state");
        assert_eq!(decision["faults"][0]["fault"], "input");
        let detail = decision["faults"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("needs a shared series, which could not be asked"), "{detail}");
    }
    assert_eq!(judged.tally.circumstances[sandgate_engine::circumstance::What::MissingState as usize], 2);
}

#[test]
fn a_series_that_crosses_partitions_is_refused_with_the_way_out() {
    let by_account = sources("payments", "account");
    let set = generation("payments", &by_account, MissingState::Wait);
    let problems = |sources: &[SiteSource], shared: &[String]| Sharing { sources, shared }.problems(&set);
    let found = problems(&by_account, &[]);
    assert!(!found.is_empty());
    for problem in &found {
        assert_eq!(problem.key, "stage[0].policy[0]");
        for words in [
            "of policy `policy` is a window by `device`",
            "the topic of source `payments` is keyed by `account`",
            "write shared = [\"device\"] and redis under [state]",
            "or use one partition",
        ] {
            assert!(problem.what.contains(words), "{}", problem.what);
        }
    }
    assert_eq!(problems(&by_account, &["device".to_owned()]), []);
    assert_eq!(problems(&by_account, &["ip".to_owned()]).len(), found.len(), "it must be a field of the key");
    let by_device = sources("payments", "device");
    assert!(problems(&by_device, &[]).iter().all(|problem| problem.what.contains("by `account`")));
    let unkeyed = vec![SiteSource { keyed: None, ..by_account[0].clone() }];
    assert!(problems(&unkeyed, &[]).iter().any(|problem| problem.what.contains("says no key")));
    let mut set = set;
    assert!(!Sharing { sources: &by_account, shared: &["ip".to_owned()] }.split(&mut set));
    assert!(!set.shares());
}
