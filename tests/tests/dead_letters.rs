//! A record that cannot be used becomes a dead letter with its position, its
//! cause and its bytes, and the run goes on.

use sandgate_tests::{Desk, PAYMENTS, account_risk};

const GOOD: &str = r#"{"transaction_id":"t","account_id":"a","amount":1.5,"timestamp":1767225600}"#;

/// A record with one part of it put differently.
fn but(from: &str, to: &str) -> Vec<u8> {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to).into_bytes()
}

#[test]
fn every_bad_record_has_its_cause_and_its_bytes() {
    let nested = format!("{{\"deep\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("not-json", b"nonsense".to_vec()),
        ("not-json", b"{".to_vec()),
        ("not-object", b"[1]".to_vec()),
        ("two-values", format!("{GOOD} {GOOD}").into_bytes()),
        ("duplicate-key", but("\"amount\":1.5", "\"amount\":1.5,\"amount\":1.5")),
        ("id", but("\"transaction_id\":\"t\",", "")),
        ("id", but("\"t\"", "\"\"")),
        ("account", but("\"account_id\":\"a\",", "")),
        ("amount", but("1.5", "\"abc\"")),
        ("amount", but("1.5", "1e400")),
        ("amount", but("1.5", "1.505")),
        ("amount", but("1.5", "99999999999999999999")),
        ("time", but(",\"timestamp\":1767225600", "")),
        ("time", but("1767225600", "1767225600000")),
        ("time", but("1767225600", "0")),
        ("size", but("\"t\"", &format!("\"{}\"", "x".repeat(70_000)))),
        ("depth", nested.into_bytes()),
        ("utf-8", [b"{\"x\":\"", &[0xff, 0xfe][..], b"\"}"].concat()),
        ("surrogate", but("\"t\"", "\"\\ud800\"")),
    ];
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    let mut input = Vec::new();
    let mut offsets = Vec::new();
    for (_, bytes) in &table {
        input.extend_from_slice(GOOD.as_bytes());
        input.push(b'\n');
        offsets.push(input.len() as u64);
        input.extend_from_slice(bytes);
        input.push(b'\n');
    }
    std::fs::write(desk.path("in.jsonl"), input).unwrap();
    let run = desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
    let letters = desk.json_lines("out.jsonl.dead-letters");
    assert_eq!(letters.len(), table.len());
    for ((letter, (cause, bytes)), offset) in letters.iter().zip(&table).zip(offsets) {
        assert_eq!(letter["cause"], *cause, "{letter}");
        assert_eq!(letter["position"]["offset"], offset, "{cause}");
        assert_eq!(letter["size"], bytes.len(), "{cause}");
        assert!(!letter["detail"].as_str().unwrap().is_empty());
        match std::str::from_utf8(bytes) {
            Ok(text) if *cause == "size" => assert!(text.starts_with(letter["record"].as_str().unwrap())),
            Ok(text) => assert_eq!(letter["record"], text, "{cause}"),
            Err(_) => assert_eq!(letter["base64"], "eyJ4Ijoi//4ifQ==", "{cause}"),
        }
    }
    // every good one between them was decided
    assert_eq!(desk.json_lines("out.jsonl").len(), table.len());
    let summary = sandgate_tests::text(&run.stderr);
    assert!(summary.contains("dead letters") && summary.contains("amount 4"), "{summary}");
}

#[test]
fn what_nobody_declared_is_nobodys_trouble() {
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    let fine = [
        but("\"amount\":1.5", "\"x\":1,\"x\":2,\"amount\":1.5"),
        but("\"amount\":1.5", "\"x\":\"\\ud800\",\"amount\":1.5"),
        but("\"amount\":1.5", "\"x\":1e400,\"amount\":1.5"),
        but("\"amount\":1.5", &format!("\"x\":{}{},\"amount\":1.5", "[".repeat(100), "]".repeat(100))),
        // a field that is declared and that nobody reads may be of any kind
        but("\"amount\":1.5", "\"device\":7,\"amount\":1.5"),
    ];
    std::fs::write(desk.path("in.jsonl"), fine.join(&b'\n')).unwrap();
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
    assert_eq!(desk.read("out.jsonl.dead-letters"), "");
    assert_eq!(desk.json_lines("out.jsonl").len(), fine.len());
}
