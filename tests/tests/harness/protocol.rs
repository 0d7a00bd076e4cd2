//! `docs/harness-protocol.md`: its session, line by line, and its rules.

use crate::pipes::Pipes;
use sandgate_tests::{policies, root};
use serde_json::{Value, json};

/// What stands for something that the document does not show.
const SOMETHING: &str = "…";

/// The requests and answers of the document's session.
fn session() -> Vec<(String, Value)> {
    let document = std::fs::read_to_string(root().join("docs/harness-protocol.md")).unwrap();
    let (_, session) = document.split_once("```text session\n").unwrap();
    let lines: Vec<&str> = session.split_once("```").unwrap().0.lines().collect();
    let pair = |pair: &[&str]| {
        let request = pair[0].strip_prefix("> ").unwrap().to_owned();
        (request, serde_json::from_str(pair[1].strip_prefix("< ").unwrap()).unwrap())
    };
    lines.chunks(2).map(pair).collect()
}

/// Whether an answer is what the document shows of it.
fn is_shown(shown: &Value, answer: &Value) -> bool {
    match (shown, answer) {
        (Value::String(text), _) if text == SOMETHING => true,
        (Value::Object(shown), Value::Object(answer)) => {
            let more = shown.contains_key(SOMETHING);
            let named = shown.iter().filter(|(name, _)| *name != SOMETHING);
            named.clone().all(|(name, shown)| answer.get(name).is_some_and(|answer| is_shown(shown, answer)))
                && (more || named.count() == answer.len())
        }
        (Value::Array(shown), Value::Array(answer)) => {
            shown.len() == answer.len() && shown.iter().zip(answer).all(|(shown, answer)| is_shown(shown, answer))
        }
        (shown, answer) => shown == answer,
    }
}

#[test]
fn the_session_of_the_document_goes_as_it_is_shown() {
    policies();
    let mut pipes = Pipes::open();
    let session = session();
    for word in ["load", "begin", "tag", "send", "rows"] {
        assert!(
            session.iter().any(|(request, _)| request.starts_with(&format!("{{\"{word}\":"))),
            "{word} is not shown"
        );
    }
    for (request, shown) in session {
        let answer: Value = serde_json::from_str(&pipes.ask(&request)).unwrap();
        assert!(is_shown(&shown, &answer), "{request}\nshown    {shown}\nanswered {answer}");
    }
    assert_eq!(pipes.close(), (Some(0), String::new()));
}

#[test]
fn what_is_shown_is_compared() {
    let answer = json!({ "ok": { "a": [1, { "b": 2, "c": 3 }] } });
    let table = [
        (json!({ "ok": "…" }), true),
        (json!({ "ok": { "a": [1, { "b": 2, "…": "…" }] } }), true),
        (json!({ "ok": { "a": [1, { "b": 2 }] } }), false),
        (json!({ "ok": { "a": [1, { "b": 3, "…": "…" }] } }), false),
        (json!({ "ok": { "a": [1] } }), false),
        (json!({ "ok": { "d": "…", "…": "…" } }), false),
    ];
    for (shown, expected) in table {
        assert_eq!(is_shown(&shown, &answer), expected, "{shown}");
    }
}

#[test]
fn a_wrong_request_is_answered_and_ends_nothing() {
    let component = policies().join("account_risk.wasm");
    let mut pipes = Pipes::open();
    let load = json!({ "load": { "component": component } }).to_string();
    let table = [
        (r#"{"send": {}}"#, "no timeline has begun"),
        (r#"{"begin": {}}"#, "no policy is loaded"),
        (r#"{"rows": {}}"#, "no policy is loaded"),
        (&load, ""),
        (r#"{"tag": {"entity": "account", "id": "a", "attribute": "b", "value": 1}}"#, "no timeline has begun"),
        (r#"{"begin": {}"#, "the request is no JSON"),
        ("begin", "the request is no JSON"),
        ("[]", "a request is a JSON object"),
        ("{}", "one key of load, begin, tag, send, rows, not 0"),
        (r#"{"begin": {}, "send": {}}"#, "not 2"),
        (r#"{"begin": {}, "begin": {}}"#, "the key `begin` twice"),
        (r#"{"begin": {"fual": 1}}"#, "begin.fual: is no key of this table; did you mean `fuel`?"),
        (
            r#"{"begin": {"parameters": {"larg": 1}}}"#,
            "parameters.larg: policy `account-risk` has no parameter `larg`; did you mean `large`?",
        ),
        (r#"{"begin": {"parameters": {"large": -1}}}"#, "parameters.large: is -1.0000, below the minimum of 0.0000"),
        (r#"{"begin": {"at": "yesterday"}}"#, "begin.at: `yesterday`"),
        (
            r#"{"begin": {"fields": {"amount": {"kind": "text"}}}}"#,
            "input `amount` of policy `account-risk` reads field",
        ),
        (r#"{"begin": {"at": null, "parameters": {"large": null}}}"#, ""),
        (
            r#"{"tag": {"entity": "account", "id": "a", "attribute": "risk_levle", "value": 1}}"#,
            "the policy reads no tag `risk_levle` of an entity `account`; did you mean `risk_level`?",
        ),
        (r#"{"tag": {"entity": "account", "id": "a"}}"#, "tag.attribute: is missing"),
        (r#"{"tag": {"entity": "account", "id": "a", "attribute": "risk_level", "value": [1]}}"#, "tag.value: must be"),
        (
            r#"{"send": {"att": "+1s", "absent": "amount"}}"#,
            "send.absent: must be a list of texts: [\"…\"]; send.att: is no key",
        ),
        (r#"{"send": {"at": "soon"}}"#, "send.at: `soon` is neither a time"),
        (r#"{"send": {"fields": {"time": "2026-01-01T00:00:00Z"}}}"#, "the field `time` is set by `at`"),
        (r#"{"send": {"inputs": {"levl": 1}}}"#, "the policy has no input `levl`; did you mean `level`?"),
        (r#"{"send": {"inputs": {"level": 1}, "absent": ["level"]}}"#, "input `level` is both set and absent"),
        (r#"{"send": {"source": "prices"}}"#, "the policy reads no source `prices`"),
        (r#"{"send": {"fields": {"amount": {}}}}"#, "send.fields.amount: must be"),
        (r#"{"rows": {"count": 10001}}"#, "rows.count: must be a whole number from 1 to 10000"),
        (r#"{"load": {"component": "Cargo.toml"}}"#, "Cargo.toml would be refused by a host: this is not WebAssembly"),
        (r#"{"load": {"component": "nothing.wasm"}}"#, "nothing.wasm cannot be read"),
        // all along the timeline is the one that began
        (r#"{"send": {"fields": {"amount": 1}}}"#, ""),
    ];
    for (request, expected) in table {
        let answer: Value = serde_json::from_str(&pipes.ask(request)).unwrap();
        match answer["error"].as_str() {
            Some(error) => assert!(!expected.is_empty() && error.contains(expected), "{request}: {error}"),
            None => assert_eq!(expected, "", "{request}: {answer}"),
        }
    }
    assert_eq!(pipes.close().0, Some(0));
}

#[test]
fn lines_that_are_no_text_or_too_long_are_answered_too() {
    let mut pipes = Pipes::open();
    pipes.write(b"{\"load\": \"\xff\"}");
    assert!(pipes.read().contains("the request is no UTF-8"));
    pipes.write(&vec![b' '; (16 << 20) + 1]);
    assert!(pipes.read().contains("a request is at most 16 MiB; this line is longer"));
    pipes.write(format!("{{\"load\": {}", "[".repeat(1 << 20)).as_bytes());
    assert!(pipes.read().contains("error"));
    pipes.write(b"\n  \r");
    assert!(pipes.ask("{}").contains("one key of load"), "blank lines have no answer");
    assert_eq!(pipes.close(), (Some(0), String::new()));
}

#[test]
fn the_same_requests_have_the_same_answers() {
    let component = policies().join("velocity.wasm");
    let requests = [
        json!({ "load": { "component": component } }),
        json!({ "begin": {} }),
        json!({ "send": { "fields": { "amount": "12.5", "device": "d" } } }),
        json!({ "send": { "at": "+1s", "fields": { "amount": 1e3, "device": "d" } } }),
        json!({ "rows": { "count": 500, "seed": 3 } }),
        json!({ "begin": {} }),
        json!({ "send": { "fields": { "amount": "12.5", "device": "d" } } }),
    ];
    let ask = || {
        let mut pipes = Pipes::open();
        // all of them are written before the first answer is read
        requests.iter().for_each(|request| pipes.write(request.to_string().as_bytes()));
        pipes.close().1
    };
    let answers = ask();
    assert_eq!(answers, ask());
    let lines: Vec<&str> = answers.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("{\"ok\":")), "{answers}");
    assert_eq!(lines[2], lines[6], "a new timeline knows nothing of the one before");
}
