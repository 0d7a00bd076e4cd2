//! Answers that the contract does not allow.

use crate::guest::{Guest, MANIFEST, fault, list};
use sandgate_model::Fault;

#[test]
fn each_wrong_answer_is_told() {
    let scores = |numbers: &[&str]| {
        let stores: String = numbers
            .iter()
            .enumerate()
            .map(|(at, number)| format!("(f64.store (i32.const {}) (f64.const {number}))", 65_536 + at * 8))
            .collect();
        format!("{stores} {} ", list(1, 65_536, numbers.len() as u32))
    };
    let moves = |count| list(2, 98_304, count);
    let hit = |row: u32, reason: u32| {
        format!(
            "(i32.store (i32.const 8192) (i32.const {row})) (i32.store (i32.const 8196) (i32.const {reason})) {}",
            list(0, 8_192, 1)
        )
    };
    let table = [
        (hit(1, 0) + &scores(&["1"]) + &moves(2), "a hit names row 1, but there are 1 rows, counted from 0"),
        (hit(0, 2) + &scores(&["1"]) + &moves(2), "a hit names reason 2, but 2 are declared, counted from 0"),
        (scores(&[]) + &moves(2), "there are 0 scores in place of 1"),
        (scores(&["1", "1"]) + &moves(2), "there are 2 scores in place of 1"),
        (scores(&["nan"]) + &moves(2), "the score NaN is not on the declared scale from 0 to 100"),
        (scores(&["inf"]) + &moves(2), "the score inf is not on the declared scale from 0 to 100"),
        (scores(&["-inf"]) + &moves(2), "the score -inf is not on the declared scale from 0 to 100"),
        (scores(&["100.5"]) + &moves(2), "the score 100.5 is not on the declared scale from 0 to 100"),
        (scores(&["-1"]) + &moves(2), "the score -1 is not on the declared scale from 0 to 100"),
        (scores(&["1"]) + &moves(0), "there are 0 contributions in place of 2"),
        (scores(&["1"]) + &moves(3), "there are 3 contributions in place of 2"),
        (
            scores(&["1"]) + "(f64.store (i32.const 98304) (f64.const inf))" + &moves(2),
            "a contribution is inf, which is not finite",
        ),
    ];
    for (judge, expected) in table {
        let judge = format!("{judge} (i32.const 32)");
        let told = fault(&Guest { judge: &judge, ..Guest::default() }.load());
        assert_eq!(told, Some(Fault::Output { detail: expected.into() }));
    }
}

#[test]
fn scores_of_a_policy_without_a_scale_are_refused() {
    let manifest = MANIFEST.replace(
        r#""score": { "minimum": 0, "maximum": 100, "risky": "high", "contributions": true }"#,
        r#""score": null"#,
    );
    let judge = format!("{} (i32.const 32)", list(1, 65_536, 1));
    let told = fault(&Guest { manifest: &manifest, judge: &judge, ..Guest::default() }.load());
    assert_eq!(told, Some(Fault::Output { detail: "there are 1 scores in place of 0".into() }));
}

#[test]
fn pointers_into_nowhere_are_told() {
    for judge in [
        "(i32.const -8)".to_owned(),
        "(i32.const 33)".to_owned(),
        format!("{} (i32.const 32)", list(0, 0x7fff_fff8, 1)),
        format!("{} (i32.const 32)", list(1, 3, 1)),
    ] {
        let told = fault(&Guest { judge: &judge, ..Guest::default() }.load());
        assert!(matches!(told, Some(Fault::Output { .. })), "{judge}: {told:?}");
    }
}
