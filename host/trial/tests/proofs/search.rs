//! Reasons are found where they can be, made small, and their edges told exactly.

use crate::guest::{BUDGET, Guest, MANIFEST, sample};
use sandgate_model::Value;
use sandgate_model::manifest::Setting;
use sandgate_trial::search::{Edge, Found, Search, Sought};
use sandgate_trial::{Constants, Sample, told};

fn sought(guest: &Guest<'_>, rows: &[(i64, Option<i64>)]) -> Vec<Sought> {
    let policy = guest.load();
    let samples: Vec<Sample> = rows.iter().map(|(n, m)| sample(&policy, *n, *m)).collect();
    let constants = Constants::of(&guest.component());
    let search =
        Search { policy: &policy, budget: BUDGET, samples: &samples, constants: &constants, tries: 20_000, seed: 1 };
    search.run()
}

/// The first reason where a condition holds, the second nowhere.
fn first(condition: &str) -> Found {
    let row = format!("(if {condition} (then (call $hit (i32.const 0)))) (f64.const 0)");
    let mut sought = sought(&Guest { row: &row, ..Guest::default() }, &[]);
    assert_eq!((sought.len(), sought[1].tries, &sought[1].found), (2, 20_000, &None), "{condition}");
    sought.remove(0).found.unwrap_or_else(|| panic!("{condition} is not found"))
}

fn inputs(found: &Found) -> [Option<i64>; 2] {
    [0, 1].map(|at| match found.sample.inputs[at] {
        Some(Value::Integer(integer)) => Some(integer),
        _ => None,
    })
}

/// The input and the three values of an edge, and which of them produce the reason.
fn edge(edge: &Edge) -> (usize, [Option<String>; 3], [Option<bool>; 3]) {
    let near = [edge.below.as_ref(), Some(&edge.at), edge.above.as_ref()];
    (
        edge.input,
        near.map(|near| near.map(|near| near.value.to_string())),
        near.map(|near| near.map(|near| near.produces)),
    )
}

#[test]
fn the_smallest_row_is_found_and_its_edge() {
    let n = "(local.get $n)";
    // a condition, the smallest row, and the values around its first edge with what produces it
    let table = [
        (format!("(i64.gt_s {n} (i64.const 123456))"), [Some(123_457), None], "123456 123457 123458", "nyy"),
        (format!("(i64.ge_s {n} (i64.const 1000))"), [Some(1_000), None], "999 1000 1001", "nyy"),
        (format!("(i64.gt_s {n} (i64.const 1000))"), [Some(1_001), None], "999 1000 1001", "nny"),
        (format!("(i64.gt_s {n} (local.get $limit))"), [Some(4), None], "2 3 4", "nny"),
        (format!("(i64.lt_s {n} (i64.const -77))"), [Some(-78), None], "-79 -78 -77", "yyn"),
        (format!("(i64.eq {n} (i64.const 918273))"), [Some(918_273), None], "918272 918273 918274", "nyn"),
        (format!("(i64.lt_s {n} (i64.const 5))"), [Some(0), None], "3 4 5", "yyn"),
        ("(i64.gt_s (local.get $m) (i64.const 9))".to_owned(), [Some(0), Some(10)], "9 10 11", "nyy"),
    ];
    for (condition, row, values, produces) in table {
        let found = first(&condition);
        assert_eq!((inputs(&found), &found.varied), (row, &vec![]), "{condition}");
        let (_, near, produced) = edge(&found.edges[0]);
        assert_eq!(near.map(Option::unwrap).join(" "), values, "{condition}");
        let letters: String = produced.map(|produced| if produced == Some(true) { 'y' } else { 'n' }).iter().collect();
        assert_eq!(letters, produces, "{condition}");
    }
}

#[test]
fn conditions_behind_each_other_are_met_one_after_the_other() {
    let deep = "(i64.eq (local.get $n) (i64.const 40961)) (if (result i32)
        (then (i64.eq (local.get $m) (i64.const 81920))) (else (i32.const 0)))";
    assert_eq!(inputs(&first(deep)), [Some(40_961), Some(81_920)]);
    let band = "(i32.and (i64.gt_s (local.get $n) (i64.const 500)) (i64.lt_s (local.get $n) (i64.const 600)))";
    let found = first(band);
    assert_eq!(inputs(&found), [Some(501), None]);
    // both ends of the band
    assert_eq!(
        found.edges.iter().map(|found| edge(found).1.map(Option::unwrap).join(" ")).collect::<Vec<_>>(),
        ["499 500 501", "599 600 601"]
    );
}

#[test]
fn parameters_are_varied_only_where_nothing_else_helps() {
    let found = first("(i64.gt_s (local.get $limit) (i64.const 50))");
    assert_eq!((inputs(&found), found.varied), ([Some(0), None], vec![0]));
    assert_eq!(found.sample.settings, [Setting::One(Value::Integer(51))]);
    let with_either = "(i32.or (i64.gt_s (local.get $limit) (i64.const 50)) (i64.gt_s (local.get $n) (i64.const 50)))";
    assert_eq!(first(with_either).varied, Vec::<usize>::new());
}

#[test]
fn only_what_no_sample_produces_is_looked_for() {
    let row = "(if (i64.gt_s (local.get $n) (i64.const 10)) (then (call $hit (i32.const 0))))
        (if (i64.gt_s (local.get $n) (i64.const 20)) (then (call $hit (i32.const 1)))) (f64.const 0)";
    let guest = Guest { row, ..Guest::default() };
    let found = sought(&guest, &[(15, Some(7))]);
    assert_eq!(found.iter().map(|sought| sought.reason).collect::<Vec<_>>(), [1]);
    let policy = guest.load();
    assert_eq!(told(&found[0].found.as_ref().unwrap().answer, policy.manifest()), "FIRST, SECOND, score 0");
    assert_eq!(sought(&guest, &[(15, None), (25, None)]), []);
}

#[test]
fn a_reason_that_only_traffic_produces_is_not_found() {
    let row = "(if (i64.gt_s (global.get $state) (i64.const 3)) (then (call $hit (i32.const 0))))
        (global.set $state (i64.add (global.get $state) (i64.const 1))) (f64.const 0)";
    assert!(sought(&Guest { row, ..Guest::default() }, &[]).iter().all(|sought| sought.found.is_none()));
}

#[test]
fn edges_of_floats_are_told_to_the_last_bit() {
    let manifest = MANIFEST.replacen(
        r#""kind": "integer", "from": { "field": "n" }"#,
        r#""kind": "number", "minimum": 0, "maximum": 1, "from": { "field": "n" }"#,
        1,
    );
    let row =
        "(if (f64.gt (f64.load (i32.add (i32.load offset=12 (local.get $in)) (i32.mul (local.get $i) (i32.const 8))))
        (f64.const 0.7)) (then (call $hit (i32.const 0)))) (f64.const 0)";
    let found = sought(&Guest { manifest: &manifest, row, ..Guest::default() }, &[]).remove(0).found.unwrap();
    let (input, near, produces) = edge(&found.edges[0]);
    assert_eq!(near.map(Option::unwrap), ["0.6999999999999998", "0.7", "0.7000000000000001"]);
    assert_eq!((input, produces), (0, [Some(false), Some(false), Some(true)]));
    assert_eq!(found.edges.len(), 1);
}

#[test]
fn the_same_seed_finds_the_same() {
    let row =
        "(if (i64.gt_s (i64.mul (local.get $n) (local.get $m)) (i64.const 777777)) (then (call $hit (i32.const 0))))
        (f64.const 0)";
    let guest = Guest { row, ..Guest::default() };
    assert_eq!(sought(&guest, &[(1, None)]), sought(&guest, &[(1, None)]));
}

#[test]
fn a_policy_may_declare_nothing_but_a_reason() {
    let manifest = r#"{ "schema": 1, "name": "bare", "version": "1.0.0", "summary": "", "inputs": [], "parameters": [],
      "reasons": [ { "code": "ALWAYS", "effect": "note", "message": "" }, { "code": "NEVER", "effect": "note", "message": "" } ],
      "score": { "minimum": 0, "maximum": 1, "risky": "high", "contributions": false } }"#;
    let guest = Guest { manifest, row: "(call $hit (i32.const 0)) (f64.const 0)", ..Guest::default() };
    let found = sought(&guest, &[]);
    assert_eq!((found[0].tries, found[0].found.as_ref().unwrap().sample.inputs.len()), (1, 0));
    assert_eq!((found[1].tries, &found[1].found), (20_000, &None));
}

#[test]
fn a_parameter_that_a_tenant_must_set_is_set_as_a_sample_has_it() {
    let manifest = MANIFEST.replace(r#", "default": 3"#, "");
    let row = "(if (i64.gt_s (local.get $n) (local.get $limit)) (then (call $hit (i32.const 0)))) (f64.const 0)";
    let guest = Guest { manifest: &manifest, row, ..Guest::default() };
    let policy = guest.load();
    let samples =
        [Sample { inputs: vec![Some(Value::Integer(1)), None], settings: vec![Setting::One(Value::Integer(555))] }];
    let constants = Constants::default();
    let search =
        Search { policy: &policy, budget: BUDGET, samples: &samples, constants: &constants, tries: 5_000, seed: 1 };
    let found = search.run().remove(0).found.unwrap();
    assert_eq!((inputs(&found), found.varied), ([Some(556), None], vec![]));
    // and without a sample it is drawn
    let drawn = Search { samples: &[], ..search }.run().remove(0).found.unwrap();
    assert!(drawn.varied.is_empty());
}
