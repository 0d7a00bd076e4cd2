//! Who may what: every route of the document with every role.

use crate::Api;
use serde_json::Value;

const ROLES: [&str; 4] = ["viewer", "author", "approver", "operator"];

/// Each route's name, the least role, and whether it is about one tenant (`t`), about all
/// (`a`), or about none (`-`).
const TABLE: [(&str, &str, &str); 20] = [
    ("whoami", "viewer", "-"),
    ("listPolicies", "viewer", "-"),
    ("getPolicy", "viewer", "-"),
    ("pushPolicy", "author", "-"),
    ("listTenants", "viewer", "-"),
    ("getTenant", "viewer", "t"),
    ("listGenerations", "viewer", "t"),
    ("getGeneration", "viewer", "t"),
    ("activate", "author", "t"),
    ("rollback", "operator", "t"),
    ("freeze", "operator", "t"),
    ("lift", "operator", "t"),
    ("setFourEyes", "operator", "t"),
    ("listProposals", "viewer", "t"),
    ("getProposal", "viewer", "t"),
    ("approve", "approver", "t"),
    ("reject", "approver", "t"),
    ("status", "viewer", "-"),
    ("history", "viewer", "a"),
    ("verifyHistory", "viewer", "a"),
];

/// Every operation of the document: its name, its method, its path, whether it takes a body.
fn operations(api: &Api) -> Vec<(String, String, String, bool)> {
    let document = api.get("/openapi.json", "").of(200);
    let mut found = Vec::new();
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            found.push((id, verb.to_uppercase(), path.clone(), operation["requestBody"].is_object()));
        }
    }
    found
}

/// The status of a request that would change nothing, whoever may make it.
fn ask(api: &Api, (_, method, path, body): &(String, String, String, bool), tenant: &str, token: &str) -> u16 {
    let path = path.replace("{tenant}", tenant).replace("{number}", "999").replace("{digest}", "000000");
    // nobody has seen such a revision
    let body = body.then_some(r#"{"expect": 999999, "to": 999, "why": ""}"#);
    api.ask(method, &path, token, body, &[]).status
}

#[test]
fn each_role_may_what_the_table_says_and_nothing_more() {
    let api = Api::new();
    let operations = operations(&api);
    let known: Vec<_> = operations.iter().filter(|(id, ..)| id != "openapi").collect();
    assert_eq!(known.len(), TABLE.len(), "a route has no place in the table: {known:?}");
    let (mine, others) = (["--tenant", "payments"], ["--tenant", "somebody else"]);
    for (rank, role) in ROLES.into_iter().enumerate() {
        let all = api.token(&format!("{role} of all"), role, &[]);
        let own = api.token(&format!("{role} of payments"), role, &mine);
        let other = api.token(&format!("{role} of others"), role, &others);
        for (id, least, about) in TABLE {
            let operation = known.iter().find(|(known, ..)| known == id).unwrap_or_else(|| panic!("there is no {id}"));
            let may = ROLES.iter().position(|known| *known == least).unwrap() <= rank;
            for (token, covers) in [(&all, true), (&own, about != "a"), (&other, about == "-")] {
                let status = ask(&api, operation, "payments", token);
                assert_eq!(status != 403, may && covers, "{id} by {role}: {status}");
                assert!(status != 401 && status < 500, "{id} by {role}: {status}");
            }
            // whether a tenant is there is nothing for who may not see it
            if about == "t" {
                assert_eq!(ask(&api, operation, "nobody", &own), 403, "{id} by {role}");
            }
        }
    }
    for operation in &known {
        assert_eq!(ask(&api, operation, "payments", ""), 401, "{operation:?}");
    }
    let entries = api.verb(&["history", "--limit", "1000"]);
    assert!(!entries.contains("127.0.0.1"), "nothing was changed: {entries}");
}

#[test]
fn a_token_for_some_tenants_sees_these_only() {
    let api = Api::new();
    let own = api.token("ann", "viewer", &["--tenant", "payments"]);
    let other = api.token("eve", "viewer", &["--tenant", "somebody else"]);
    let names = |path: &str, token: &str| {
        let answer = api.get(path, token).of(200);
        answer["tenants"].as_array().unwrap().iter().map(|row| row["tenant"].clone()).collect::<Vec<Value>>()
    };
    for path in ["/v1/tenants", "/v1/status"] {
        assert_eq!(names(path, &own), ["payments"]);
        assert!(names(path, &other).is_empty());
    }
    let entries = api.get("/v1/history?tenant=payments", &own).of(200);
    assert!(entries["entries"].as_array().unwrap().iter().all(|entry| entry["tenant"] == "payments"));
    api.get("/v1/history?tenant=payments", &other).problem(403, "forbidden");
    let whoami = api.get("/v1/whoami", &own).of(200);
    assert_eq!((&whoami["name"], &whoami["role"]), (&"ann".into(), &"viewer".into()));
    assert_eq!(whoami["tenants"], serde_json::json!(["payments"]));
}
