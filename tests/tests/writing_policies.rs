//! `docs/writing-policies.md` leads from an empty folder to a judged transaction:
//! its files and its commands, as they stand there, in an empty folder. (That the
//! policy's own tests pass is a test of the SDK.)
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, program, root, text};
use std::process::Command;

/// The document's files (a block behind a line that begins with the name) and
/// its commands (lines of `text` blocks that call a tool).
fn steps() -> (Vec<(String, String)>, Vec<String>) {
    let document = std::fs::read_to_string(root().join("docs/writing-policies.md")).unwrap();
    let (tutorial, _) = document.split_once("\n## What a policy may read").unwrap();
    let (mut files, mut commands) = (Vec::new(), Vec::new());
    let mut lines = tutorial.lines();
    let mut name = None;
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if fence.is_empty() || fence == "text" || fence == "sh" {
                commands.extend(block.iter().filter(|line| line.starts_with("sandgate ")).map(|line| line.to_string()));
            } else if let Some(name) = name.take() {
                files.push((name, block.join("\n") + "\n"));
            }
        } else if let Some((first, _)) = line.strip_prefix('`').and_then(|line| line.split_once('`')) {
            name = Some(first.to_owned()).filter(|name| name.contains('.'));
        }
    }
    (files, commands)
}

/// What the document says that `sandgate build` prints.
fn printed() -> String {
    let document = std::fs::read_to_string(root().join("docs/writing-policies.md")).unwrap();
    let (_, block) = document.split_once("```text\nnight-transfers 1.0.0: ").unwrap();
    format!("night-transfers 1.0.0: {}", block.split_once("```").unwrap().0)
}

/// That text without what another compiler changes: the size and the digest.
fn settled(printed: &str) -> Vec<&str> {
    let cut = |line| match str::split_once(line, "sha256:") {
        Some((head, _)) => head,
        None if line.ends_with(" KiB)") => line.split_once(" (").map_or(line, |(head, _)| head),
        None => line,
    };
    printed.lines().map(cut).collect()
}

#[test]
fn a_stranger_who_follows_it_sees_his_policy_judge() {
    let (files, commands) = steps();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Cargo.toml", "build.rs", "src/lib.rs", "sandgate.toml", "payments.toml", "in.jsonl"]);
    let desk = Desk::new();
    for (name, content) in &files {
        let of_crate = ["Cargo.toml", "build.rs", "src/lib.rs"].contains(&name.as_str());
        let folder = if of_crate { "night-transfers/" } else { "" };
        desk.write(&format!("{folder}{name}"), &content.replace("../sandgate/", &format!("{}/", root().display())));
    }
    // the versions that are here already, so that nothing is fetched
    std::fs::copy(root().join("Cargo.lock"), desk.path("night-transfers/Cargo.lock")).unwrap();
    let target = program().ancestors().nth(2).unwrap();
    assert_eq!(commands.len(), 4, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let output = Command::new(program())
            .args(&words)
            .current_dir(desk.path("."))
            .env("CARGO_TARGET_DIR", target)
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}\n{}", text(&output.stderr));
        if words[0] == "build" {
            assert_eq!(settled(&text(&output.stdout)), settled(&printed()), "the document shows what is printed");
        }
    }
    let decisions = desk.json_lines("out.jsonl");
    let outcomes: Vec<&str> = decisions.iter().map(|decision| decision["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["block", "allow", "block"]);
    assert_eq!(decisions[0]["reasons"][0]["message"], "2000.01 between 23:00 and 06:00 is over 2000.00");
    let component = std::fs::metadata(desk.path("night_transfers.wasm")).unwrap().len();
    assert!(component < 16 * 1024, "the document says about 10 KB: {component}");
}
