//! The examples work: every command of their READMEs, as a reader types it.
#![expect(clippy::expect_used, reason = "what a test stands on must be there, or the test has failed")]

use sandgate_tests::{policies, program, root, text};
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
    let script = format!("sandgate() {{ '{}' \"$@\"; }}\n{commands}", program().display());
    let done = Command::new("bash").args(["-euc", &script]).current_dir(root()).output().expect("bash starts");
    assert!(done.status.success(), "{commands}\n{}", text(&done.stderr));
    text(&done.stdout)
}

#[test]
fn payments_are_judged_as_its_readme_says() {
    let told = typed("payments", "payments");
    assert!(told.contains(r#""tenant":"payments""#) && told.contains("block or review"), "{told}");
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
