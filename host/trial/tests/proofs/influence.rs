//! What has a say is told from what has none.

use crate::guest::{BUDGET, Guest, MANIFEST, sample};
use sandgate_trial::influence::{Influence, Influences};
use sandgate_trial::{Constants, Sample};

fn influences(guest: &Guest<'_>, rows: &[(i64, Option<i64>)]) -> Influences {
    let policy = guest.load();
    let samples: Vec<Sample> = rows.iter().map(|(n, m)| sample(&policy, *n, *m)).collect();
    Influences::of(&policy, BUDGET, &samples, &Constants::of(&guest.component()), 1)
}

#[test]
fn each_value_is_told_by_what_it_does() {
    use Influence::{Decides, Nothing, OnlyShown};
    let silent = MANIFEST.replace("{n} and {m}", "{m}");
    // what it is, the manifest, the answer, and what n, m and the limit do
    let table = [
        ("all three decide", MANIFEST, OVER, [Decides, Decides, Decides]),
        ("nothing decides", MANIFEST, "(f64.const 0)", [OnlyShown, OnlyShown, OnlyShown]),
        ("one is not even shown", &silent, "(f64.const 0)", [Nothing, OnlyShown, OnlyShown]),
        ("a score moves", MANIFEST, "(f64.convert_i64_s (local.get $n))", [Decides, OnlyShown, OnlyShown]),
        (
            "a fault comes and goes",
            MANIFEST,
            "(if (i64.gt_s (local.get $m) (i64.const 1000)) (then unreachable)) (f64.const 0)",
            [OnlyShown, Decides, OnlyShown],
        ),
        (
            "the limit alone is enough",
            MANIFEST,
            "(if (i64.eqz (local.get $limit)) (then (call $hit (i32.const 1)))) (f64.const 0)",
            [OnlyShown, OnlyShown, Decides],
        ),
        (
            "a number that stands in the code alone",
            MANIFEST,
            "(if (i64.eq (local.get $n) (i64.const 71624)) (then (call $hit (i32.const 1)))) (f64.const 0)",
            [Decides, OnlyShown, OnlyShown],
        ),
    ];
    for (what, manifest, row, expected) in table {
        let guest = Guest { manifest, row, ..Guest::default() };
        for rows in [&[][..], &[(1, None), (2, Some(5))]] {
            let found = influences(&guest, rows);
            assert_eq!([found.inputs[0], found.inputs[1], found.parameters[0]], expected, "{what}, {rows:?}");
        }
    }
}

/// Hits where n + m is over the limit.
const OVER: &str = "(if (i64.gt_s (i64.add (local.get $n) (local.get $m)) (local.get $limit))
    (then (call $hit (i32.const 0)))) (f64.const 0)";

#[test]
fn a_value_that_matters_to_few_samples_is_found_by_them() {
    // m decides only where n is what one sample has, and no chance would draw
    let row = "(if (i32.and (i64.eq (local.get $n) (i64.add (i64.const 900000001) (local.get $limit)))
        (i64.gt_s (local.get $m) (i64.const 5))) (then (call $hit (i32.const 0)))) (f64.const 0)";
    let guest = Guest { row, ..Guest::default() };
    assert_eq!(influences(&guest, &[(900_000_004, None), (1, None)]).inputs[1], Influence::Decides);
}

#[test]
fn the_same_seed_tries_the_same() {
    let guest = Guest { row: OVER, ..Guest::default() };
    assert_eq!(influences(&guest, &[(1, None)]), influences(&guest, &[(1, None)]));
}
