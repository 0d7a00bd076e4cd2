//! `sandgate bench` counts the same fuel in every run, holds two versions side by
//! side, and says what it cannot measure.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, policies, text};
use serde_json::Value;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

fn component(name: &str) -> String {
    policies().join(name).display().to_string()
}

fn bench(desk: &Desk, arguments: &[&str]) -> Value {
    let output = desk.succeed([&["bench", "--rounds", "1", "--json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a run that fails says.
fn refused(desk: &Desk, arguments: &[&str]) -> String {
    let output = desk.run([&["bench", "--rounds", "1"], arguments].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

/// The fuel of each measurement, in their order.
fn fuel(policy: &Value) -> Vec<f64> {
    policy["judged"].as_array().unwrap().iter().map(|cost| cost["fuel"].as_f64().unwrap()).collect()
}

/// A policy in which `limit` is another by default, which other answers follow from.
fn with_another_default(desk: &Desk) -> String {
    let mut bytes = std::fs::read(component("account_risk.wasm")).unwrap();
    for (from, to) in
        [(r#""version":"0.1.0""#, r#""version":"0.2.0""#), (r#""default":"10000""#, r#""default":"90000""#)]
    {
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    std::fs::write(desk.path("other.wasm"), bytes).unwrap();
    "other.wasm".to_owned()
}

/// A component of this contract: `judge` runs these instructions before it
/// answers that there are no hits. Its one input is an integer from 1 to 3; the
/// address of its column is at `$in` + 4, the count of rows at `$in`.
fn guest(desk: &Desk, judge: &str) -> String {
    let manifest = r#"{"schema":1,"name":"guest","version":"1.0.0","summary":"",
        "inputs":[{"name":"n","kind":"integer","minimum":1,"maximum":3,"from":{"field":"n"}}],
        "reasons":[{"code":"ODD","effect":"note","message":"odd"}]}"#;
    let escaped: String = manifest.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let module = format!(
        r#"(module
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 4096))
        (global $calls (mut i32) (i32.const 0))
        (data (i32.const 64) "{escaped}")
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
        (func (export "sandgate:policy/policy@0.1.0#describe") (result i32)
            (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const {})) (i32.const 16))
        (func (export "sandgate:policy/policy@0.1.0#judge") (param $in i32) (result i32) (local $row i32)
            (global.set $next (i32.const 4096))
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            {judge}
            (i32.const 32)))"#,
        manifest.len()
    );
    let mut module = wat::parse_str(module).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_source("policy.wit", include_str!("../../wit/policy.wit")).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let component = ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap();
    std::fs::write(desk.path("guest.wasm"), component).unwrap();
    "guest.wasm".to_owned()
}

#[test]
fn a_bench_measures_every_batch_in_fresh_and_used_sandboxes() {
    let told = bench(&Desk::new(), &[&component("account_risk.wasm")]);
    let policy = &told["policies"][0];
    let judged = policy["judged"].as_array().unwrap();
    let shape: Vec<_> =
        judged.iter().map(|cost| (cost["sandbox"].as_str().unwrap(), cost["batch"].as_u64().unwrap())).collect();
    let expected = ["fresh", "used"].map(|sandbox| [1, 16, 64, 256].map(|batch| (sandbox, batch))).concat();
    assert_eq!(shape, expected);
    assert!(judged.iter().all(|cost| cost["ns"].as_f64().unwrap() > 0.0), "{policy}");
    // what a call costs is shared by its rows, and a used sandbox saves its start
    let fuel = fuel(policy);
    assert!(fuel[..4].is_sorted_by(|a, b| a > b) && fuel[4..].is_sorted_by(|a, b| a > b), "{fuel:?}");
    assert!(fuel[0] > fuel[4], "{fuel:?}");
    let alone = &policy["fuel_alone"];
    assert!(
        alone["median"].as_u64() <= alone["worst"].as_u64() && alone["worst"].as_u64().unwrap() < 10_000,
        "{alone}"
    );
    assert_eq!(policy["memory"], serde_json::json!({ "start": 65_536, "end": 65_536 }));
    assert!(policy["instantiate_ns"].as_f64().unwrap() > 0.0 && policy["bytes"].as_u64().unwrap() > 1_000, "{policy}");
    assert_eq!((&told["rows"], &told["budget"], &told["rounds"]), (&1_024.into(), &1_000_000.into(), &1.into()));
}

#[test]
fn fuel_is_the_same_in_every_run_of_a_seed() {
    let desk = Desk::new();
    let file = component("velocity.wasm");
    let run = |seed: &str| {
        let told = bench(&desk, &[&file, "--seed", seed]);
        (fuel(&told["policies"][0]), told["policies"][0]["fuel_alone"].clone())
    };
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}

#[test]
fn a_policy_beside_itself_costs_and_answers_the_same() {
    let desk = Desk::new();
    let file = component("script_detector.wasm");
    let told = bench(&desk, &[&file, "--compare", &file]);
    let [a, b] = [0, 1].map(|at| &told["policies"][at]);
    assert_eq!((fuel(a), &a["fuel_alone"], &a["memory"]), (fuel(b), &b["fuel_alone"], &b["memory"]));
    assert_eq!((&told["answers_differ"], &told["same_rows"]), (&0.into(), &true.into()));

    let output = desk.succeed(["bench", "--rounds", "1", &file, "--compare", &file]);
    let table = text(&output.stdout);
    assert!(table.ends_with("\nanswers: the same to all 1,024\n"), "{table}");
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let columns = lines.find(|columns| columns.starts_with(&["fresh", "256"])).unwrap();
    assert_eq!((columns.len(), columns[5] == columns[6], columns[7]), (8, true, "1.00"), "{table}");
}

#[test]
fn another_version_is_told_apart_by_its_answers() {
    let desk = Desk::new();
    let other = with_another_default(&desk);
    let told = bench(&desk, &[&component("account_risk.wasm"), "--compare", &other]);
    let differ = told["answers_differ"].as_u64().unwrap();
    assert!((1..500).contains(&differ), "{differ}");
    assert_eq!((&told["policies"][0]["version"], &told["policies"][1]["version"]), (&"0.1.0".into(), &"0.2.0".into()));
}

#[test]
fn policies_of_other_inputs_judge_rows_of_their_own() {
    let told = bench(&Desk::new(), &[&component("velocity.wasm"), "--compare", &component("account_risk.wasm")]);
    assert_eq!((&told["same_rows"], &told["answers_differ"]), (&false.into(), &Value::Null));
}

#[test]
fn transactions_that_fault_are_left_out_and_told() {
    let desk = Desk::new();
    let twos_trap = "(loop $next
        (if (i64.eq (i64.load (i32.add (i32.load offset=4 (local.get $in)) (i32.shl (local.get $row) (i32.const 3)))) (i64.const 2))
            (then unreachable))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $row) (i32.load (local.get $in)))))";
    let file = guest(&desk, twos_trap);
    let told = bench(&desk, &[&file]);
    let trapped = told["policies"][0]["left_out"]["trap"].as_u64().unwrap();
    assert!((100..3_000).contains(&trapped) && told["rows"] == 1_024, "{told}");
    let output = desk.succeed(["bench", "--rounds", "1", &file]);
    assert!(text(&output.stdout).contains(&format!("left out, because it ends them in a fault: {trapped} trap")));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let desk = Desk::new();
    let told = refused(&desk, &[&guest(&desk, "unreachable")]);
    assert!(told.contains("each of 4096 transactions that guest allows ends in a fault, such as: trap"), "{told}");
    let told = refused(&desk, &[&guest(&desk, "(if (i32.gt_u (global.get $calls) (i32.const 1)) (then unreachable))")]);
    assert!(told.contains("it keeps something from call to call"), "{told}");

    desk.write("text.wasm", "not WebAssembly");
    let told = refused(&desk, &["text.wasm"]);
    assert!(told.starts_with("error: text.wasm would be refused by a host: this is not WebAssembly"), "{told}");
    let told = refused(&desk, &["gone.wasm"]);
    assert!(
        told.starts_with(
            "error: gone.wasm cannot be read: No such file or directory (os error 2); build it with `sandgate build`"
        ),
        "{told}"
    );
    std::fs::write(desk.path("other.wasm"), wat::parse_str("(component)").unwrap()).unwrap();
    let told = refused(&desk, &[&component("velocity.wasm"), "--compare", "other.wasm"]);
    assert!(told.starts_with("error: other.wasm would be refused by a host: the component exports nothing"), "{told}");
    let output = desk.run(["bench", "text.wasm", "--budget", "2h"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("must be from 1us to 1s"), "{}", text(&output.stderr));
}
