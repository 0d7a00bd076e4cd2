//! `sandgate inspect`: what a component is, for people and for programs, and what
//! no host would take.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, policies, text};
use serde_json::{Value, json};

/// The page of a policy, without what changes with the compiler.
fn page(policy: &str) -> String {
    let component = policies().join(policy);
    let output = Desk::new().succeed(["inspect".as_ref(), component.as_os_str()]);
    let settled = |line: &str| match line.split_whitespace().next() {
        Some("digest") => "  digest        sha256:…\n".to_owned(),
        Some("size") => "  size          … bytes; ".to_owned() + line.split_once("; ").unwrap().1 + "\n",
        _ => line.to_owned() + "\n",
    };
    text(&output.stdout).lines().map(settled).collect()
}

#[test]
fn people_read_what_a_policy_declares() {
    assert_eq!(
        page("subscription_limits.wasm"),
        r#"subscription-limits 0.1.0: Stops subscriptions that are too large or come too fast.

  answers with  rules
  digest        sha256:…
  world         sandgate:policy/policy@0.1.0
  size          … bytes; a sandbox starts with 64 KiB of memory

inputs       kind               allowed    if absent  from
amount       decimal, 4 digits  any        fault      field amount
trade_type   text               any        fault      field trade_type
last_minute  integer            0 or more  0          count by account in the last 1m, where trade_type is "subscribe", "申购" or "认购"
today        integer            0 or more  0          count by account in the running day of Asia/Shanghai, where trade_type is "subscribe", "申购" or "认购"

parameters  kind               allowed         default
largest     decimal, 4 digits  0.0000 or more  1000000.0000
per_minute  integer            0 or more       3
per_day     integer            0 or more       5

reasons       effect  weight  message
LARGE_AMOUNT  block   0       amount {amount} is over {largest}
BURST         block   0       {last_minute} subscriptions in the last minute, {per_minute} allowed
BUSY_DAY      review  0       {today} subscriptions today, {per_day} allowed
"#
    );
}

#[test]
fn a_score_is_told_with_its_scale() {
    let page = page("risk_matrix.wasm");
    let lines = [
        "  answers with  rules and a score",
        "likelihood_levels  list of number  0 to 1, at most 31 of them       []",
        "TABLE_MALFORMED  block, final  0       the risk matrix is malformed: ",
        "score  0 to 1000000, high is risky, and what each input moved it by",
        "       risk: probability x impact, or the table's entry",
    ];
    for line in lines {
        assert!(page.contains(&format!("\n{line}")), "{line}\n{page}");
    }
}

#[test]
fn every_kind_of_window_is_told_in_words() {
    let page = page("every_window.wasm");
    let sources = [
        "sum of amount by account in the 1h that ended 1m ago, its first moment too",
        "mean of amount by account in the running 30m, shifted by 7m",
        "greatest amount by account in the running week of Europe/Berlin",
        "deviation of amount by account in the last 30d, in steps of 1h",
        "distinct values of account by device since the last silence of 30m, at most 1d",
        "last seen by account and device in the last 90d, without this transaction",
        "latest price by account in the last 1d, of source prices",
        "count by account in the last 1h, where amount is at least parameter from and device is not in parameter known",
    ];
    for source in sources {
        assert!(page.contains(&format!("  {source}\n")), "{source}\n{page}");
    }
}

#[test]
fn conditions_on_what_a_tenant_sets_name_it() {
    let page = page("structuring.wasm");
    let source = "  sum of amount by account in the last 1d, where amount is at least parameter piece and amount is below parameter limit\n";
    assert!(page.contains(source), "{page}");
}

#[test]
fn programs_get_the_manifest_as_it_was_told() {
    let component = policies().join("account_risk.wasm");
    let output = Desk::new().succeed(["inspect".as_ref(), component.as_os_str(), "--json".as_ref()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["name"], &told["kind"]), (&json!("account-risk"), &json!("rules")));
    assert_eq!(told["world"], "sandgate:policy/policy@0.1.0");
    assert_eq!(told["size"], std::fs::metadata(&component).unwrap().len());
    assert_eq!((&told["memory"], &told["warnings"]), (&json!(65_536), &json!([])));
    assert_eq!(told["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    assert_eq!(told["manifest"]["schema"], 1);
    assert_eq!(told["manifest"]["inputs"][1]["from"]["tag"]["attribute"], "risk_level");
}

#[test]
fn what_a_host_would_refuse_is_said_once_with_its_mend() {
    let desk = Desk::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(desk.path(name), bytes).unwrap();
    write("module.wasm", b"\0asm\x01\0\0\0");
    write("notes.txt", b"a text file");
    write("empty.wasm", b"");
    let world = wat::parse_str(
        "(component (component $it) (instance $given (instantiate $it)) (export \"wasi:cli/run@0.2.0\" (instance $given)))",
    );
    write("program.wasm", &world.unwrap());
    write("imports.wasm", &wat::parse_str("(component (import \"wasi:cli/environment@0.2.0\" (instance)))").unwrap());
    let cases = [
        (
            "module.wasm",
            "would be refused by a host: this is a core module, not a component; wrap it with `sandgate build`",
        ),
        ("notes.txt", "would be refused by a host: this is not WebAssembly: it does not begin as WebAssembly does"),
        (
            "empty.wasm",
            "would be refused by a host: this is not WebAssembly: the file is empty; build the policy again",
        ),
        (
            "program.wasm",
            "exports `wasi:cli/run@0.2.0`, not `sandgate:policy/policy@0.1.0`; build it against wit/policy.wit",
        ),
        (
            "imports.wasm",
            "imports `wasi:cli/environment@0.2.0`; a policy is pure and has no system around it: build it for",
        ),
        ("nothing.wasm", "nothing.wasm cannot be read: No such file"),
        (".", ". is a folder; name a component, such as `sandgate build .` makes one"),
    ];
    for (file, expected) in cases {
        let output = desk.run(["inspect", file]);
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.contains(expected), "{told}");
        assert!(output.stdout.is_empty());
    }
    let output = desk.run(["inspect", "module.wasm", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told["refused"].as_str().unwrap().starts_with("this is a core module"));
}

#[test]
fn two_inputs_of_one_name_are_refused_by_that_name() {
    // a policy whose guest says so: the name of one input written over that of another
    let mut component = std::fs::read(policies().join("velocity.wasm")).unwrap();
    let (one, other) = (b"\"name\":\"device_hour_sum\"", b"\"name\":\"account_day_sum\"");
    let at = component.windows(one.len()).position(|bytes| bytes == one).unwrap();
    component[at..at + one.len()].copy_from_slice(other);
    let desk = Desk::new();
    std::fs::write(desk.path("twice.wasm"), component).unwrap();
    for verb in [&["inspect", "twice.wasm"][..], &["test", "--component", "twice.wasm", "--cases", "cases"]] {
        let output = desk.run(verb);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("the manifest is not sound: ") && told.contains("account_day_sum"), "{told}");
    }
}
