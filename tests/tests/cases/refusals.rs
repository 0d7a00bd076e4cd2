//! What is wrong with a case is told with its line, its key and the mend, all of
//! it at once, and nothing is run.

use crate::{desk, test};
use sandgate_tests::{Desk, text};

/// Each is a part of a case and what is told about it.
const TABLE: [(&str, &str); 18] = [
    ("abuot = \"x\"", "cases/case.toml:1: abuot: is no key of this table; did you mean `about`?"),
    ("at = \"noon\"", "cases/case.toml:1: at: `noon` "),
    (
        "[[step]]\nat = \"30s\"",
        "cases/case.toml:2: step[0].at: `30s` is neither a time such as \"2026-01-01T09:00:00Z\" nor a length such as \"+30s\"",
    ),
    (
        "[[step]]\nsend = { amuont = 1 }",
        "cases/case.toml:2: step[0].send: the policy reads no field `amuont`; did you mean `amount`? (one that no input reads is declared under [fields])",
    ),
    (
        "[[step]]\nsend = { time = \"2026-01-01T09:00:00Z\" }",
        "step[0].send: the field `time` is set by `at`; take it out of what is sent",
    ),
    (
        "[[step]]\ninputs = { last_minut = 1 }",
        "step[0].inputs: the policy has no input `last_minut`; did you mean `last_minute`?",
    ),
    (
        "[[step]]\ninputs = { today = 1 }\nabsent = [\"today\"]",
        "step[0].inputs: input `today` is both set and absent; keep one",
    ),
    ("[[step]]\nabsent = [\"today\", \"today\"]", "step[0].absent: `today` stands there twice; keep one"),
    (
        "[tags.account.a-1]\nrisk_level = 1\n[[step]]",
        "cases/case.toml:1: tags: the policy reads no tag `risk_level` of an entity `account`; it declares none",
    ),
    ("[[step]]\nsource = \"prices\"", "step[0].source: the policy reads no source `prices`"),
    ("[[step]]\nexpect = { outcome = \"blok\" }", "step[0].expect.outcome: is `blok`; did you mean `block`?"),
    (
        "[[step]]\nexpect = { reasons = [\"BRUST\"] }",
        "step[0].expect.reasons: the policy has no reason `BRUST`; did you mean `BURST`?",
    ),
    ("[[step]]\nexpect = { inputs = { today = \"many\" } }", "step[0].expect.inputs: input `today` must be an integer"),
    ("[[step]]\nexpect = { fault = \"feul\" }", "step[0].expect.fault: is `feul`; did you mean `fuel`?"),
    (
        "[[step]]\nexpect = { score = 1 }",
        "step[0].expect.score: is of a scoring policy, and this one gives no score; take it out",
    ),
    (
        "parameters = { per_minut = 1 }\n[[step]]",
        "cases/case.toml:1: parameters.per_minut: policy `subscription-limits` has no parameter `per_minut`; did you mean `per_minute`?",
    ),
    (
        "[[step]]\ntimes = 60_000\n[[step]]\ntimes = 60_000",
        "cases/case.toml:1: step: sends 120000 records; at most 100000 are allowed in a case",
    ),
    ("[[step]]\nevery = \"1s\"", "step[0].every: is how far apart `times` are; add `times`, or say when with `at`"),
];

#[test]
fn each_mistake_has_its_place_and_its_mend() {
    for (case, told) in TABLE {
        let output = test(&desk(&[("case", case)]), "subscription_limits.wasm", &[]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{case}\n{error}");
        assert!(error.contains(told), "{case}\n{error}");
    }
}

#[test]
fn all_mistakes_of_all_cases_are_told_at_once() {
    let desk =
        desk(&[("a", "[[step]]\nat = \"x\"\nsent = {}\n"), ("b", "no toml"), ("c", "about = \"nothing is sent\"")]);
    let error = text(&test(&desk, "subscription_limits.wasm", &[]).stderr);
    for told in [
        "cases/a.toml:2: step[0].at",
        "cases/a.toml:3: step[0].sent",
        "cases/b.toml:1: is no TOML",
        "cases/c.toml:1: step: is missing",
        "4 problems",
    ] {
        assert!(error.contains(told), "{told} is missing:\n{error}");
    }
}

#[test]
fn a_folder_that_is_not_there_has_no_cases_that_hold() {
    let output = test(&Desk::new(), "subscription_limits.wasm", &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("--cases names cases, which is no folder; name the one that the cases are in"), "{error}");
}

#[test]
fn a_file_that_is_no_policy_is_refused() {
    let desk = Desk::new();
    desk.write("x.wasm", "hello");
    desk.write("cases/a.toml", "[[step]]\n");
    let output = desk.run(["test", "--component", "x.wasm", "--cases", "cases"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("x.wasm would be refused by a host: this is not WebAssembly"),
        "{}",
        text(&output.stderr)
    );
}
