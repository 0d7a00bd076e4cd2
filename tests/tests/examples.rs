//! The examples work: every command of their READMEs, as a reader types it, and
//! what the READMEs say of each record is what was decided.
#![expect(clippy::expect_used, reason = "what a test stands on must be there, or the test has failed")]

use sandgate_tests::{policies, program, root, text};
use serde_json::Value;
use std::process::Command;

/// Runs the commands of an example's README, which write into this folder, and
/// answers with what they wrote.
fn typed(example: &str, folder: &str) -> String {
    let made = root().join("target").join(folder);
    if made.exists() {
        std::fs::remove_dir_all(&made).expect("what an earlier run made goes");
    }
    let readme = std::fs::read_to_string(root().join("examples").join(example).join("README.md")).expect("a README");
    let mut commands = String::new();
    for block in readme.split("```sh\n").skip(1) {
        commands.push_str(block.split("```").next().unwrap_or_default());
    }
    // the policies are built where the examples look for them
    assert!(policies().is_dir() && commands.contains("sandgate build "), "{commands}");
    let commands: String =
        commands.lines().filter(|line| !line.starts_with("sandgate build ")).flat_map(|line| [line, "\n"]).collect();
    assert!(commands.lines().count() >= 4, "{commands}");
    let program = program().display();
    let script = format!("sandgate() {{ '{program}' \"$@\"; }}\nexport SANDGATE='{program}'\n{commands}");
    let done = Command::new("bash").args(["-euc", &script]).current_dir(root()).output().expect("bash starts");
    assert!(done.status.success(), "{commands}\n{}\n{}", text(&done.stdout), text(&done.stderr));
    text(&done.stdout)
}

/// What the README says of each record: its id, the outcome, and the reasons.
fn said(example: &str) -> Vec<[String; 3]> {
    let readme = std::fs::read_to_string(root().join("examples").join(example).join("README.md")).expect("a README");
    let (_, table) = readme.split_once("## What is decided\n").expect("a table of what is decided");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, outcome, reasons]: [&str; 4] = cells.try_into().expect("a row of four cells");
        [id, outcome, reasons].map(str::to_owned)
    })
    .collect()
}

/// What was decided about each record, as a README says it.
fn decided(folder: &str) -> Vec<[String; 3]> {
    let decisions = std::fs::read_to_string(root().join("target").join(folder).join("decisions.jsonl"));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = |list: &Value, what: &dyn Fn(&Value) -> String| -> Vec<String> {
        list.as_array().into_iter().flatten().map(what).collect()
    };
    let one = |line: &str| {
        let decision: Value = serde_json::from_str(line).expect("a decision a line");
        let mut reasons = all(&decision["reasons"], &|reason| word(&reason["code"]));
        reasons.extend(all(&decision["faults"], &|fault| format!("fault {}", word(&fault["fault"]))));
        [word(&decision["transaction"]), word(&decision["outcome"]), reasons.join(", ")]
    };
    decisions.expect("decisions").lines().map(one).collect()
}

#[test]
fn each_record_of_the_small_examples_is_decided_as_its_readme_says() {
    for example in ["account-takeover", "card-testing", "credit", "laundering", "sanctions"] {
        typed(example, example);
        let (said, decided) = (said(example), decided(example));
        assert!(said.len() >= 10, "{example}: {said:?}");
        assert_eq!(said, decided, "{example}: what the README says, and what was decided");
    }
}

#[test]
fn payments_are_judged_as_its_readme_says() {
    let told = typed("payments", "payments");
    assert!(told.contains(r#""tenant":"payments""#) && told.contains("block or review"), "{told}");
}

#[test]
fn policies_are_swapped_while_a_host_judges_as_its_readme_says() {
    let told = typed("live-swap", "live-swap");
    for words in [
        "Shadow: generation 2",
        "-> block: ",
        "Active: tenant payments runs generation 2",
        "did you mean `medium`",
        "frozen: tenant payments",
        "sound: ",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_fund_opens_as_its_readme_says() {
    let told = typed("fund-subscriptions", "fund");
    assert!(told.contains(r#""code":"BURST""#), "{told}");
    let readme = std::fs::read_to_string(root().join("examples/fund-subscriptions/README.md")).expect("a README");
    let (_, worth) = readme.split_once("## What it was worth\n```text\n").expect("what it was worth");
    let worth = worth.split("```").next().unwrap_or_default();
    assert!(told.contains(worth), "the README says\n{worth}and this is so:\n{told}");
}
