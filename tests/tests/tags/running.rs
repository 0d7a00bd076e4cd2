//! The program itself with its tags on servers.

use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::servers::{self, unique};
use sandgate_tests::{Desk, PAYMENTS, account_risk, text};
use serde_json::json;

/// A host whose tags are in `sql`, with one policy that reads them.
fn desk(tags: &str) -> Desk {
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    let host = desk.read("sandgate.toml");
    desk.write("sandgate.toml", &format!("{host}\n[tags]\n{tags}\n"));
    desk
}

fn decide(desk: &Desk, account: &str) -> serde_json::Value {
    let line =
        json!({ "transaction_id": unique("t"), "account_id": account, "amount": 20000, "timestamp": 1_767_225_600 });
    desk.write("payments.jsonl", &format!("{line}\n"));
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "payments.jsonl", "--to", "out.jsonl", "--force"]);
    desk.json_lines("out.jsonl").remove(0)
}

#[test]
fn tags_are_loaded_set_looked_at_and_deleted_in_postgres() {
    let url = servers::database();
    let secret = url.split('@').next().unwrap().rsplit(':').next().unwrap();
    let bare = url.replace(&format!(":{secret}@"), "@");
    let desk = desk(&format!("sql = \"{bare}\"\nsql_password = {{ file = \"password\" }}"));
    desk.write("password", &format!("{secret}\n"));
    desk.write("tags.csv", "entity,id,attribute,value\naccount,a,risk_level,3\naccount,b,risk_level,\\N\n");
    let tags = |verb: &[&str]| desk.run([&["tags", "--config", "sandgate.toml"], verb].concat());
    let get = |id: &str| text(&tags(&["get", "account", id, "risk_level"]).stdout);
    assert!(!tags(&["get", "account", "a"]).status.success(), "there are no tables yet");
    let loaded = tags(&["load", "tags.csv"]);
    assert!(loaded.status.success(), "{}", text(&loaded.stderr));
    assert!(!text(&loaded.stderr).contains(secret));
    assert_eq!((get("a"), get("b")), ("3\n".to_owned(), "\\N\n".to_owned()));
    assert!(tags(&["set", "account", "a", "risk_level", "2"]).status.success());
    assert_eq!(get("a"), "2\n");
    assert!(tags(&["delete", "account", "a"]).status.success());
    assert_eq!(tags(&["delete", "account", "a"]).status.code(), Some(1));
    desk.write("password", "wrong-secret\n");
    let refused = tags(&["get", "account", "b"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = text(&refused.stderr);
    assert!(told.contains("refuses us") && !told.contains("secret"), "{told}");
}

#[test]
fn a_host_starts_without_its_database_and_every_decision_says_so() {
    let url = servers::database();
    let proxy = Proxy::to(address(&url));
    let desk = desk(&format!("sql = \"{}\"", proxy.through(&url)));
    let set = ["tags", "--config", "sandgate.toml", "set", "account", "a", "risk_level", "3"];
    desk.succeed(set);
    let decision = decide(&desk, "a");
    assert_eq!(decision["circumstances"], json!([]), "{decision}");
    proxy.set(Manner::Refuse);
    let decision = decide(&desk, "a");
    assert_eq!(decision["circumstances"][0]["what"], "missing-tag", "{decision}");
    let detail = decision["circumstances"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("tag risk_level of account: postgres "), "{detail}");
    let tenant = desk.read("tenant.toml");
    desk.write("tenant.toml", &format!("missing_tag = \"fault\"\n{tenant}"));
    let decision = decide(&desk, "a");
    assert_eq!(decision["faults"][0]["fault"], "input", "{decision}");
    proxy.set(Manner::Pass);
    let decision = decide(&desk, "a");
    assert_eq!((&decision["faults"], &decision["circumstances"]), (&json!([]), &json!([])), "{decision}");
}

#[test]
fn a_tag_of_the_wrong_type_is_a_fault_that_shows_it() {
    let url = servers::database();
    let desk = desk(&format!("sql = \"{url}\""));
    desk.succeed(["tags", "--config", "sandgate.toml", "set", "account", "a", "risk_level", "high"]);
    let decision = decide(&desk, "a");
    let fault = &decision["faults"][0];
    let detail = fault["detail"].as_str().unwrap_or_default();
    assert_eq!(fault["fault"], "input", "{decision}");
    assert!(detail.contains("is a tag with the value \"high\", which is no integer"), "{detail}");
    // another account's is none of its business
    assert_eq!(decide(&desk, "b")["faults"], json!([]));
}
