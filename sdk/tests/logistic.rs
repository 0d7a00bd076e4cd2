//! A model that scikit-learn trained says in a policy what it says in Python.
//!
//! `tests/logistic/export.py` makes the files; where the real library is at
//! hand, `scripts/scikit-learn` runs these tests on files that it has just made.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_sdk::model::{Explanation, Logistic};
use sandgate_sdk::prelude::*;
use serde_json::Value;
use std::path::Path;

/// How far from the library's numbers ours may be.
const TOLERANCE: f64 = 1e-12;

#[derive(Logistic)]
#[logistic("tests/logistic/scaled.json")]
struct Scaled {
    amount: Decimal,
    last_minute: u64,
    hour: f64,
    risk: i64,
    risk_unknown: bool,
}

/// The same features, in another order and by other names.
#[derive(Logistic)]
#[logistic("tests/logistic/plain.json")]
struct Plain {
    #[column("risk_unknown")]
    nothing_known: bool,
    risk: i64,
    hour: f64,
    last_minute: u64,
    amount: Decimal,
}

/// The rows of a reference set: features, logit, probability.
fn reference(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logistic").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn scaled(row: &Value) -> Scaled {
    let number = |name: &str| row["features"][name].as_f64().unwrap();
    Scaled {
        amount: Decimal::new((number("amount") * 100.0).round() as i64, 2),
        last_minute: number("last_minute") as u64,
        hour: number("hour"),
        risk: number("risk") as i64,
        risk_unknown: number("risk_unknown") == 1.0,
    }
}

fn plain(row: &Value) -> Plain {
    let Scaled { amount, last_minute, hour, risk, risk_unknown } = scaled(row);
    Plain { nothing_known: risk_unknown, risk, hour, last_minute, amount }
}

#[test]
fn values_are_those_of_the_library() {
    let compare = |row: &Value, logit: f64, probability: f64| {
        let apart = |name: &str, ours: f64| (ours - row[name].as_f64().unwrap()).abs();
        assert!(apart("logit", logit) <= TOLERANCE, "{logit} for {row}");
        assert!(apart("probability", probability) <= TOLERANCE, "{probability} for {row}");
    };
    let rows = reference("scaled.reference.json");
    rows.iter().for_each(|row| compare(row, scaled(row).logit(), scaled(row).probability()));
    let others = reference("plain.reference.json");
    others.iter().for_each(|row| compare(row, plain(row).logit(), plain(row).probability()));
    assert!(rows.len() >= 100 && others.len() >= 100);
    let far = rows.iter().filter(|row| row["logit"].as_f64().unwrap().abs() > 5.0).count();
    assert!(far > 10 && far < rows.len() / 2, "{far} rows are far out");
}

#[test]
fn contributions_add_up_to_the_logit() {
    for row in reference("scaled.reference.json") {
        let Explanation { probability, logit, base, contributions: by } = scaled(&row).explain();
        assert_eq!(base + by.amount + by.last_minute + by.hour + by.risk + by.risk_unknown, logit);
        assert_eq!((logit, probability), (scaled(&row).logit(), scaled(&row).probability()));
        assert_eq!(base, Scaled::BASE);
    }
    for row in reference("plain.reference.json") {
        let Explanation { logit, base, contributions: by, .. } = plain(&row).explain();
        assert_eq!(base + by.nothing_known + by.risk + by.hour + by.last_minute + by.amount, logit);
    }
}

#[test]
fn a_contribution_is_seen_from_the_mean_of_its_feature() {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logistic/scaled.json")).unwrap();
    let model: Value = serde_json::from_slice(&file).unwrap();
    let feature = |name: &str| model["features"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let hour = feature("hour");
    let (mean, scale) = (hour["mean"].as_f64().unwrap(), hour["scale"].as_f64().unwrap());
    let at = |hour: f64| Scaled { hour, ..scaled(&reference("scaled.reference.json")[0]) }.explain().contributions.hour;
    assert_eq!(at(mean), 0.0);
    let coefficient = hour["coefficient"].as_f64().unwrap();
    assert!((at(mean + scale) - coefficient).abs() < 1e-14, "{} and {coefficient}", at(mean + scale));
}
