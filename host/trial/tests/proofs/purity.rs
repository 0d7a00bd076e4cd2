//! Every kind of impure guest is caught by the way that shows it, and no pure one is.

use crate::guest::{BUDGET, Guest, sample};
use sandgate_model::Value;
use sandgate_model::manifest::Setting;
use sandgate_trial::purity::{Purity, Way};
use sandgate_trial::{Constants, Sample, told};

/// A score that owes nothing to anything but the row.
const PURE: &str = "(f64.convert_i64_s (i64.add (local.get $n) (local.get $m)))";

fn proven(guest: &Guest<'_>, rows: &[(i64, Option<i64>)]) -> Purity {
    let policy = guest.load();
    let samples: Vec<Sample> = rows.iter().map(|(n, m)| sample(&policy, *n, *m)).collect();
    Purity::of(&policy, BUDGET, &samples, &Constants::default(), 1)
}

fn caught(purity: &Purity, way: fn(&Way) -> bool) -> bool {
    purity.differences.iter().any(|difference| way(&difference.way))
}

#[test]
fn a_pure_guest_answers_alike_in_every_way() {
    let rows = [(1, Some(2)), (1, None), (7, Some(0)), (7, Some(0)), (-5, Some(3))];
    let purity = proven(&Guest { row: PURE, ..Guest::default() }, &rows);
    assert_eq!(purity.differences, []);
    // one of the five is another one again
    assert_eq!((purity.samples, purity.drawn), (32, 28));
    assert!(purity.comparisons > 500, "{}", purity.comparisons);
}

#[test]
fn a_guest_that_faults_by_its_row_is_pure() {
    let traps = format!("(if (i64.eq (local.get $n) (i64.const 7)) (then unreachable)) {PURE}");
    let loops = format!("(if (i64.eq (local.get $n) (i64.const 7)) (then (loop $ever (br $ever)))) {PURE}");
    let heavy = format!(
        "(local.set $at (i32.const 15000))
         (loop $burn (br_if $burn (local.tee $at (i32.sub (local.get $at) (i32.const 1))))) {PURE}"
    );
    for row in [traps, loops, heavy] {
        let purity = proven(&Guest { row: &row, ..Guest::default() }, &[(7, None), (1, None), (7, Some(1)), (2, None)]);
        assert_eq!(purity.differences, [], "{row}");
    }
}

#[test]
fn a_guest_that_leaks_memory_is_pure() {
    let purity =
        proven(&Guest { call: "(drop (call $alloc (i32.const 1000000)))", row: PURE, ..Guest::default() }, &[]);
    assert_eq!(purity.differences, []);
}

#[test]
fn every_way_to_keep_state_or_to_look_aside_is_caught() {
    type Shown = fn(&Way) -> bool;
    let used: Shown = |way| matches!(way, Way::Used);
    let cut: Shown = |way| matches!(way, Way::Cut(_));
    let order: Shown = |way| matches!(way, Way::Reversed | Way::Shuffled);
    let doubled: Shown = |way| matches!(way, Way::Doubled);
    let beside: Shown = |way| matches!(way, Way::Beside);
    // what it does, what it does once in a call, its score, and the ways that show it
    let table: [(&str, &str, &str, &[Shown]); 6] = [
        (
            "counts its calls",
            "(global.set $state (i64.add (global.get $state) (i64.const 1)))",
            "(f64.convert_i64_s (global.get $state))",
            &[used],
        ),
        ("counts the rows", "", "(f64.convert_i32_u (local.get $count))", &[cut, doubled, beside]),
        ("counts on its place", "", "(f64.convert_i32_u (local.get $i))", &[cut, order, doubled, beside]),
        ("looks at the row before", "", "(f64.convert_i64_s (local.get $before))", &[cut, order, doubled, beside]),
        (
            "drops what it has just seen",
            "",
            "(f64.convert_i32_u (i32.and (i32.gt_u (local.get $i) (i32.const 0))
                (i64.eq (local.get $n) (local.get $before))))",
            &[doubled],
        ),
        (
            "remembers the last row over calls",
            "",
            "(f64.convert_i64_s (global.get $state)) (global.set $state (local.get $n))",
            &[used, cut, order, doubled, beside],
        ),
    ];
    for (what, call, row, ways) in table {
        let purity = proven(&Guest { call, row, ..Guest::default() }, &[(3, None), (4, Some(1)), (50, Some(2))]);
        for (at, way) in ways.iter().enumerate() {
            assert!(caught(&purity, *way), "{what}, way {at}: {:?}", purity.differences);
        }
        let first = &purity.differences[0];
        assert_ne!(first.alone, first.then, "{what}");
    }
}

#[test]
fn reasons_and_faults_that_depend_on_the_traffic_are_caught_too() {
    let hits = "(if (i32.gt_u (local.get $i) (i32.const 2)) (then (call $hit (i32.const 0)))) (f64.const 0)";
    let traps = "(if (i64.ne (global.get $state) (i64.const 0)) (then unreachable))
        (global.set $state (i64.const 1)) (f64.const 0)";
    let hits = proven(&Guest { row: hits, ..Guest::default() }, &[]);
    assert!(caught(&hits, |way| matches!(way, Way::Cut(_))));
    let policy = Guest::default().load();
    assert_eq!(told(&hits.differences[0].then, policy.manifest()), "FIRST, score 0");
    // in a call of several the sandbox judges again alone, so that only a used one shows it
    let traps = proven(&Guest { row: traps, ..Guest::default() }, &[]);
    assert!(caught(&traps, |way| matches!(way, Way::Used)));
    assert_eq!(told(&traps.differences[0].then, policy.manifest()), "fault trap");
}

#[test]
fn a_difference_names_its_sample_and_what_stood_before_it() {
    let guest = Guest { row: "(f64.convert_i64_s (local.get $before))", ..Guest::default() };
    let purity = proven(&guest, &[(3, None), (4, Some(1))]);
    let cut = purity.differences.iter().find(|difference| matches!(difference.way, Way::Cut(_))).unwrap();
    assert_eq!(cut.given, Some(1));
    assert_eq!(cut.after.as_ref().unwrap().inputs[0], Some(Value::Integer(3)));
    assert_eq!((cut.alone.score, cut.then.score), (Some(0.0), Some(3.0)));
}

#[test]
fn samples_of_other_parameters_are_not_mixed() {
    let policy = Guest { row: "(f64.convert_i64_s (local.get $limit))", ..Guest::default() }.load();
    let mut other = sample(&policy, 1, None);
    other.settings = vec![Setting::One(Value::Integer(9))];
    let purity = Purity::of(
        &policy,
        BUDGET,
        &[sample(&policy, 1, None), other, sample(&policy, 2, None)],
        &Constants::default(),
        1,
    );
    assert_eq!((purity.differences, purity.samples), (vec![], 64));
}

#[test]
fn what_hides_behind_a_word_of_the_code_is_caught() {
    // looks at the row before only where a row has one certain number
    let row = "(if (result f64) (i64.eq (local.get $n) (i64.const 71624))
        (then (f64.convert_i64_s (local.get $before))) (else (f64.const 0)))";
    let guest = Guest { row, ..Guest::default() };
    let purity = Purity::of(&guest.load(), BUDGET, &[], &Constants::of(&guest.component()), 1);
    assert!(!purity.differences.is_empty());
}
