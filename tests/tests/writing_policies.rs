//! The author's guide: `docs/writing-policies.md` leads from an empty folder to a
//! judged transaction, and does so here, step by step, in an empty folder; what its
//! commands print is what it shows. Its code is compiled by a test of the SDK.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, policies, program, root, text};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a reader does.
#[derive(Debug)]
enum Step {
    /// Writes a file.
    File { name: String, content: String },
    /// Types a command, and sees these lines.
    Command { command: String, shown: Vec<String> },
}

/// The steps of a document: a block behind a line that begins with a file's name is
/// that file; in a block of `console` a command stands behind `$` and its output
/// below it.
fn steps(document: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = document.lines();
    let mut name = None;
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if fence == "console" {
                for line in block {
                    match (line.strip_prefix("$ "), steps.last_mut()) {
                        (Some(command), _) => {
                            steps.push(Step::Command { command: command.to_owned(), shown: Vec::new() });
                        }
                        (None, Some(Step::Command { shown, .. })) => shown.push(line.to_owned()),
                        (None, _) => panic!("{line} is printed by no command"),
                    }
                }
            } else if let Some(name) = name.take() {
                steps.push(Step::File { name, content: block.join("\n") + "\n" });
            }
        } else if let Some((first, _)) = line.strip_prefix('`').and_then(|line| line.split_once('`')) {
            name = Some(first.to_owned()).filter(|name| name.contains('.') && !name.contains(' '));
        } else if !line.is_empty() {
            name = None;
        }
    }
    steps
}

/// Whether lines are as they are shown: `…` stands for any text, and on a line of
/// its own for any lines.
fn is_shown(shown: &[String], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "…" => (0..=lines.len()).any(|skipped| is_shown(rest, &lines[skipped..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, others)| fits(first, line) && is_shown(rest, others))
        }
    }
}

fn fits(shown: &str, line: &str) -> bool {
    let parts: Vec<&str> = shown.split('…').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return shown == line };
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// What a command prints. Nothing is fetched, and what is compiled is compiled
/// beside the rest.
fn typed(command: &str, folder: &Path) -> String {
    let tools = program().parent().unwrap();
    let script = format!("sandgate() {{ '{}' \"$@\"; }}\n{command}", program().display());
    let output = Command::new("bash")
        .args(["-euc", &script])
        .current_dir(folder)
        .env("SANDGATE", program())
        .env("CARGO_TARGET_DIR", tools.parent().unwrap())
        .env("CARGO_NET_OFFLINE", "true")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_stranger_who_follows_the_guide_sees_his_policy_judge() {
    let guide = std::fs::read_to_string(root().join("docs/writing-policies.md")).unwrap();
    let steps = steps(&guide);
    let commands = steps.iter().filter(|step| matches!(step, Step::Command { .. })).count();
    assert!(commands >= 12 && steps.len() - commands >= 7, "{steps:?}");
    let desk = Desk::new();
    follow(&steps, &desk);
    let decisions = desk.json_lines("out.jsonl");
    let outcomes: Vec<&str> = decisions.iter().map(|decision| decision["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["block", "allow", "block"]);
    let component = std::fs::metadata(desk.path("night_transfers.wasm")).unwrap().len();
    assert!(component < 16 * 1024, "the guide says about 10 KB: {component}");
}

/// Types the commands of a document one after the other.
fn follow(steps: &[Step], desk: &Desk) {
    for step in steps {
        match step {
            Step::File { name, content } => desk.write(name, content),
            Step::Command { command, shown } => {
                let printed = typed(command, &desk.path("."));
                let lines: Vec<&str> = printed.lines().collect();
                assert!(
                    is_shown(shown, &lines),
                    "it is shown of `{command}`:\n{}\nbut it printed:\n{printed}",
                    shown.join("\n")
                );
                if command.starts_with("sandgate new") {
                    // the versions that are here already, so that nothing is fetched
                    std::fs::copy(root().join("Cargo.lock"), desk.path("night-transfers/Cargo.lock")).unwrap();
                }
            }
        }
    }
}

#[test]
fn the_pages_print_what_they_show() {
    let desk = Desk::new();
    for component in ["subscription_limits.wasm", "velocity.wasm"] {
        std::fs::copy(policies().join(component), desk.path(component)).unwrap();
    }
    let pages = std::fs::read_dir(root().join("docs/writing")).unwrap().map(|page| page.unwrap().path());
    let mut commands = 0;
    for page in pages {
        let steps: Vec<Step> = steps(&std::fs::read_to_string(page).unwrap());
        let steps: Vec<Step> = steps.into_iter().filter(|step| matches!(step, Step::Command { .. })).collect();
        commands += steps.len();
        follow(&steps, &desk);
    }
    assert!(commands >= 2, "{commands}");
}

#[test]
fn the_case_that_shows_every_key_passes() {
    let page = std::fs::read_to_string(root().join("docs/writing/cases.md")).unwrap();
    let (_, case) = page.split_once("```toml case\n").unwrap();
    let desk = Desk::new();
    desk.write("cases/shown.toml", case.split_once("```").unwrap().0);
    let component = policies().join("subscription_limits.wasm").display().to_string();
    let output = desk.succeed(["test", "--component", &component, "--cases", "cases"]);
    assert!(text(&output.stdout).contains("test result: ok. 1 passed"), "{}", text(&output.stdout));
}

#[test]
fn lines_are_compared_with_what_may_differ_left_out() {
    let shown: Vec<String> = ["a … c", "…", "last"].map(str::to_owned).to_vec();
    assert!(is_shown(&shown, &["a b c", "x", "y", "last"]));
    assert!(is_shown(&shown, &["a  c", "last"]));
    assert!(!is_shown(&shown, &["a b d", "last"]));
    assert!(!is_shown(&shown, &["a b c", "last", "more"]));
    assert!(!fits("ab…ba", "aba"));
}
