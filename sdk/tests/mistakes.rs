//! Each mistake is told at the word that is wrong, with the mend.

use std::process::Command;

/// The compiler whose words the expected messages hold besides our own.
const WRITTEN_WITH: &str = "rustc 1.95.";

#[test]
fn mistakes_are_told_at_their_word() {
    let version = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let version = String::from_utf8_lossy(&version);
    if !version.starts_with(WRITTEN_WITH) {
        println!("skipped: the messages were written down with {WRITTEN_WITH}x, and this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}
