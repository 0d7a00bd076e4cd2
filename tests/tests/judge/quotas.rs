//! A tenant over its quota gets no more than that of a lane: the rest is shed to its
//! fallbacks, row by row, and its windows count it all the same.

use crate::{BOUNDS, of, pass, unruly};
use sandgate_engine::quota::Quota;
use sandgate_engine::{Engine, LaneJudge};
use sandgate_metrics::{Form, Registry};
use sandgate_tests::set;
use serde_json::{Value, json};
use std::time::Duration;

const BUDGET: u64 = 1_000_000;

fn judge(quota: Quota, registry: &Registry) -> LaneJudge {
    of(unruly(|document| document.quota = quota).measured(registry), BOUNDS)
}

fn shed(decisions: &[Value]) -> usize {
    let is_shed = |decision: &&Value| decision["circumstances"].to_string().contains("\"shed\"");
    decisions.iter().filter(is_shed).count()
}

/// All fuel that was handed out.
fn fuel(registry: &Registry) -> f64 {
    let text = registry.text(Form::Plain);
    let mut sums = text.lines().filter_map(|line| line.strip_prefix("sandgate_policy_fuel_sum")?.rsplit(' ').next());
    sums.next().map_or(0.0, |sum| sum.parse().unwrap())
}

#[test]
fn transactions_over_the_quota_are_shed_row_by_row_and_say_so() {
    let judge = judge(Quota { transactions: Some(10), fuel: None }, &Registry::default());
    judge.at(Duration::from_secs(7));
    let (decisions, notes) = pass(&judge, 0, &["sanctioned"; 12]);
    assert_eq!(shed(&decisions), 2);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("tenant payments is over its quota of 10 transactions a second: 2 transactions"));
    let last = &decisions[11];
    assert_eq!((&last["outcome"], &last["faults"]), (&json!("review"), &json!([])));
    assert_eq!(last["because"][0]["what"], "fallback");
    assert_eq!(last["policies"][0]["ran"], false);
    assert_eq!(last["policies"][0]["inputs"]["mood"], "sanctioned");
    let detail = "the tenant is over its quota of 10 transactions a second in this lane; fallbacks answer";
    assert_eq!(last["circumstances"], json!([{"what": "shed", "policy": null, "detail": detail}]));
    // it is told once a while, not with each batch
    judge.at(Duration::from_millis(7_500));
    let (decisions, notes) = pass(&judge, 1, &["calm"; 12]);
    assert_eq!((shed(&decisions), notes.len()), (7, 0));
    judge.at(Duration::from_secs(17));
    let (decisions, notes) = pass(&judge, 2, &["calm"; 12]);
    assert_eq!((shed(&decisions), notes.len()), (2, 1));
    assert!(notes[0].contains("9 transactions were shed"), "{notes:?}");
}

#[test]
fn a_tenant_over_its_fuel_quota_gets_no_more_than_its_quota() {
    let (registry, rate) = (Registry::default(), 20 * BUDGET);
    let judge = judge(Quota { transactions: None, fuel: Some(rate) }, &registry);
    let (mut judged, mut number) = (0, 0);
    // three seconds in which it wants ten times as much, burning the whole budget of each
    for ms in (0..3_000).step_by(100) {
        judge.at(Duration::from_millis(ms));
        let (decisions, _) = pass(&judge, number, &["loop"; 20]);
        judged += decisions.len() - shed(&decisions);
        number += 1;
        let most = rate as f64 + rate as f64 * ms as f64 / 1_000.0;
        assert!(fuel(&registry) <= most, "{} of {most}", fuel(&registry));
    }
    assert!(fuel(&registry) > 2.0 * rate as f64, "it gets its quota: {}", fuel(&registry));
    assert!(judged > 30, "{judged} were judged");
}

#[test]
fn what_transactions_do_not_need_of_their_budget_is_no_loss() {
    let registry = Registry::default();
    let judge = judge(Quota { transactions: None, fuel: Some(10 * BUDGET) }, &registry);
    judge.at(Duration::ZERO);
    // five fit in at once, and these leave most of what they were given
    let decisions: Vec<Value> = (0..20).flat_map(|number| pass(&judge, number, &["calm"; 4]).0).collect();
    assert_eq!(shed(&decisions), 0, "{} units were needed", fuel(&registry));
}

#[test]
fn where_nobody_says_what_time_it_is_nothing_is_shed() {
    let judge = judge(Quota { transactions: Some(1), fuel: Some(2 * BUDGET) }, &Registry::default());
    assert_eq!(shed(&pass(&judge, 0, &["calm"; 50]).0), 0);
}

#[test]
fn windows_count_what_was_shed() {
    let counts = |quota: Quota| {
        let sources = crate::sources();
        let set = set::generation_with("payments", "six_windows.wasm", &sources, |document| document.quota = quota);
        let judge = of(Engine::new(&sources, vec![set], None, sandgate_model::Outcome::Block), BOUNDS);
        judge.at(Duration::ZERO);
        pass(&judge, 0, &["calm"; 8]);
        judge.at(Duration::from_secs(1));
        let (decisions, _) = pass(&judge, 1, &["calm"]);
        assert_eq!(shed(&decisions), 0);
        decisions[0]["policies"][0]["inputs"].clone()
    };
    assert_eq!(counts(Quota { transactions: Some(1), fuel: None }), counts(Quota::default()));
}

#[test]
fn a_quota_that_no_transaction_fits_in_is_refused() {
    let quota = Quota { transactions: None, fuel: Some(2 * BUDGET - 1) };
    let refused = std::panic::catch_unwind(|| unruly(|document| document.quota = quota));
    let why = refused.err().and_then(|why| why.downcast::<String>().ok());
    assert!(why.is_some_and(|why| why.contains("quota.fuel") && why.contains("2000000 units")));
}
