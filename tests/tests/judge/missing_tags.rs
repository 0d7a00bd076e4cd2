//! A tag store that fails does not stop the host: what was known before or the
//! default stands in, or the policy's fallback where the tenant wants that, and
//! every decision that it touched says so.

use crate::judge_with;
use sandgate_engine::document::MissingTag;
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_state::Settings;
use sandgate_tags::{Answer, Rank, Store, Trouble, Wanted, Why};
use serde_json::{Value, json};
use std::sync::Arc;

const LATE: Trouble = Trouble { tier: Rank::Postgres, why: Why::Late };

/// A store that knows `sound`, remembers `old`, and cannot be asked for others.
struct Limping;

impl Store for Limping {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Answer>) {
        found.clear();
        found.extend(wanted.iter().map(|name| match name.id {
            "sound" => Answer::Found("2".into()),
            "old" => Answer::Stale(Some("2".into()), LATE),
            "none before" => Answer::Stale(None, LATE),
            _ => Answer::Missing(LATE),
        }));
    }
}

/// The decisions about one transaction of each account, in one batch.
fn decide(accounts: &[&str], missing_tag: MissingTag) -> Vec<Value> {
    let bounds = Settings { lateness: 0, repeats: 0, ids: 0, events: 0 };
    let judge = judge_with("account_risk.wasm", Some(Arc::new(Limping)), bounds, missing_tag);
    let lines: Vec<String> = accounts
        .iter()
        .map(|account| json!({ "id": account, "account": account, "amount": 20000, "time": 1_767_225_600_000_i64 }))
        .map(|line| line.to_string())
        .collect();
    let records: Vec<Record<'_>> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| Record {
            source: 0,
            offset: at as u64,
            key: None,
            bytes: line.as_bytes(),
            size: line.len() as u64,
        })
        .collect();
    let mut judged = Judged::default();
    judge.judge(0, &records, &mut judged).unwrap();
    let decisions = std::str::from_utf8(&judged.decisions).unwrap();
    decisions.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn circumstance(what: &str) -> Value {
    json!([{ "what": what, "policy": null, "detail": "tag risk_level of account: postgres did not answer in time" }])
}

#[test]
fn each_row_says_how_good_its_own_tags_are() {
    let decisions = decide(&["sound", "old", "none before", "gone"], MissingTag::Default);
    let expected = [
        (json!([]), json!([])),
        (circumstance("stale-tag"), json!([])),
        (circumstance("stale-tag"), json!(["level"])),
        (circumstance("missing-tag"), json!(["level"])),
    ];
    for (decision, (circumstances, defaulted)) in decisions.iter().zip(expected) {
        assert_eq!(decision["circumstances"], circumstances, "{decision}");
        assert_eq!(decision["policies"][0]["defaulted"], defaulted, "{decision}");
        assert_eq!(decision["faults"], json!([]), "{decision}");
    }
    // an old value counts like a new one
    assert_eq!(decisions[0]["outcome"], decisions[1]["outcome"]);
}

#[test]
fn a_tenant_may_have_its_fallback_instead_of_a_default() {
    let decisions = decide(&["sound", "old", "gone"], MissingTag::Fault);
    assert_eq!(decisions[0]["faults"], json!([]));
    assert_eq!(decisions[1]["faults"], json!([]), "an old value is no missing one");
    let fault = &decisions[2]["faults"][0];
    assert_eq!((&fault["fault"], &fault["fallback"]), (&json!("input"), &json!("review")));
    assert!(fault["detail"].as_str().unwrap().contains("is a tag that could not be looked up"), "{fault}");
    assert_eq!(decisions[2]["outcome"], "review");
    assert_eq!(decisions[2]["circumstances"], circumstance("missing-tag"));
}

#[test]
fn what_a_missing_tag_means_is_part_of_the_set() {
    let set = |missing| decide(&["sound"], missing)[0]["set"].clone();
    assert_ne!(set(MissingTag::Default), set(MissingTag::Fault));
}
