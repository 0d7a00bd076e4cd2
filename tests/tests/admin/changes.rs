//! A day in the life of a change over HTTP, and what refuses one.

use crate::{Api, component};
use base64::Engine as _;
use sandgate_tests::servers::database;
use serde_json::{Value, json};

fn encoded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn case(name: &str) -> Value {
    let path = sandgate_tests::root().join("policies/account-risk/cases").join(name);
    json!({ "name": name, "text": std::fs::read_to_string(path).unwrap() })
}

#[test]
fn a_change_goes_from_push_to_active_and_back() {
    let api = Api::new();
    let (author, operator) = (api.token("ada", "author", &[]), api.token("bob", "operator", &[]));
    let push = json!({
        "component": encoded(&component()), "cases": [case("large_amounts.toml")], "readme": "# Risk", "why": "a spree",
    });
    // it came with the tenant's file, without cases
    let pushed = api.post("/v1/policies", &author, &push).of(200);
    assert_eq!((&pushed["outcome"], &pushed["name"]), (&"changed".into(), &"account-risk".into()));
    assert_eq!(api.post("/v1/policies", &author, &push).of(200)["outcome"], "known");
    let digest = pushed["digest"].as_str().unwrap();
    let page = api.get("/v1/policies?limit=1", &author).of(200);
    assert_eq!((&page["policies"][0]["digest"], &page["next"]), (&digest.into(), &Value::Null));
    let policy = api.get(&format!("/v1/policies/{}", &digest[7..19]), &author).of(200);
    assert_eq!((&policy["digest"], &policy["manifest"]["name"]), (&digest.into(), &"account-risk".into()));

    let tenant = api.get("/v1/tenants/payments", &author);
    assert_eq!(tenant.header("etag"), "\"2\"");
    assert_eq!(tenant.of(200)["revision"], 2);
    let change = json!({ "changes": ["account-risk.parameters.medium=500"], "why": "a spree", "check": true });
    let path = "/v1/tenants/payments/activate";
    let checked = api.post(path, &author, &change).of(200);
    assert_eq!(checked["outcome"], "checked");
    assert!(checked["notes"][0].as_str().unwrap().contains("of fuel at most in its cases"), "{checked}");
    let mut change = change;
    change["check"] = false.into();
    change["expect"] = 2.into();
    let made = api.post(path, &author, &change);
    let active = made.of(200);
    assert_eq!((&active["outcome"], &active["generation"]), (&"active".into(), &2.into()));
    assert_eq!(made.header("etag"), format!("\"{}\"", active["revision"]));
    // somebody else has seen an older one
    let overtaken = api.post(path, &operator, &change).problem(409, "overtaken");
    assert_eq!((&overtaken["by"], &overtaken["revision"]), (&"ada".into(), &active["revision"]));
    let body = json!({ "to": 1 }).to_string();
    let back = "/v1/tenants/payments/rollback";
    let matched = api.ask("POST", back, &operator, Some(&body), &[("if-match", "\"2\"")]);
    matched.problem(412, "overtaken");
    let tag = made.header("etag");
    let done = api.ask("POST", back, &operator, Some(&body), &[("if-match", tag)]).of(200);
    assert_eq!((&done["outcome"], &done["generation"]), (&"active".into(), &1.into()));
    api.ask("POST", back, &operator, None, &[]).of(200);

    let freeze = "/v1/tenants/payments/freeze";
    assert_eq!(api.post(freeze, &operator, &json!({ "why": "the sale" })).of(200)["outcome"], "active");
    let other = json!({ "changes": ["account-risk.parameters.medium=400"] });
    let frozen = api.post(path, &author, &other).problem(409, "frozen");
    assert!(frozen["detail"].as_str().unwrap().contains("the sale"), "{frozen}");
    api.ask("POST", "/v1/tenants/payments/lift", &operator, None, &[]).of(200);

    // a document as a whole, as it stands in a generation
    let generation = api.get("/v1/tenants/payments/generations/2", &author).of(200);
    let document = generation["document"].as_str().unwrap().replace("500", "300");
    assert_eq!(api.post(path, &author, &json!({ "document": document })).of(200)["generation"], 3);
    let all = api.get("/v1/tenants/payments/generations?limit=2", &author).of(200);
    assert_eq!((&all["generations"][0]["number"], &all["generations"][1]["number"]), (&3.into(), &2.into()));

    // all of it is told, with name and address, and nothing of a secret
    let entries = api.get("/v1/history?tenant=payments&after=0", &author).of(200);
    let entries = entries["entries"].as_array().unwrap();
    let told: Vec<_> = entries.iter().map(|entry| format!("{} {}", entry["action"], entry["actor"])).collect();
    assert!(
        told.contains(&"\"activate\" \"ada\"".to_owned()) && told.contains(&"\"freeze\" \"bob\"".to_owned()),
        "{told:?}"
    );
    assert!(entries.iter().filter(|entry| entry["actor"] == "ada").all(|entry| entry["origin"] == "127.0.0.1"));
    let verified = api.get("/v1/history/verify", &author).of(200);
    assert_eq!((&verified["sound"], &verified["problem"]), (&true.into(), &Value::Null));
    let head = verified["head"].as_str().unwrap();
    assert_eq!(api.get(&format!("/v1/history/verify?head={head}"), &author).of(200)["sound"], true);
    assert!(api.verb(&["history", "--verify"]).contains(head), "the verb says the same");
    let everything = format!("{}{}", api.desk.read("log"), api.verb(&["history", "--json", "--limit", "1000"]));
    for token in [&author, &operator] {
        assert!(!everything.contains(token.rsplit('_').next().unwrap()), "a secret is told");
    }
}

#[test]
fn each_step_refuses_with_its_name_and_nothing_changes() {
    let api = Api::new();
    let author = api.token("ada", "author", &[]);
    let path = "/v1/tenants/payments/activate";
    let refused = |body: Value, step: &str, told: &str| {
        let problem = api.post(path, &author, &body).problem(422, "refused");
        assert_eq!(problem["step"], step, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(told) && problem["mend"].is_string(), "{problem}");
    };
    let changed = |change: &str| json!({ "changes": [change] });
    refused(changed(&format!("account-risk.component=sha256:{}", "7".repeat(64))), "fetch", "sandgate push");
    refused(changed("account-risk.component=0123456789"), "fetch", "no policy was pushed");
    refused(changed("account-risk.parameters.medum=1"), "resolve", "did you mean `medium`");
    refused(json!({ "document": "name = \"bank\"" }), "resolve", "");
    refused(json!({ "document": "no TOML" }), "resolve", "");
    let wrong =
        case("large_amounts.toml")["text"].as_str().unwrap().replace("outcome = \"block\"", "outcome = \"allow\"");
    let cases = json!([{ "name": "wrong.toml", "text": wrong }]);
    api.post("/v1/policies", &author, &json!({ "component": encoded(&component()), "cases": cases })).of(200);
    refused(changed("account-risk.fallback=block"), "cases", "expected");
    api.post(path, &author, &changed("nobody.fallback=block")).problem(422, "refused");
    let unknown = api.post("/v1/tenants/bank/activate", &author, &changed("a.b=1"));
    unknown.problem(404, "unknown");
    let problem =
        api.post("/v1/policies", &author, &json!({ "component": encoded(b"nothing") })).problem(422, "refused");
    assert_eq!(problem["step"], "resolve");
    assert_eq!(api.get("/v1/tenants/payments", &author).of(200)["active"], 1);
}

#[test]
fn a_token_for_some_tenants_leaves_the_cases_of_others_alone() {
    let api = Api::new();
    let own = api.token("ann", "author", &["--tenant", "payments"]);
    let changed = json!({ "component": encoded(&component()), "readme": "# Mine" });
    let problem = api.post("/v1/policies", &own, &changed).problem(403, "forbidden");
    assert!(problem["detail"].as_str().unwrap().contains("all tenants"), "{problem}");
    let same = json!({ "component": encoded(&component()) });
    assert_eq!(api.post("/v1/policies", &own, &same).of(200)["outcome"], "known");
}

#[test]
fn of_many_who_saw_the_same_revision_one_changes_it() {
    let api = Api::over(&database(), "rate = 10000");
    let token = api.token("ada", "author", &[]);
    let seen = api.get("/v1/tenants/payments", &token).of(200)["revision"].clone();
    let statuses = std::thread::scope(|scope| {
        let ask = |medium: u64| {
            let change = json!({ "changes": [format!("account-risk.parameters.medium={medium}")], "expect": seen });
            api.post("/v1/tenants/payments/activate", &token, &change).status
        };
        let threads: Vec<_> = (0..6).map(|at| scope.spawn(move || ask(100 + at))).collect();
        let mut statuses: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    assert_eq!(api.get("/v1/tenants/payments", &token).of(200)["newest"], 2);
    assert_eq!(api.get("/v1/history/verify", &token).of(200)["sound"], true);
}
