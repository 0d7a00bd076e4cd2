//! What does not come in: no token, a bad one, too much, too often, too slow.

use crate::Api;
use sandgate_tests::text;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn only_a_token_that_is_good_lets_in() {
    let api = Api::new();
    let good = api.token("ada", "viewer", &[]);
    api.get("/v1/whoami", &good).of(200);
    let refused = |token: &str, told: &str| {
        let answer = api.get("/v1/whoami", token);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}");
        let problem = answer.problem(401, "login");
        assert!(problem["detail"].as_str().unwrap().contains(told), "{problem}");
    };
    refused("", "there is no token");
    refused("something", "form of a token");
    refused(&format!("sandgate_{}_{}", "0".repeat(16), "0".repeat(64)), "no such token");
    let (id, _) = good["sandgate_".len()..].split_once('_').unwrap();
    refused(&format!("sandgate_{id}_{}", "0".repeat(64)), "no such token");
    let short = api.token("eve", "viewer", &["--for", "1ms"]);
    refused(&short, "has ended");
    assert!(api.verb(&["token", "list"]).contains(id));
    api.verb(&["token", "revoke", id]);
    refused(&good, "was revoked");
    let unknown = api.desk.run(["token", "revoke", "x", "--config", "sandgate.toml"]);
    assert!(text(&unknown.stderr).contains("there is no token"));
}

#[test]
fn what_is_no_request_of_the_document_is_refused_by_name() {
    let api = Api::new();
    let token = api.token("ada", "operator", &[]);
    api.get("/v2/whoami", &token).problem(404, "unknown");
    let answer = api.ask("DELETE", "/v1/whoami", &token, None, &[]);
    answer.problem(405, "method");
    assert!(answer.header("allow").contains("GET"), "{answer:?}");
    for query in ["limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "limits=1", "after=", "after=%00", "after=%"] {
        api.get(&format!("/v1/tenants?{query}"), &token).problem(400, "malformed");
    }
    api.get("/v1/tenants/payments/generations/0", &token).problem(400, "malformed");
    let path = "/v1/tenants/payments/rollback";
    for body in
        ["{", "[]", r#"{"tos": 1}"#, r#"{"to": "1"}"#, r#"{"to": 0}"#, r#"{"why": "a\nb"}"#, r#"{"expect": -1}"#]
    {
        api.ask("POST", path, &token, Some(body), &[]).problem(400, "malformed");
    }
    api.post(path, &token, &json!({ "why": "x".repeat(513) })).problem(400, "malformed");
    for tag in ["*", "\"7", "W/\"7\"", "\"x\""] {
        api.ask("POST", path, &token, None, &[("if-match", tag)]).problem(400, "malformed");
    }
    let raw = |media: &str| {
        let more = format!(
            "Authorization: Bearer {token}\r\nContent-Type: {media}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        spoken(&api, &format!("POST {path} HTTP/1.1\r\nHost: h\r\n{more}"))
    };
    assert!(raw("text/plain").starts_with("HTTP/1.1 415"), "{}", raw("text/plain"));
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let api = Api::new();
    let token = api.token("ada", "operator", &[]);
    let large = format!("{{\"why\": \"{}\"}}", "x".repeat(1 << 20));
    api.ask("POST", "/v1/tenants/payments/rollback", &token, Some(&large), &[]).problem(413, "too-large");
    // and of a stranger nothing at all
    let head = "POST /v1/policies HTTP/1.1\r\nHost: h\r\nContent-Length: 60000000\r\n\r\n";
    assert!(spoken(&api, head).starts_with("HTTP/1.1 401"));
    let head = format!("GET /v1/whoami HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    assert!(spoken(&api, &head).starts_with("HTTP/1.1 431"));
}

#[test]
fn a_client_that_is_slow_is_let_go() {
    let api = Api::new();
    let mut stream = connected(&api);
    stream.write_all(b"GET /v1/whoami HTTP/1.1\r\nHost:").unwrap();
    let mut rest = Vec::new();
    // it is the server that ends it
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", text(&rest));
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let api = Api::over("sqlite:control.db", "rate = 1");
    let token = api.token("ada", "viewer", &[]);
    let answers: Vec<_> = (0..12).map(|_| api.get("/v1/whoami", &token)).collect();
    let often: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(often.len() >= 4, "{answers:?}");
    often[0].problem(429, "too-often");
    assert!(often[0].header("retry-after").parse::<u64>().unwrap() >= 1);
    // others have a bucket of their own
    api.get("/v1/whoami", &api.token("bob", "viewer", &[])).of(200);
}

#[test]
fn who_guesses_is_not_looked_up_any_more_and_locks_nobody_out() {
    let api = Api::new();
    let token = api.token("ada", "viewer", &[]);
    api.get("/v1/whoami", &token).of(200);
    let guess = |at: u32| api.get("/v1/whoami", &format!("sandgate_{}_{at:064x}", "0".repeat(16))).status;
    let statuses: Vec<_> = (0..60).map(guess).collect();
    assert!(statuses.starts_with(&[401; 10]) && statuses.contains(&429), "{statuses:?}");
    api.get("/v1/whoami", &token).of(200);
}

/// A connection whose reads end.
fn connected(api: &Api) -> TcpStream {
    let stream = TcpStream::connect(&api.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// What is answered to these bytes, until the other side ends it or says nothing.
fn spoken(api: &Api, request: &str) -> String {
    let mut stream = connected(api);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // a reset behind the answer takes nothing of it back
    let _ = stream.read_to_end(&mut answer);
    text(&answer)
}
