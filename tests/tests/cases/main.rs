//! A policy's cases as its author meets them: what `sandgate test` accepts, what
//! it says of a failure, what it fills in, and what it refuses.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod from;
mod refusals;
mod shipped;
mod timelines;

use sandgate_tests::{Desk, policies, text};
use std::process::Output;

/// A desk with these cases.
fn desk(cases: &[(&str, &str)]) -> Desk {
    let desk = Desk::new();
    for (name, case) in cases {
        desk.write(&format!("cases/{name}.toml"), case);
    }
    desk
}

/// Runs the cases of a built component.
fn test(desk: &Desk, component: &str, more: &[&str]) -> Output {
    let component = policies().join(component).display().to_string();
    let arguments = ["test", "--component", &component, "--cases", "cases"];
    desk.run(arguments.iter().chain(more))
}

/// The one JSON document of a run.
fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

const BURST: &str = r#"# Four in a minute.
about = "the fourth subscription of a minute is stopped"

[[step]]
times = 3
every = "10s"
send = { account = "a-1", trade_type = "申购", amount = "100" }
expect = { outcome = "allow" }     # three are fine

[[step]]
at = "+10s"
send = { account = "a-1", trade_type = "申购", amount = "100" }
expect = { outcome = "block", reasons = ["BURST"], inputs = { last_minute = 4, today = 4 } }
"#;

#[test]
fn a_case_that_holds_passes_and_its_reasons_are_counted() {
    let output = test(&desk(&[("burst", BURST)]), "subscription_limits.wasm", &["--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = json(&output);
    assert_eq!(told["policy"], "subscription-limits");
    assert_eq!((&told["passed"], &told["cases"][0]["name"]), (&true.into(), &"burst".into()));
    assert_eq!(told["reasons"]["never"], serde_json::json!(["LARGE_AMOUNT", "BUSY_DAY"]));
    let proofs = &told["proofs"];
    assert_eq!(proofs["purity"]["pure"], true);
    assert!(proofs["purity"]["comparisons"].as_u64().unwrap() > 500, "{proofs}");
    let fuel = |name: &str| proofs["fuel"][name].as_u64().unwrap();
    assert!(
        fuel("median") > 100 && fuel("median") <= fuel("worst") && fuel("worst") < fuel("budget") / 100,
        "{proofs}"
    );
    assert_eq!(proofs["fuel"]["worst_case"], "burst");
}

#[test]
fn a_failure_shows_what_was_expected_what_came_and_why() {
    let wrong = BURST.replace(
        "\"block\", reasons = [\"BURST\"], inputs = { last_minute = 4,",
        "\"allow\", inputs = { last_minute = 5,",
    );
    let output = test(&desk(&[("burst", &wrong)]), "subscription_limits.wasm", &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    let shown = r#"
cases/burst.toml:10, step 2
  - outcome            allow
  + outcome            block
  - input last_minute  5
  + input last_minute  4
    inputs             amount 100.0000, trade_type "申购", last_minute 4, today 4
    reason             BURST: 4 subscriptions in the last minute, 3 allowed
"#;
    assert!(told.contains(shown), "{told}");
    assert!(told.contains("case burst ... FAILED  the fourth subscription of a minute is stopped\n"), "{told}");
    assert!(told.contains("\ntest result: FAILED. 0 passed; 1 failed; finished in "), "{told}");
    assert!(text(&output.stderr).contains("error: the test failed"));
}

#[test]
fn blessed_cases_expect_what_came_and_keep_their_comments() {
    let wrong = BURST.replace(
        "\"block\", reasons = [\"BURST\"], inputs = { last_minute = 4",
        "\"allow\", reasons = [], inputs = { last_minute = 5",
    );
    let blank = "[[step]]\nsend = { amount = 2_000_000, trade_type = \"申购\" }\n\n[[step]]\nsend = { amount = 1, trade_type = \"x\" }\n";
    let desk = desk(&[("burst", &wrong), ("blank", blank)]);
    assert!(test(&desk, "subscription_limits.wasm", &["--bless"]).status.success());
    assert_eq!(desk.read("cases/burst.toml"), BURST);
    assert_eq!(
        desk.read("cases/blank.toml"),
        "[[step]]\nsend = { amount = 2_000_000, trade_type = \"申购\" }\nexpect = { outcome = \"block\", reasons = \
         [\"LARGE_AMOUNT\"] }\n\n[[step]]\nsend = { amount = 1, trade_type = \"x\" }\nexpect = { outcome = \"allow\", \
         reasons = [] }\n"
    );
    assert!(test(&desk, "subscription_limits.wasm", &[]).status.success());
}

#[test]
fn a_record_that_can_be_used_again_or_no_more_is_blessed_whole() {
    let dead = "[fields]\naccount = { kind = \"integer\" }\n\n[[step]]\nsend = { account = \"a\", amount = 1, trade_type = \"x\" }\n";
    let desk = desk(&[
        ("dead", &format!("{dead}expect = {{ outcome = \"allow\", reasons = [] }}\n")),
        ("alive", &format!("{}expect = {{ dead_letter = \"account\" }}\n", dead.replace("\"a\"", "17"))),
    ]);
    assert!(test(&desk, "subscription_limits.wasm", &["--bless"]).status.success());
    assert!(desk.read("cases/dead.toml").ends_with("\nexpect = { dead_letter = \"account\" }\n"));
    assert!(desk.read("cases/alive.toml").ends_with("\nexpect = { outcome = \"allow\", reasons = [] }\n"));
}

#[test]
fn what_is_searched_for_is_offered_and_kept_where_asked() {
    let desk = desk(&[("burst", BURST)]);
    let told = text(&test(&desk, "subscription_limits.wasm", &["--search"]).stdout);
    let offered = "## cases/large_amount_amount.toml\nabout = \"where amount makes LARGE_AMOUNT come or go\"\n";
    assert!(told.contains(offered) && told.contains("\n# just above: amount 1000000.0001\n"), "{told}");
    assert!(!desk.path("cases/large_amount_amount.toml").exists(), "it is only offered");
    assert!(test(&desk, "subscription_limits.wasm", &["--search", "--bless"]).status.success());
    assert!(desk.read("cases/large_amount_amount.toml").contains("amount = \"1000000.0001\""));
    let told = json(&test(&desk, "subscription_limits.wasm", &["--json"]));
    assert_eq!((&told["passed"], &told["reasons"]["never"]), (&true.into(), &serde_json::json!([])));
}

#[test]
fn only_the_cases_that_are_asked_for_run() {
    let desk = desk(&[
        ("burst", BURST),
        ("other", "[[step]]\nsend = { amount = 1, trade_type = \"x\" }\nexpect = { outcome = \"block\" }\n"),
    ]);
    assert!(test(&desk, "subscription_limits.wasm", &["--only", "burs"]).status.success());
    assert_eq!(test(&desk, "subscription_limits.wasm", &[]).status.code(), Some(1));
    let none = text(&test(&desk, "subscription_limits.wasm", &["--only", "brust"]).stdout);
    assert!(none.contains("\nno case has the text of --only in its name; 2 others left out\n"), "{none}");
}

#[test]
fn a_case_that_is_found_takes_no_other_ones_place() {
    let mine = "[[step]]\nsend = { amount = 1, trade_type = \"x\" }\nexpect = { outcome = \"allow\" }\n";
    let desk = desk(&[("large_amount_amount", mine)]);
    let output = test(&desk, "subscription_limits.wasm", &["--search", "--bless"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("\n## cases/large_amount_amount_2.toml\n"), "{}", text(&output.stdout));
    assert_eq!(desk.read("cases/large_amount_amount.toml"), mine);
    assert!(desk.read("cases/large_amount_amount_2.toml").contains("makes LARGE_AMOUNT come or go"));
    let told = json(&test(&desk, "subscription_limits.wasm", &["--json"]));
    assert_eq!((&told["passed"], &told["reasons"]["never"]), (&true.into(), &serde_json::json!([])), "{told}");
}

#[test]
fn a_policy_that_remembers_is_told_what_it_did() {
    let remembers = "[[step]]\nsend = { mood = \"remember\", amount = 1 }\nexpect = { outcome = \"allow\" }\n";
    let output = test(&desk(&[("remembers", remembers)]), "unruly.wasm", &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    for line in [
        "case remembers ... ok\n",
        "the policy is not pure: the same row is answered in two ways",
        "  - case remembers alone in a fresh sandbox: score 0.25\n",
        "  + in a sandbox that was used before: NOTED, score 0.25\n",
        "purity      not pure: other answers in ",
        "test result: FAILED. 1 passed; 0 failed",
    ] {
        assert!(told.contains(line), "{line} is missing:\n{told}");
    }
}
