//! A day in the life of a change, verb by verb, and what refuses one at each step.

use crate::{desk, done, verb};
use sandgate_tests::{Desk, policies, text};
use serde_json::Value;
use std::fs;

const PAYMENT: &str = r#"{"transaction_id":"t1","account_id":"a","timestamp":1774735200,"amount":"600.00"}"#;

/// Judges one payment into a file of its own; answers outcome and generation.
fn judged(desk: &Desk, to: &str) -> (String, u64) {
    desk.write("one.jsonl", &format!("{PAYMENT}\n"));
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "one.jsonl", "--to", to, "--force"]);
    let decision = desk.json_lines(to).remove(0);
    (decision["outcome"].as_str().unwrap_or_default().to_owned(), decision["generation"].as_u64().unwrap_or(0))
}

#[test]
fn a_change_goes_from_push_to_active_and_back() {
    let desk = desk();
    assert_eq!(judged(&desk, "first.jsonl"), ("allow".to_owned(), 1));
    // a parameter alone is a generation without a new component
    let said =
        done(&desk, &["activate", "payments", "--set", "account-risk.parameters.medium=500", "--why", "a spree"]);
    assert!(said.starts_with("Active: tenant payments runs generation 2"), "{said}");
    let said = done(&desk, &["activate", "payments", "--set", "account-risk.parameters.medium=500"]);
    assert!(said.starts_with("Unchanged"), "{said}");
    // a restart does not undo it, although the file says otherwise
    assert_eq!(judged(&desk, "second.jsonl"), ("block".to_owned(), 2));
    // a policy with its cases
    let component = policies().join("account_risk.wasm");
    let cases = sandgate_tests::root().join("policies/account-risk/cases");
    let (component, cases) = (component.display().to_string(), cases.display().to_string());
    let said = done(&desk, &["push", &component, "--cases", &cases, "--why", "with its cases"]);
    assert!(said.starts_with("changed: account-risk"), "{said}");
    assert!(done(&desk, &["policies"]).contains("cases"));
    let said = done(&desk, &["activate", "payments", "--set", "account-risk.fallback=block"]);
    assert!(said.contains("generation 3"), "{said}");
    // back, and no change for now
    assert!(done(&desk, &["rollback", "payments", "--to", "1"]).contains("generation 1"));
    assert_eq!(judged(&desk, "third.jsonl"), ("allow".to_owned(), 1));
    assert!(done(&desk, &["freeze", "payments", "--why", "the sale"]).starts_with("frozen"));
    let (status, _, errors) = verb(&desk, &["activate", "payments", "--set", "account-risk.fallback=allow"]);
    assert!(status == 1 && errors.contains("frozen"), "{errors}");
    assert!(done(&desk, &["rollback", "payments"]).contains("generation 3"));
    done(&desk, &["freeze", "payments", "--lift"]);
    let status: Value = serde_json::from_str(&done(&desk, &["status", "--json"])).unwrap();
    assert_eq!(status["tenants"][0]["active"], 3);
    // runs that have ended run nothing
    assert_eq!(status["tenants"][0]["hosts"], serde_json::json!([]));
    let history = done(&desk, &["history", "--tenant", "payments"]);
    for words in
        ["import payments generation 1", "activate payments generation 2", ": a spree", "rollback", "freeze", "lift"]
    {
        assert!(history.contains(words), "{words}: {history}");
    }
    let sound = done(&desk, &["history", "--verify"]);
    let head = sound.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    done(&desk, &["history", "--verify", "--head", &head]);
    let (status, _, errors) = verb(&desk, &["history", "--verify", "--head", &"0".repeat(64)]);
    assert!(status == 1 && errors.contains("does not fit"), "{errors}");
}

#[test]
fn a_tenants_file_is_taken_until_somebody_changes_the_tenant_otherwise() {
    let desk = desk();
    judged(&desk, "first.jsonl");
    let file = desk.read("tenant.toml");
    desk.write("tenant.toml", &file.replace("\"5000\"", "\"500\""));
    assert_eq!(judged(&desk, "second.jsonl"), ("block".to_owned(), 2));
    done(&desk, &["rollback", "payments", "--to", "1"]);
    desk.write("tenant.toml", &file.replace("\"5000\"", "\"400\""));
    assert_eq!(judged(&desk, "third.jsonl"), ("allow".to_owned(), 1));
    // handed back to its file
    done(&desk, &["activate", "payments", "--file", "tenant.toml"]);
    assert_eq!(judged(&desk, "fourth.jsonl"), ("block".to_owned(), 3));
    desk.write("tenant.toml", &file);
    assert_eq!(judged(&desk, "fifth.jsonl"), ("allow".to_owned(), 4));
}

#[test]
fn each_step_refuses_with_its_name_and_a_mend_and_nothing_changes() {
    let desk = desk();
    judged(&desk, "first.jsonl");
    let wrong = |words: &[&str], told: &[&str]| {
        let (status, _, errors) = verb(&desk, &[&["activate"], words].concat());
        assert_eq!(status, 1, "{words:?}: {errors}");
        told.iter().for_each(|told| assert!(errors.contains(told), "{told}: {errors}"));
    };
    wrong(&["payments", "--set", "account-risk.component=0123456789"], &["no policy was pushed", "sandgate policies"]);
    let nobody = format!("account-risk.component=sha256:{}", "7".repeat(64));
    wrong(&["payments", "--set", &nobody], &["at the step fetch", "sandgate push"]);
    wrong(&["payments", "--set", "account-risk.parameters.medum=1"], &["at the step resolve", "did you mean `medium`"]);
    wrong(&["payments", "--set", "account-risk.parameters.medium=-1"], &["at the step resolve", "minimum"]);
    wrong(&["payments", "--set", "account-risk.nonsense=1"], &["at the step resolve", "nonsense"]);
    wrong(&["somebody", "--set", "account-risk.fallback=block"], &["has no tenant somebody yet"]);
    wrong(&["somebody", "--file", "tenant.toml"], &["is of tenant payments, not of somebody"]);
    wrong(
        &["payments", "--expect", "77", "--set", "account-risk.fallback=block"],
        &["was changed meanwhile", "revision"],
    );
    // its own cases cost more than the budget that the tenant gives it
    let component = policies().join("account_risk.wasm").display().to_string();
    let cases = sandgate_tests::root().join("policies/account-risk/cases").display().to_string();
    done(&desk, &["push", &component, "--cases", &cases]);
    wrong(&["payments", "--set", "account-risk.fuel=100"], &["at the step cases", "of fuel, and its budget is 100"]);
    // a case that goes otherwise than its author says
    desk.write(
        "cases/wrong.toml",
        &fs::read_to_string(sandgate_tests::root().join("policies/account-risk/cases").join(first_case()))
            .unwrap()
            .replace("outcome = \"block\"", "outcome = \"allow\""),
    );
    done(&desk, &["push", &component, "--cases", "cases"]);
    wrong(
        &["payments", "--set", "account-risk.fallback=block"],
        &["at the step cases", "wrong.toml", "expected allow, got block"],
    );
    // a component that no host takes
    desk.write("broken.wasm", "no component");
    let file = desk.read("tenant.toml");
    desk.write("broken.toml", &file.replace(&format!("{:?}", policies().join("account_risk.wasm")), "\"broken.wasm\""));
    wrong(&["payments", "--file", "broken.toml"], &["at the step resolve", "is refused"]);
    assert_eq!(judged(&desk, "second.jsonl"), ("allow".to_owned(), 1));
    let status: Value = serde_json::from_str(&done(&desk, &["status", "--json"])).unwrap();
    assert_eq!(status["tenants"][0]["active"], 1);
}

/// The name of a case in which account-risk blocks.
fn first_case() -> String {
    let folder = fs::read_dir(sandgate_tests::root().join("policies/account-risk/cases")).unwrap();
    let mut names: Vec<_> = folder.flatten().map(|file| file.path()).collect();
    names.sort();
    let blocks = |file: &&std::path::PathBuf| fs::read_to_string(file).unwrap().contains("outcome = \"block\"");
    names.iter().find(blocks).unwrap().file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn a_host_starts_with_what_was_active_while_its_registry_is_away() {
    let desk = desk();
    done(&desk, &["tags", "get", "account", "somebody else"]);
    judged(&desk, "first.jsonl");
    done(&desk, &["activate", "payments", "--set", "account-risk.parameters.medium=500"]);
    judged(&desk, "second.jsonl");
    // nobody listens there
    let file = desk.read("sandgate.toml");
    desk.write("sandgate.toml", &file.replace("sqlite:control.db", "postgres://nobody@127.0.0.1:1/nothing"));
    assert_eq!(judged(&desk, "third.jsonl"), ("block".to_owned(), 2));
    // and where nothing is known on the disk, it says so
    fs::remove_dir_all(desk.path("state/control")).unwrap();
    let output = desk.run(["run", "--config", "sandgate.toml", "--from", "one.jsonl", "--to", "fourth.jsonl"]);
    let told = text(&output.stderr);
    assert!(
        !output.status.success() && told.contains("nothing is known of tenant payments on this host's disk"),
        "{told}"
    );
}
