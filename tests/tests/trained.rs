//! A model that scikit-learn trained gives the library's scores in a sandbox,
//! and the same bits there as natively.

use ::trained::{BASE, Seen, trained};
use sandgate_sandbox::{Config, Rows, Sandbox, Verdicts};
use sandgate_tests::{policies, root};
use serde_json::Value;

/// Fuel of a transaction: 100 µs at the default constant.
const BUDGET: u64 = 1_000_000;
/// How far from the library's numbers ours may be.
const TOLERANCE: f64 = 1e-12;

#[test]
fn scores_are_the_library_s_in_a_sandbox_and_natively() {
    let component = std::fs::read(policies().join("trained.wasm")).unwrap();
    let policy = Sandbox::new(Config::default()).unwrap().load(&component).unwrap();
    let reference = std::fs::read(root().join("sdk/tests/logistic/scaled.reference.json")).unwrap();
    let reference: Vec<Value> = serde_json::from_slice(&reference).unwrap();

    let mut rows = Rows::new();
    let mut expected = Vec::new();
    for row in &reference {
        let feature = |name: &str| row["features"][name].as_f64().unwrap();
        let cents = (feature("amount") * 100.0).round() as i64;
        let minutes = (feature("hour") * 60.0).round() as u64;
        let last_minute = feature("last_minute") as u64;
        let risk = (feature("risk_unknown") == 0.0).then_some(feature("risk") as i64);
        let seen = Seen::of(cents, minutes, last_minute, risk);
        rows.push_decimal_units(cents);
        rows.push_integer(seen.time.millis());
        rows.push_integer(last_minute as i64);
        match risk {
            Some(risk) => rows.push_integer(risk),
            None => rows.push_absent(sandgate_model::Kind::Integer),
        }
        rows.end_row();

        let mut moved = Default::default();
        let score = trained(&seen, &mut moved);
        assert!((score - row["probability"].as_f64().unwrap()).abs() <= TOLERANCE, "{score} for {row}");
        let logit = BASE + moved.amount + moved.time + moved.last_minute + moved.risk;
        assert!((logit - row["logit"].as_f64().unwrap()).abs() <= TOLERANCE, "{logit} for {row}");
        expected.push((score.to_bits(), [moved.amount, moved.time, moved.last_minute, moved.risk].map(f64::to_bits)));
    }
    let mut parameters = Rows::new();
    parameters.end_row();
    let mut verdicts = Verdicts::new();
    policy.judge(&rows, &parameters, BUDGET, &mut verdicts);
    assert!(verdicts.faults.is_empty(), "{:?}", verdicts.faults);
    let contributions = verdicts.contributions.chunks(4).map(|row| [0, 1, 2, 3].map(|at| row[at].to_bits()));
    let judged: Vec<_> = verdicts.scores.iter().map(|score| score.to_bits()).zip(contributions).collect();
    assert_eq!(judged, expected);
    assert!(judged.len() >= 100, "{}", judged.len());
}
