//! What the tool `cargo component` makes of a policy is as good as what `sandgate
//! build` makes: a host takes it, and it answers alike. Where the tool is not
//! installed there is nothing to compare, and the test says so; CI installs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, policies, program, root, shipped, text};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where this is set, a tool that is missing is a failure.
const REQUIRED: &str = "SANDGATE_TESTS_REQUIRE_CARGO_COMPONENT";

/// Whether the tool is there.
#[expect(clippy::disallowed_methods, reason = "only whoever runs the tests knows whether they may leave something out")]
fn is_installed() -> bool {
    let found =
        Command::new("cargo").args(["component", "--version"]).output().is_ok_and(|asked| asked.status.success());
    assert!(found || std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and cargo-component is not installed");
    if !found {
        // straight to standard error, because what a test that passes prints is not shown
        let told = "note: cargo-component is not installed, so nothing is compared with it (scripts/cargo-component)\n";
        std::io::stderr().write_all(told.as_bytes()).unwrap();
    }
    found
}

/// Builds with the tool, beside the rest, so that no macro is compiled again;
/// says where the components are.
fn build(arguments: &[&str], folder: &Path) -> PathBuf {
    let target = program().ancestors().nth(2).unwrap();
    let built = Command::new("cargo")
        .args(["component", "build", "--release", "--target", "wasm32-unknown-unknown"])
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", text(&built.stderr));
    target.join("wasm32-unknown-unknown/release")
}

/// What a component says to these requests.
fn answers(component: &Path, requests: &[Value]) -> Vec<Value> {
    let mut harness =
        Command::new(program()).arg("harness").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let load = json!({ "load": { "component": component } });
    let lines: String = [&load].into_iter().chain(requests).map(|request| format!("{request}\n")).collect();
    harness.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = harness.wait_with_output().unwrap();
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_shipped_policy_answers_alike() {
    if !is_installed() {
        return;
    }
    let names = shipped();
    // built before, because both tools write to the same place on their way
    let by_sandgate = policies();
    let arguments: Vec<&str> = names.iter().flat_map(|name| ["-p", name]).collect();
    let by_tool = build(&arguments, root());
    let requests: Vec<Value> = (0..4).map(|seed| json!({ "rows": { "count": 200, "seed": seed } })).collect();
    for name in &names {
        let file = name.replace('-', "_") + ".wasm";
        let (one, other) = (by_sandgate.join(&file), by_tool.join(&file));
        let (one, other) = (answers(&one, &requests), answers(&other, &requests));
        assert_eq!(other[0]["ok"]["manifest"], one[0]["ok"]["manifest"], "{name}");
        assert_eq!(other[0]["ok"]["name"], name.as_str(), "a host takes it");
        assert_eq!((one.len(), &one[1..]), (5, &other[1..]), "{name}");
        assert!(one[1..].iter().all(|answer| answer["ok"]["rows"]["count"] == 200), "{name}: {one:?}");
    }
    // what the tool built in the same folder is not taken for our own
    let (desk, policy) = (Desk::new(), root().join("policies/velocity"));
    desk.succeed(["build".as_ref(), policy.as_os_str(), "--to".as_ref(), "again.wasm".as_ref()]);
    let before = std::fs::read(by_sandgate.join("velocity.wasm")).unwrap();
    assert!(std::fs::read(desk.path("again.wasm")).unwrap() == before, "the components differ");
}

#[test]
fn a_new_policy_builds_and_passes_its_cases() {
    if !is_installed() {
        return;
    }
    for kind in ["rules", "scoring"] {
        let desk = Desk::new();
        desk.succeed(["new", "card-limits", "--kind", kind]);
        // the versions that are here already, so that nothing is fetched
        std::fs::copy(root().join("Cargo.lock"), desk.path("card-limits/Cargo.lock")).unwrap();
        let component = build(&[], &desk.path("card-limits")).join("card_limits.wasm");
        let tested = desk.succeed(["test", "--component", component.to_str().unwrap(), "--cases", "card-limits/cases"]);
        assert!(text(&tested.stdout).contains("\ntest result: ok. "), "{}", text(&tested.stdout));
    }
}
