//! `docs/admin-api.md`: its commands are run as they stand there, and answer as it says.

use crate::{Api, component};
use sandgate_tests::{root, text};
use std::process::Command;

/// A text without what differs from run to run: digests.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("sha256:") {
        masked.push_str(before);
        masked.push_str("sha256:…");
        rest = behind.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '…');
    }
    masked + rest
}

#[test]
fn the_page_shows_what_happens() {
    assert!(!component().is_empty());
    let page = std::fs::read_to_string(root().join("docs/admin-api.md")).unwrap();
    let api = Api::new();
    let mut commands = 0;
    for block in page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        for said in block.split("$ ").skip(1) {
            // a command may have a `$ ` in none of its parts
            let (command, expected) = said.split_once('\n').unwrap();
            let script = format!(
                "sandgate() {{ {:?} \"$@\"; }}\n{}",
                sandgate_tests::program(),
                command.replace("127.0.0.1:9465", &api.address)
            );
            let output = Command::new("bash").args(["-c", &script]).current_dir(api.desk.path("")).output().unwrap();
            assert!(output.status.success(), "{command}: {}", text(&output.stderr));
            let answered = masked(text(&output.stdout).trim_end());
            assert_eq!(answered, masked(expected.trim_end()), "{command}");
            commands += 1;
        }
    }
    assert_eq!(commands, 8, "all commands of the page are run");
}
