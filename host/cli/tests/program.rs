//! The program as cargo builds it. That there is a test of it here has cargo
//! build it before any test of the workspace runs: the tests of policies drive it.

use std::process::Command;

#[test]
fn the_program_tells_its_version_and_its_verbs() {
    let says = |argument| {
        let output = Command::new(env!("CARGO_BIN_EXE_sandgate")).arg(argument).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(says("--version").trim(), concat!("sandgate ", env!("CARGO_PKG_VERSION")));
    let help = says("--help");
    for verb in ["run", "build", "test", "harness", "check"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(verb)), "{verb} is not in\n{help}");
    }
}
