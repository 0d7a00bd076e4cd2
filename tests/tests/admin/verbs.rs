//! The verbs over HTTP: what they print is what they print over the registry itself.

use crate::Api;
use sandgate_tests::{policies, root, text};
use serde_json::Value;
use std::process::{Command, Output};

/// Runs a verb over the API with a token of the environment.
fn run(api: &Api, token: &str, words: &[&str]) -> Output {
    let mut command = Command::new(sandgate_tests::program());
    command.args(words).args(["--api", &format!("http://{}", api.address)]);
    command.current_dir(api.desk.path("")).env("SANDGATE_TOKEN", token).output().unwrap()
}

fn done(api: &Api, token: &str, words: &[&str]) -> String {
    let output = run(api, token, words);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn what_the_verbs_print_over_http_is_what_they_print_over_sql() {
    let api = Api::new();
    let (ada, root_token) = (api.token("ada", "operator", &[]), api.token("root", "operator", &[]));
    let component = policies().join("account_risk.wasm").display().to_string();
    let cases = root().join("policies/account-risk/cases").display().to_string();
    let said = done(&api, &ada, &["push", &component, "--cases", &cases, "--why", "with its cases"]);
    assert!(said.starts_with("changed: account-risk 0.1.0, sha256:"), "{said}");
    let change = ["activate", "payments", "--set", "account-risk.parameters.medium=500", "--why", "a spree"];
    let output = run(&api, &ada, &change);
    assert!(text(&output.stderr).contains("of fuel at most in its cases"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("Active: tenant payments runs generation 2 (revision"));
    assert!(done(&api, &ada, &change).starts_with("Unchanged: tenant payments runs generation 2"));
    // another file, whose component is not known by its path anywhere else
    let file = api.desk.read("tenant.toml").replace("5000", "400");
    api.desk.write("other.toml", &file);
    let said = done(&api, &ada, &["activate", "payments", "--file", "other.toml", "--check"]);
    assert!(said.starts_with("nothing stands in the way of tenant payments as sha256:"), "{said}");
    assert!(done(&api, &ada, &["activate", "payments", "--file", "other.toml"]).contains("generation 3"));
    assert!(done(&api, &ada, &["rollback", "payments", "--to", "1"]).contains("runs generation 1"));
    assert!(
        done(&api, &ada, &["freeze", "payments", "--why", "the sale"]).starts_with("frozen: tenant payments, which")
    );
    assert!(done(&api, &ada, &["freeze", "payments", "--lift"]).starts_with("lifted"));
    assert!(done(&api, &ada, &["four-eyes", "payments", "on"]).starts_with("four eyes: on"));
    assert!(done(&api, &ada, &change).starts_with("Proposed: change 1 of tenant payments"));
    let own = run(&api, &ada, &["approve", "payments", "1"]);
    assert!(!own.status.success() && text(&own.stderr).contains("somebody else has to approve it"));
    assert!(done(&api, &root_token, &["approve", "payments", "1"]).contains("runs generation 4"));
    done(&api, &ada, &["activate", "payments", "--set", "account-risk.parameters.medium=300"]);
    assert!(done(&api, &root_token, &["reject", "payments", "2"]).starts_with("rejected: proposal 2"));

    for words in [
        &["policies"][..],
        &["policies", "--json"],
        &["status"],
        &["history"],
        &["history", "--tenant", "payments"],
        &["history", "--verify"],
        &["proposals", "payments"],
    ] {
        assert_eq!(done(&api, &ada, words), api.verb(words), "{words:?}");
    }
    let mine: Value = serde_json::from_str(&done(&api, &ada, &["status", "--json"])).unwrap();
    assert_eq!(mine["tenants"][0]["active"], 4);
}

#[test]
fn what_stands_in_the_way_is_told_as_over_sql() {
    let api = Api::new();
    let ada = api.token("ada", "author", &[]);
    let refused = |token: &str, words: &[&str], told: &str| {
        let output = run(&api, token, words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains(told), "{words:?}: {errors}");
        assert!(token.is_empty() || !errors.contains(token), "{errors}");
    };
    let set = ["activate", "payments", "--set", "account-risk.parameters.medum=1"];
    refused(&ada, &set, "refused at the step resolve: line");
    refused(&ada, &["rollback", "payments"], "this needs the role operator");
    refused("", &["status"], "there is no token");
    refused("nonsense", &["status"], "form of a token");
    refused(&ada, &["token", "list"], "speaks to the registry itself");
    refused(&ada, &["history", "--verify", "--head", &"0".repeat(64)], "does not fit");
    let both = run(&api, &ada, &["status", "--config", "sandgate.toml"]);
    assert_eq!(both.status.code(), Some(2), "{}", text(&both.stderr));
}
