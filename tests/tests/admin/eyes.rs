//! Four eyes over HTTP, where tokens enforce them, and by the verbs.

use crate::Api;
use sandgate_tests::text;
use serde_json::{Value, json};

fn change(medium: u32) -> Value {
    json!({ "changes": [format!("account-risk.parameters.medium={medium}")], "why": "a spree" })
}

#[test]
fn a_change_by_one_is_approved_by_another() {
    let api = Api::new();
    let operator = api.token("root", "operator", &[]);
    let (ada, bob) = (api.token("ada", "approver", &[]), api.token("bob", "approver", &[]));
    let ada_again = api.token("ada", "approver", &[]);
    let tenant = "/v1/tenants/payments";
    let ask = |asked: bool| {
        let body = json!({ "asked": asked, "why": "as the audit asks" }).to_string();
        api.ask("PUT", &format!("{tenant}/four-eyes"), &operator, Some(&body), &[]).of(200)
    };
    ask(true);
    assert_eq!(api.get(tenant, &ada).of(200)["four_eyes"], true);
    let activate = format!("{tenant}/activate");
    let proposed = api.post(&activate, &ada, &change(500)).of(202);
    assert_eq!((&proposed["outcome"], &proposed["proposal"]), (&"proposed".into(), &1.into()));
    assert_eq!(api.get(tenant, &ada).of(200)["active"], 1, "nothing has changed");
    let shown = api.get(&format!("{tenant}/proposals/1"), &bob).of(200);
    assert_eq!(
        (&shown["stands"], &shown["made_by"], &shown["why"]),
        (&"open".into(), &"ada".into(), &"a spree".into())
    );
    let (next, now) = (shown["document"].as_str().unwrap(), shown["active"].as_str().unwrap());
    assert!(next.contains("500") && next != now);
    let approve = format!("{tenant}/proposals/1/approve");
    for own in [&ada, &ada_again] {
        let problem = api.ask("POST", &approve, own, None, &[]).problem(403, "same-hand");
        assert!(problem["detail"].as_str().unwrap().contains("somebody else"), "{problem}");
    }
    assert_eq!(api.post(&approve, &bob, &json!({ "why": "seen" })).of(200)["generation"], 2);
    api.ask("POST", &approve, &bob, None, &[]).problem(409, "decided");

    // rejected; and overtaken by a brake, which needs one hand
    let reject = |number: u64| api.ask("POST", &format!("{tenant}/proposals/{number}/reject"), &bob, None, &[]);
    api.post(&activate, &ada, &change(400)).of(202);
    assert_eq!(reject(2).of(200)["outcome"], "rejected");
    reject(2).problem(409, "decided");
    reject(9).problem(404, "unknown");
    api.post(&activate, &ada, &change(300)).of(202);
    assert_eq!(api.ask("POST", &format!("{tenant}/rollback"), &operator, None, &[]).of(200)["generation"], 1);
    let problem = api.ask("POST", &format!("{tenant}/proposals/3/approve"), &bob, None, &[]).problem(409, "overtaken");
    assert_eq!(problem["by"], "root");
    let all = api.get(&format!("{tenant}/proposals"), &bob).of(200);
    let stands: Vec<_> = all["proposals"].as_array().unwrap().iter().map(|row| row["stands"].clone()).collect();
    assert_eq!(stands, ["overtaken", "rejected", "approved"]);

    ask(false);
    assert_eq!(api.post(&activate, &ada, &change(200)).of(200)["outcome"], "active");
    assert!(api.verb(&["history", "--verify"]).starts_with("sound"));
}

#[test]
fn the_verbs_respect_them_too() {
    let api = Api::new();
    let activate = ["activate", "payments", "--set", "account-risk.parameters.medium=500", "--as", "ada"];
    assert!(api.verb(&["four-eyes", "payments", "on", "--as", "root"]).starts_with("four eyes: on"));
    assert!(api.verb(&activate).starts_with("Proposed: change 1 of tenant payments"));
    assert!(api.verb(&["proposals", "payments"]).contains("1  open, on revision"));
    assert!(api.verb(&["proposals", "payments", "1"]).contains("name = \"payments\""));
    let own = api.desk.run(["approve", "--config", "sandgate.toml", "payments", "1", "--as", "ada"]);
    assert!(!own.status.success() && text(&own.stderr).contains("somebody else has to approve it"));
    assert!(
        api.verb(&["approve", "payments", "1", "--as", "bob"]).starts_with("Active: tenant payments runs generation 2")
    );
    let more = ["activate", "payments", "--set", "account-risk.parameters.medium=400", "--as", "ada"];
    api.verb(&more);
    assert!(api.verb(&["reject", "payments", "2", "--as", "bob"]).starts_with("rejected: proposal 2"));
    let history = api.verb(&["history"]);
    for words in ["four-eyes payments", "propose payments", "approve payments generation 2, by bob", "reject payments"]
    {
        assert!(history.contains(words), "{words}: {history}");
    }
    // a file that changed does not get past them at the next start of a host
    api.desk.write("tenant.toml", &api.desk.read("tenant.toml").replace("5000", "4000"));
    api.desk.write("one.jsonl", "");
    let run = api.desk.run(["run", "--config", "sandgate.toml", "--from", "one.jsonl", "--to", "out.jsonl"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let status = api.verb(&["status"]);
    assert!(status.contains("payments: generation 2"), "{status}");
}
