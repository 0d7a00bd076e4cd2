//! The score of the script detector is the same bits in a sandbox and in the
//! native function that its unit tests look at.

use ::script_detector::{Coefficients, Seen, script_detector};
use sandgate_sandbox::{Config, Rows, Sandbox, Verdicts};
use sandgate_tests::policies;

/// Fuel of a transaction: 100 µs at the default constant.
const BUDGET: u64 = 1_000_000;

#[test]
fn scores_and_contributions_are_the_same_bits_in_a_sandbox() {
    let component = std::fs::read(policies().join("script_detector.wasm")).unwrap();
    let policy = Sandbox::new(Config::default()).unwrap().load(&component).unwrap();
    let coefficients =
        Coefficients { intercept: -8.6, per_last_minute: 2.21, per_last_30_days: 0.163, new_device: 1.8 };
    let mut parameters = Rows::new();
    let Coefficients { intercept, per_last_minute, per_last_30_days, new_device } = coefficients;
    for number in [intercept, per_last_minute, per_last_30_days, new_device] {
        parameters.push_number(number);
    }
    parameters.end_row();

    let trades = ["申购", "subscribe", "认购", "赎回"];
    let numbers = |bound: u64, step: usize| (0..bound).step_by(step);
    let mut verdicts = Verdicts::new();
    let mut compared = 0;
    for trade_type in trades {
        for last_minute in numbers(40, 1) {
            let mut rows = Rows::new();
            let mut expected = Vec::new();
            for last_30_days in numbers(200, 7) {
                for on_device in numbers(2, 1) {
                    rows.push_text(trade_type);
                    for count in [last_minute, last_30_days, on_device] {
                        rows.push_integer(count as i64);
                    }
                    rows.end_row();
                    let mut moved = Default::default();
                    let seen = Seen { trade_type, last_minute, last_30_days, on_device };
                    let score = script_detector(&seen, &coefficients, &mut moved);
                    let moved = [moved.trade_type, moved.last_minute, moved.last_30_days, moved.on_device];
                    expected.push((score.to_bits(), moved.map(f64::to_bits)));
                }
            }
            policy.judge(&rows, &parameters, BUDGET, &mut verdicts);
            assert!(verdicts.faults.is_empty(), "{:?}", verdicts.faults);
            let contributions = verdicts.contributions.chunks(4).map(|row| [0, 1, 2, 3].map(|at| row[at].to_bits()));
            let judged: Vec<_> = verdicts.scores.iter().map(|score| score.to_bits()).zip(contributions).collect();
            assert_eq!(judged, expected, "{trade_type}, {last_minute} in the last minute");
            compared += judged.len();
        }
    }
    assert!(compared > 9_000, "{compared}");
}
