//! Schemathesis against the document: whatever it makes up, no answer is a 5xx, and none
//! is outside of the document.

use crate::Api;
use sandgate_tests::{root, text};
use std::process::Command;

#[test]
fn no_answer_is_outside_of_the_document() {
    let script = root().join("scripts/schemathesis");
    let installed = Command::new(&script).arg("--install").output().unwrap();
    if installed.status.code() == Some(3) {
        // there is no Python, or no way to its packages: said aloud, for this proves nothing
        let mut errors = std::io::stderr();
        let _ = std::io::Write::write_all(&mut errors, b"SKIPPED: schemathesis is not here and cannot be installed\n");
        let _ = std::io::Write::write_all(&mut errors, &installed.stderr);
        return;
    }
    assert!(installed.status.success(), "{}", text(&installed.stderr));
    let api = Api::new();
    // something is there to be asked for
    api.verb(&["activate", "payments", "--set", "account-risk.parameters.medium=500", "--as", "ann"]);
    api.verb(&["four-eyes", "payments", "on", "--as", "root"]);
    api.verb(&["activate", "payments", "--set", "account-risk.parameters.medium=400", "--as", "ann"]);
    let token = api.token("schemathesis", "operator", &[]);
    let output = Command::new(&script)
        .args([&format!("http://{}", api.address), &token])
        .current_dir(api.desk.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("Test cases:"), "it has tested something: {said}");
    assert!(api.verb(&["history", "--verify"]).starts_with("sound"));
}
