//! A decision of a run becomes a case that gives the same answer.

use crate::test;
use sandgate_tests::{Desk, PAYMENTS, account_risk, text};

const RECORDS: &str = r#"{"transaction_id": "t1", "account_id": "a1", "amount": 20000.01, "timestamp": 1767280000}
{"transaction_id": "t2", "account_id": "a1", "amount": 5, "timestamp": 1767280001}
{"transaction_id": "t2", "account_id": "a1", "amount": 5, "timestamp": 1767280001}
{"transaction_id": "t3", "account_id": "a2", "amount": 5, "timestamp": 1767280001}
"#;

fn ran() -> Desk {
    let desk = Desk::with_host(PAYMENTS, &account_risk("parameters = { large = \"15000\" }\n"));
    desk.succeed(["tags", "--config", "sandgate.toml", "set", "account", "a1", "risk_level", "3"]);
    desk.succeed(["tags", "--config", "sandgate.toml", "set", "account", "a2", "risk_level", "high"]);
    desk.write("in.jsonl", RECORDS);
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
    desk
}

fn from(desk: &Desk, position: &str, policy: &str) -> std::process::Output {
    desk.run(["cases", "from", "out.jsonl", "--policy", policy, "--position", position])
}

#[test]
fn a_decision_becomes_a_case_that_passes() {
    let desk = ran();
    for (at, name) in [("0", "first"), ("payments:0:90", "second")] {
        let to = format!("cases/{name}.toml");
        std::fs::create_dir_all(desk.path("cases")).unwrap();
        desk.succeed(["cases", "from", "out.jsonl", "--policy", "account-risk", "--position", at, "--to", &to]);
        // nothing that is there is written over
        assert!(
            !desk
                .run(["cases", "from", "out.jsonl", "--policy", "account-risk", "--position", at, "--to", &to])
                .status
                .success()
        );
    }
    let first = desk.read("cases/first.toml");
    for line in [
        "# From the decision at payments:0:0, whose outcome was block.\n",
        "about = \"what was decided about t1\"\n",
        "at = \"2026-01-01T15:06:40.000Z\"\n",
        "amount = \"20000.0100\"",
        "large = \"15000.0000\"",
        "reasons = [\"LARGE_AMOUNT\"]",
    ] {
        assert!(first.contains(line), "{line} is missing:\n{first}");
    }
    let output = test(&desk, "account_risk.wasm", &[]);
    assert!(
        text(&output.stdout).contains("test result: ok. 2 passed"),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

#[test]
fn what_no_policy_was_judged_on_is_told() {
    let desk = ran();
    let offset = |line: usize| RECORDS.lines().take(line).map(|line| line.len() + 1).sum::<usize>().to_string();
    let table = [
        (from(&desk, "7", "account-risk"), "out.jsonl has no decision at that position"),
        (from(&desk, "0", "account-risks"), "no policy `account-risks` was there at 0; did you mean `account-risk`?"),
        (from(&desk, "nowhere:0:0", "account-risk"), "out.jsonl has no decision at that position"),
        (from(&desk, &offset(2), "account-risk"), "is a repeat, which no policy judged; the first one is at offset 90"),
        (from(&desk, &offset(3), "account-risk"), "was not judged at 256: input `level` "),
        (from(&desk, "x", "account-risk"), "`x` is no whole number"),
    ];
    for (output, told) in table {
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(told), "{told} is missing:\n{}", text(&output.stderr));
    }
}
