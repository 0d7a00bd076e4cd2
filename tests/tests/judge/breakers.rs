//! A policy that faults too often is taken out of its lane, its fallback answers, and
//! after a while it is tried again; each such decision says so.

use crate::{BOUNDS, of, pass, sources, unruly};
use sandgate_engine::LaneJudge;
use sandgate_engine::breaker::{Limits, State};
use sandgate_engine::generation::Generation;
use sandgate_engine::judged::Judge as _;
use sandgate_metrics::{Form, Registry};
use sandgate_tests::set;
use serde_json::{Value, json};

const LIMITS: Limits = Limits { share: 0.5, rows: 10, rest: 20, probe: 4, back: 2 };

fn judge() -> LaneJudge {
    of(unruly(|document| document.stages[0].members[0].breaker = Some(LIMITS)), BOUNDS)
}

fn generation(component: &str, number: u64) -> Generation {
    let mut generation = set::generation_with("payments", component, &sources(), |document| {
        document.stages[0].members[0].breaker = Some(LIMITS);
    });
    generation.number = number;
    generation
}

/// For each decision: f where the policy faulted, b where it was out, . where it answered.
fn drawn(decisions: &[Value]) -> String {
    let drawn = decisions.iter().map(|decision| {
        let out = decision["circumstances"].as_array().unwrap().iter().any(|one| one["what"] == "breaker");
        assert_eq!(decision["policies"][0]["ran"], !out);
        let faults = decision["faults"].as_array().unwrap().len();
        assert!(!out || faults == 0, "out, and at fault: {decision}");
        match (faults, out) {
            (_, true) => 'b',
            (0, false) => '.',
            _ => 'f',
        }
    });
    drawn.collect()
}

#[test]
fn a_policy_that_faults_too_often_is_taken_out_tried_and_judges_again() {
    let judge = judge();
    let (first, notes) = pass(&judge, 0, &["panic"; 5]);
    assert_eq!((drawn(&first).as_str(), notes.len()), ("fffff", 0));
    // the sixth is one too many; the rest of its batch was judged already
    let (second, notes) = pass(&judge, 1, &["calm", "panic", "panic", "calm"]);
    assert_eq!(drawn(&second), ".ff.");
    assert_eq!(
        notes,
        ["policy policy of tenant payments is taken out: 6 of its last 10 rows were faults, the last one trap. Its \
          fallback answers for the next 20 transactions that come to it, then it is tried with 4"]
    );
    let (rest, notes) = pass(&judge, 2, &["calm"; 20]);
    assert_eq!(drawn(&rest), "b".repeat(20));
    assert_eq!(notes, ["policy policy of tenant payments is tried again with 4 transactions"]);
    assert_eq!((drawn(&pass(&judge, 3, &["calm"; 3]).0).as_str(), judge_state(&judge)), ("...", Some(State::HalfOpen)));
    let (tried, notes) = pass(&judge, 4, &["panic", "calm", "calm"]);
    assert_eq!(drawn(&tried), "fbb");
    assert_eq!(notes, ["policy policy of tenant payments judges again: it stood its trial"]);
    assert_eq!((drawn(&pass(&judge, 5, &["calm"; 3]).0).as_str(), judge_state(&judge)), ("...", None));
}

/// How the policy stands where it is out.
fn judge_state(judge: &LaneJudge) -> Option<State> {
    judge.engine().out().first().map(|out| out.state)
}

#[test]
fn the_decision_of_a_policy_that_is_out_tells_all_but_an_answer() {
    let judge = judge();
    pass(&judge, 0, &["panic"; 6]);
    let (decisions, _) = pass(&judge, 1, &["sanctioned"]);
    let decision = &decisions[0];
    assert_eq!(decision["outcome"], "review");
    let because = json!([{"what": "fallback", "policy": "policy", "code": null, "value": null, "limit": null}]);
    assert_eq!(decision["because"], because);
    assert_eq!((&decision["reasons"], &decision["scores"], &decision["faults"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!(decision["policies"][0]["inputs"], json!({"mood": "sanctioned", "amount": "0.5000"}));
    let detail = "taken out for a while: 6 of its last 10 rows were faults, the last one trap; its fallback answers";
    assert_eq!(decision["circumstances"], json!([{"what": "breaker", "policy": "policy", "detail": detail}]));
}

#[test]
fn an_abort_leaves_no_count_behind() {
    let judge = judge();
    pass(&judge, 0, &["panic"; 5]);
    judge.committed(0);
    for _ in 0..3 {
        pass(&judge, 1, &["panic"; 5]);
        assert_eq!(drawn(&pass(&judge, 2, &["panic"; 2]).0), "bb");
        judge.abort();
        assert!(judge.engine().out().is_empty());
    }
    // had those counted, it would be out by now
    pass(&judge, 1, &["calm", "calm", "calm", "calm"]);
    judge.committed(1);
    assert_eq!(drawn(&pass(&judge, 2, &["calm", "panic"]).0), ".f");
    judge.committed(2);
    judge.abort();
    // six faults are among the ten rows only if what was committed still counts
    assert_eq!(drawn(&pass(&judge, 3, &["calm"]).0), ".");
}

#[test]
fn what_was_committed_survives_an_abort() {
    let judge = judge();
    pass(&judge, 0, &["panic"; 6]);
    judge.committed(0);
    pass(&judge, 1, &["calm"; 20]);
    assert_eq!(judge_state(&judge), Some(State::HalfOpen));
    judge.abort();
    assert_eq!((drawn(&pass(&judge, 1, &["calm"]).0).as_str(), judge_state(&judge)), ("b", Some(State::Open)));
}

#[test]
fn the_same_policy_in_another_generation_stays_out_and_another_begins_anew() {
    let judge = judge();
    pass(&judge, 0, &["panic"; 6]);
    judge.engine().swap(generation("unruly.wasm", 2)).unwrap();
    assert_eq!(drawn(&pass(&judge, 1, &["calm"; 2]).0), "bb");
    assert_eq!(judge.engine().out()[0].generation, 2);
    judge.engine().swap(generation("six_windows.wasm", 3)).unwrap();
    assert!(!drawn(&pass(&judge, 2, &["calm"; 2]).0).contains('b'));
    assert!(judge.engine().out().is_empty());
}

#[test]
fn one_that_fails_every_trial_is_hopeless() {
    let judge = judge();
    pass(&judge, 0, &["panic"; 6]);
    for (trial, number) in (0..3).zip((1..).step_by(2)) {
        let out = &judge.engine().out()[0];
        assert_eq!((out.failed, out.hopeless), (trial, trial >= 2), "{out:?}");
        pass(&judge, number, &["panic"; 20]);
        assert_eq!(drawn(&pass(&judge, number + 1, &["panic"; 6]).0), "ffffbb");
    }
}

#[test]
fn it_is_measured_where_a_policy_is_out_and_how_often_its_fallback_answered() {
    let registry = Registry::default();
    let engine = unruly(|document| document.stages[0].members[0].breaker = Some(LIMITS));
    let judge = of(engine.measured(&registry), BOUNDS);
    pass(&judge, 0, &["panic"; 6]);
    pass(&judge, 1, &["calm"; 3]);
    judge.committed(1);
    let has = |line: &str| assert!(registry.text(Form::Plain).lines().any(|one| one == line), "{line}");
    has("sandgate_policy_out{tenant=\"payments\",policy=\"policy\"} 1.0");
    has("sandgate_stood_in_total{tenant=\"payments\",policy=\"policy\",why=\"breaker\"} 3");
    has("sandgate_faults_total{tenant=\"payments\",policy=\"policy\",fault=\"trap\"} 6");
    has("sandgate_circumstances_total{what=\"breaker\"} 3");
    judge.leave();
    has("sandgate_policy_out{tenant=\"payments\",policy=\"policy\"} 0.0");
}

#[test]
fn without_a_breaker_it_goes_on_to_fault() {
    let judge = of(unruly(|_| {}), BOUNDS);
    for number in 0..5 {
        assert_eq!(drawn(&pass(&judge, number, &["panic"; 20]).0), "f".repeat(20));
    }
}
