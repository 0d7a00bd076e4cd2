//! The README is true: its commands work, and its session is what the demo shows.
#![expect(clippy::expect_used, reason = "what a test stands on must be there, or the test has failed")]

use sandgate_tests::{policies, program, root, text};
use std::process::Command;

/// The lines of the README's blocks that open with these words.
fn block(opening: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let (mut lines, mut inside) = (Vec::new(), false);
    for line in readme.lines() {
        match line {
            "```" => inside = false,
            line if line == format!("```{opening}") => inside = true,
            line if inside => lines.push(line.to_owned()),
            _ => {}
        }
    }
    lines
}

fn run(command: &str) -> String {
    let output = Command::new("bash")
        .args(["-euc", command])
        .current_dir(root())
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("bash starts");
    assert!(output.status.success(), "{command}\n{}", text(&output.stderr));
    text(&output.stdout)
}

/// The same text without what a clock gave, and without spaces that nobody sees.
fn without_times(line: &str) -> String {
    let timed =
        ["records ", "time in host ", "durable after "].iter().any(|timed| line.trim_start().starts_with(timed));
    let line = if timed {
        line.split(" in ").next().and_then(|line| line.split(" p50 ").next()).unwrap_or(line)
    } else {
        line
    };
    line.trim_end().to_owned()
}

#[test]
fn its_commands_work_and_its_session_is_what_the_demo_shows() {
    std::fs::create_dir_all(root().join("target/demo")).expect("the folder of the demo");
    assert!(policies().is_dir());
    let commands = block("sh run");
    assert!(commands.len() >= 4, "{commands:?}");
    let built = format!("'{}'", program().display());
    for command in commands {
        run(&command.replace("target/release/sandgate", &built));
    }
    // both write the tags of the example, so one goes after the other
    let shown = run(&format!("{built} demo"));
    let shown: Vec<_> = shown.lines().map(without_times).skip_while(String::is_empty).collect();
    let told: Vec<_> = block("text demo").iter().map(|line| without_times(line)).collect();
    assert_eq!(told, shown, "copy what `make demo` shows to the README:\n{}\n", shown.join("\n"));
}
