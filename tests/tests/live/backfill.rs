//! A host of Kafka whose tenant gets windows with a backfill: its lanes are opened anew
//! once, and the windows then know what they would had they always been there.

use crate::fleet::{Led, PATIENCE, plan};
use sandgate_tests::fleet::Plan;
use sandgate_tests::servers::{database, eventually};
use serde_json::Value;
use std::fs;

#[test]
fn lanes_are_opened_anew_once_and_new_windows_know_what_was_kept() {
    let url = database();
    let mut plan = plan(2, &url, "50ms");
    let keep = "keep = [\"customer\", \"account\", \"amount\"]\n";
    let both = keep.to_owned() + &plan.tenant;
    plan.tenant = keep.to_owned() + &Plan::tenant("payments", &[("account-risk", "")]);
    let mut led = Led::of(plan, &url, 81);
    led.fleet.start("one");
    led.feed(800);
    led.decided();
    led.fleet.desk().write("both.toml", &both);
    let activate = ["activate", "payments", "--config", "one.toml", "--file", "both.toml", "--backfill"];
    led.fleet.desk().succeed(activate);
    led.newest = 2;
    led.feed_until_all_run(&["one"], 2);
    let opened = |led: &Led| led.fleet.log("one").matches("the lane is opened anew").count();
    let ready = |led: &Led| led.fleet.log("one").matches("lane ready").count();
    led.feed(400);
    led.decided();
    eventually("that both lanes are opened anew", PATIENCE, || opened(&led) == 2 && ready(&led) == 4);
    let opened_at = [0, 1].map(|partition| led.fleet.lines(partition)[0].len() as i64);
    led.feed(400);
    led.decided();
    // another host has the same windows, from the changelog alone
    led.fleet.kill("one");
    fs::remove_dir_all(led.fleet.state("one")).unwrap();
    led.fleet.start("two");
    led.feed(400);
    let seen = led.fleet.wait_until_decided(PATIENCE);
    assert_eq!(opened(&led), 2, "once each");

    let _ = led.fleet.undisturbed_by(&both, &["generation"]);
    let mut decisions: Vec<Value> = seen.decisions.iter().map(|record| record.json()).collect();
    // some records can be used by nobody
    assert_eq!(decisions.len() + seen.dead_letters.len(), led.fleet.sent(), "nothing is lost or doubled");
    let place = |decision: &Value| {
        let position = &decision["position"];
        (position["partition"].as_i64().unwrap(), position["offset"].as_i64().unwrap())
    };
    decisions.sort_by_key(place);
    // of a run from files, lane by lane, in the same order
    let lanes = (0..2).map(|partition| led.fleet.desk().json_lines(&format!("lane-{partition}.out.jsonl")));
    let expected: Vec<Value> = lanes.flatten().collect();
    assert_eq!(decisions.len(), expected.len());
    let warms = |decision: &Value| {
        decision["circumstances"].as_array().unwrap().iter().any(|circumstance| circumstance["what"] == "warming")
    };
    let mut known = 0;
    for (decision, expected) in decisions.iter().zip(&expected).filter(|(decision, _)| decision["generation"] == 2) {
        assert_eq!(decision["transaction"], expected["transaction"]);
        let (partition, offset) = place(decision);
        if warms(decision) {
            assert!(offset < opened_at[partition as usize], "a filled window is warm: {decision}");
            continue;
        }
        known += 1;
        assert_eq!(decision["policies"], expected["policies"], "{decision}");
    }
    assert!(known > 0);
}
