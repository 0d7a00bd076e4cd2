//! A program that is not there, dies, or says what nobody understands: the test
//! that needed it fails with all that is known. The client finds its program by
//! the environment, so this test runs itself again in another one.

use crate::failure;
use sandgate_harness::{Harness, Policy};
use sandgate_tests::{Desk, program, text};
use std::process::Command;

#[test]
fn a_component_that_is_not_there_is_told() {
    assert!(program().is_file(), "the client finds the program beside its test");
    let told = failure(|| drop(Harness::new(&Policy::new("nothing.wasm", "."))));
    assert!(told.starts_with("nothing.wasm: nothing.wasm cannot be read"), "{told}");
}

/// What the test above says where the environment names this program.
fn with(program: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "endings::a_component_that_is_not_there_is_told", "--nocapture"])
        .env("SANDGATE", program)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn a_program_that_fails_is_told_with_what_it_said() {
    let desk = Desk::new();
    let table = [
        ("echo 'no engine for this machine' >&2; exit 3", "ended (exit status: 3) in place of an answer to {\"load\""),
        ("echo 'no engine for this machine' >&2; exit 3", "it said:\nno engine for this machine"),
        ("read line; kill -9 $$", "ended (signal: 9 (SIGKILL)) in place of an answer to {\"load\""),
        ("read line; kill -9 $$", "it said nothing"),
        ("read line; echo hello; read line", "with what is no JSON"),
        ("read line; echo '{}'; read line", "with neither `ok` nor `error`"),
    ];
    for (at, (script, expected)) in table.into_iter().enumerate() {
        let program = desk.path(&format!("program-{at}"));
        // written by another process: a file that this one has open could be inherited, and then not be run
        let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod +x "$1""#;
        let written = Command::new("sh").args(["-c", write, "sh"]).arg(&program).arg(script).status().unwrap();
        assert!(written.success());
        let told = with(program.to_str().unwrap());
        assert!(told.contains(expected), "{script}: {told}");
    }
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let told = with("nowhere/sandgate");
    assert!(told.contains("SANDGATE names nowhere/sandgate, which is no file; name the program `sandgate`"), "{told}");
}

#[test]
fn a_program_ends_with_its_harness() {
    let ended = |id: u32| !std::path::Path::new(&format!("/proc/{id}")).exists();
    let harness = Harness::new(&crate::policy("account_risk.wasm"));
    let id = harness.process();
    assert!(!ended(id));
    drop(harness);
    assert!(ended(id), "it was waited for");
}
