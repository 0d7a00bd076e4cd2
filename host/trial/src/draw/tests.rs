//! What is drawn is allowed, comes often where it matters, and comes again.

use super::{Draw, Range};
use crate::rank::rank;
use sandgate_model::{Manifest, Value};
use std::collections::HashSet;

const MANIFEST: &str = r#"{ "schema": 1, "name": "drawn", "version": "1.0.0", "summary": "",
  "inputs": [
    { "name": "amount", "kind": "decimal", "scale": 2, "from": { "field": "amount" } },
    { "name": "kind", "kind": "text", "from": { "field": "kind" } },
    { "name": "share", "kind": "number", "minimum": 0, "maximum": 1, "from": { "field": "share" } },
    { "name": "level", "kind": "integer", "minimum": 1, "maximum": 3, "default": 1, "from": { "field": "level" } },
    { "name": "known", "kind": "flag", "optional": true, "from": { "field": "known" } },
    { "name": "opened", "kind": "instant", "optional": true, "from": { "field": "opened" } },
    { "name": "recent", "kind": "integer", "from": { "window": { "aggregate": "count", "by": ["account"],
      "span": { "sliding": { "length": "1m" } }, "only": [{ "field": "kind", "any_of": ["subscribe"] }] } } } ],
  "parameters": [
    { "name": "largest", "kind": "decimal", "scale": 4, "default": "1234.5" },
    { "name": "form", "kind": "text", "any_of": ["product", "matrix"], "default": "product" },
    { "name": "levels", "kind": "number", "list": true, "minimum": 0, "maximum": 1, "longest": 3, "default": [] } ],
  "reasons": [ { "code": "ODD", "effect": "block", "message": "odd" } ] }"#;

#[test]
fn every_row_is_one_that_the_manifest_allows() {
    let manifest = Manifest::read(MANIFEST).unwrap();
    let mut draw = Draw::new(&manifest, 1, &[]);
    for _ in 0..5_000 {
        let settings = draw.settings();
        for (parameter, setting) in manifest.parameters.iter().zip(&settings) {
            assert_eq!(parameter.admits(setting), Ok(()));
        }
        for (input, value) in manifest.inputs.iter().zip(draw.inputs(&settings)) {
            match value {
                Some(value) => assert!(Range::of_input(input).holds(&value), "{}: {value}", input.name),
                None => assert!(input.optional, "{}", input.name),
            }
        }
    }
}

#[test]
fn edges_and_names_come_often() {
    let manifest = Manifest::read(MANIFEST).unwrap();
    let mut draw = Draw::new(&manifest, 7, &[]);
    let mut seen = HashSet::new();
    for _ in 0..5_000 {
        let settings: Vec<_> = manifest.parameters.iter().filter_map(|known| known.default.clone()).collect();
        let row = draw.inputs(&settings);
        seen.extend(row.into_iter().enumerate().map(|(at, value)| format!("{at}:{}", text(value))));
    }
    // the parameter and a unit beside it, zero and its neighbours, the operand of a condition, both ends
    for wanted in [
        "0:1234.49",
        "0:1234.50",
        "0:1234.51",
        "0:0.00",
        "0:0.01",
        "0:-0.01",
        "0:1000.00",
        "1:\"subscribe\"",
        "1:\"\"",
        "2:0",
        "2:1",
        "3:1",
        "3:2",
        "3:3",
        "4:-",
        "4:true",
        "4:false",
        "5:-",
        "6:0",
        "6:1",
    ] {
        assert!(seen.contains(wanted), "{wanted} is never drawn");
    }
    assert!(!seen.iter().any(|value| value.starts_with("6:-")), "a count is never below zero");
}

#[test]
fn a_seed_draws_the_same_again() {
    let manifest = Manifest::read(MANIFEST).unwrap();
    let rows = |seed| {
        let mut draw = Draw::new(&manifest, seed, &[]);
        let settings = draw.settings();
        (0..50).map(|_| draw.inputs(&settings)).collect::<Vec<_>>()
    };
    assert_eq!(rows(3), rows(3));
    assert_ne!(rows(3), rows(4));
}

#[test]
fn a_range_without_an_end_reaches_far_but_not_where_sums_overflow() {
    let manifest = Manifest::read(MANIFEST).unwrap();
    let mut draw = Draw::new(&manifest, 5, &[]);
    let amounts: Vec<i64> =
        (0..5_000).filter_map(|_| draw.inputs(&[])[0].as_ref().and_then(rank)).map(i64::abs).collect();
    assert!(amounts.iter().max().is_some_and(|most| (1_000_000_000..=100_000_000_000_000).contains(most)));
    assert!(amounts.iter().filter(|amount| **amount < 100_000).count() > 1_000);
}

fn text(value: Option<Value>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}
