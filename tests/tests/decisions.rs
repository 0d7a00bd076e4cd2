//! From a record to its decision, through the program: what is in it, in which
//! order, and what sets the outcome.

use sandgate_tests::{Desk, PAYMENTS, account_risk, policies};
use serde_json::{Value, json};

fn decide(desk: &Desk, records: &str) -> Vec<Value> {
    desk.write("in.jsonl", records);
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl", "--force"]);
    desk.json_lines("out.jsonl")
}

fn payment(id: &str, account: &str, amount: &str) -> String {
    format!(
        "{{\"transaction_id\": \"{id}\", \"account_id\": \"{account}\", \"amount\": {amount}, \"timestamp\": 1767225600.25}}\n"
    )
}

#[test]
fn account_and_amount_decide_with_the_tag_of_the_account() {
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    desk.write("tags.csv", "entity,id,attribute,value\naccount,two,risk_level,2\naccount,three,risk_level,3\n");
    desk.succeed(["tags", "--config", "sandgate.toml", "load", "tags.csv"]);
    let table = [
        ("nobody", "1000000.00", "allow", None),
        ("two", "5000.00", "allow", None),
        ("two", "5000.01", "block", Some("amount 5000.0100 is over 5000.0000, and the account's risk level is 2")),
        ("two", "10000.00", "block", Some("amount 10000.0000 is over 5000.0000, and the account's risk level is 2")),
        ("two", "10000.01", "allow", None),
        ("three", "12000.0", "block", Some("amount 12000.0000 is over 10000.0000, and the account's risk level is 3")),
        (
            "three",
            "\"12000.10\"",
            "block",
            Some("amount 12000.1000 is over 10000.0000, and the account's risk level is 3"),
        ),
    ];
    let records: String = table
        .iter()
        .enumerate()
        .map(|(at, (account, amount, ..))| payment(&format!("t-{at}"), account, amount))
        .collect();
    for (decision, (account, amount, outcome, message)) in decide(&desk, &records).iter().zip(table) {
        assert_eq!(decision["outcome"], outcome, "{account} {amount}");
        assert_eq!(decision["reasons"][0]["message"].as_str(), message, "{account} {amount}");
        let defaulted = if account == "nobody" { json!(["level"]) } else { json!([]) };
        assert_eq!(decision["policies"][0]["defaulted"], defaulted, "{account}");
    }
}

#[test]
fn a_decision_has_its_keys_in_order_and_every_byte_in_place() {
    let desk = Desk::with_host(PAYMENTS, &account_risk("reasons.LARGE_AMOUNT = { effect = \"review\", weight = 20 }"));
    desk.succeed(["tags", "--config", "sandgate.toml", "set", "account", "account123", "risk_level", "3"]);
    decide(&desk, &payment("tx1001", "account123", "12000.1"));
    let decision = desk.read("out.jsonl");
    let value: Value = serde_json::from_str(&decision).unwrap();
    let (digest, set) = (value["policies"][0]["digest"].as_str().unwrap(), value["set"].as_str().unwrap());
    let expected = concat!(
        r#"{"transaction":"tx1001","tenant":"payments","account":"account123","outcome":"review","#,
        r#""because":[{"what":"reason","policy":"account-risk","code":"LARGE_AMOUNT","value":null,"limit":null}],"#,
        r#""reasons":[{"policy":"account-risk","code":"LARGE_AMOUNT","effect":"review","weight":20,"#,
        r#""message":"amount 12000.1000 is over 10000.0000, and the account's risk level is 3"}],"weight":20,"scores":[],"#,
        r#""policies":[{"name":"account-risk","version":"0.1.0","digest":"DIGEST","stage":"rules","ran":true,"#,
        r#""inputs":{"amount":"12000.1000","level":3},"defaulted":[]}],"faults":[],"circumstances":[],"repeat_of":null,"#,
        r#""generation":1,"set":"SET","position":{"source":"payments","partition":0,"offset":0},"#,
        r#""time":"2026-01-01T00:00:00.250Z"}"#,
        "\n"
    );
    assert_eq!(decision, expected.replace("DIGEST", digest).replace("SET", set));
    assert_eq!(digest.len(), "sha256:".len() + 64);
    // the generation beside it is the document that the digest is of
    let generation = desk.read("out.jsonl.generations");
    assert!(generation.contains(set) && generation.contains(digest) && generation.contains("\"large\":\"10000.0000\""));
}

#[test]
fn equal_sets_have_equal_digests_and_another_parameter_another_one() {
    let set_of = |more: &str| {
        let desk = Desk::with_host(PAYMENTS, &account_risk(more));
        decide(&desk, &payment("t", "a", "1"))[0]["set"].clone()
    };
    let plain = set_of("");
    assert_eq!(plain, set_of("parameters = { large = \"10000\" }"), "a parameter at its default says nothing new");
    for more in [
        "parameters = { large = \"10000.01\" }",
        "fallback = \"block\"",
        "fuel = 1",
        "reasons.LARGE_AMOUNT = { weight = 1 }",
    ] {
        assert_ne!(plain, set_of(more), "{more}");
    }
}

#[test]
fn the_form_without_an_id_gets_one_from_its_fields() {
    let source = r#"
[[source]]
name = "funds"
id = ["account", "time", "amount", "trade_type"]
account = "account"
time = "time"
amount = "amount"
tenant = { name = "payments" }
[source.fields]
account = { path = "userId", kind = "text" }
time = { path = "timestamp", kind = "instant", unit = "ms" }
amount = { kind = "decimal", scale = 2 }
trade_type = { path = "tradeType", kind = "text" }
"#;
    let desk = Desk::with_host(source, &account_risk(""));
    let record = r#"{"userId": "user_123", "amount": 1000000.01, "tradeType": "申购", "timestamp": 1767225600250}"#;
    let decision = &decide(&desk, record)[0];
    assert_eq!(decision["transaction"], "user_123|2026-01-01T00:00:00.250Z|1000000.01|申购");
    assert_eq!(decision["account"], "user_123");
    assert_eq!(decision["policies"][0]["inputs"]["amount"], "1000000.0100");
}

#[test]
fn a_bad_input_is_the_fault_of_the_policy_that_declares_it_and_of_no_other() {
    let matrix = policies().join("risk_matrix.wasm");
    let second = format!(
        "[[stage.policy]]\nname = \"risk\"\ncomponent = {matrix:?}\nthresholds = {{ review = 40, block = 70 }}\n"
    );
    let desk = Desk::with_host(PAYMENTS, &account_risk(&second));
    let head =
        |at| format!("{{\"transaction_id\":\"t-{at}\",\"account_id\":\"a\",\"amount\":1,\"timestamp\":1767225600");
    let table = [
        (",\"probability\":0.5,\"impact\":100}", "review", None),
        (",\"probability\":1,\"impact\":100}", "block", None),
        (",\"probability\":0.5,\"impact\":70}", "allow", None),
        (",\"impact\":100}", "review", Some("input `probability` is required and absent")),
        (",\"probability\":null,\"impact\":100}", "review", Some("input `probability` is required and absent")),
        (",\"probability\":\"high\",\"impact\":100}", "review", Some("input `probability` is a text, not a number")),
        (",\"probability\":1.5,\"impact\":100}", "review", Some("input `probability` is above its maximum of 1.0")),
        (",\"probability\":1e999,\"impact\":100}", "review", Some("input `probability` is too large for a number")),
    ];
    let records: String = table.iter().enumerate().map(|(at, (rest, ..))| head(at) + rest + "\n").collect();
    for (decision, (rest, outcome, detail)) in decide(&desk, &records).iter().zip(table) {
        assert_eq!(decision["outcome"], outcome, "{rest}: {decision}");
        assert_eq!(decision["faults"][0]["detail"].as_str(), detail, "{rest}");
        assert_eq!(decision["policies"][0]["inputs"]["amount"], "1.0000", "the first policy is not touched");
        if detail.is_none() {
            let score = &decision["scores"][0];
            let moved = &score["contributions"];
            let sum = moved["probability"].as_f64().unwrap() + moved["impact"].as_f64().unwrap();
            assert_eq!(score["value"].as_f64(), Some(sum));
        }
    }
}

#[test]
fn thresholds_and_bands_say_what_they_compared() {
    let matrix = policies().join("risk_matrix.wasm");
    let tenant = format!(
        "name = \"payments\"\nbands = [{{ at = 10, outcome = \"review\" }}]\n[[stage]]\nname = \"model\"\n[[stage.policy]]\n\
         name = \"risk\"\ncomponent = {matrix:?}\nthresholds = {{ block = 70 }}\n\
         [[stage.policy]]\nname = \"account-risk\"\ncomponent = {:?}\nparameters = {{ medium_level = 0 }}\n\
         reasons.MEDIUM_AMOUNT = {{ effect = \"note\", weight = 15 }}\n",
        policies().join("account_risk.wasm")
    );
    let desk = Desk::with_host(PAYMENTS, &tenant);
    let record = |amount, impact| {
        format!(
            "{{\"transaction_id\":\"t-{amount}-{impact}\",\"account_id\":\"a\",\"amount\":{amount},\"timestamp\":1767225600,\"probability\":1,\"impact\":{impact}}}\n"
        )
    };
    let decisions = decide(&desk, &(record("6000", 69) + &record("1", 71) + &record("6000", 71)));
    let band = json!({ "what": "band", "policy": null, "code": null, "value": 15, "limit": 10 });
    let threshold = json!({ "what": "threshold", "policy": "risk", "code": null, "value": 71.0, "limit": 70.0 });
    assert_eq!((&decisions[0]["outcome"], &decisions[0]["because"]), (&json!("review"), &json!([band])));
    assert_eq!((&decisions[1]["outcome"], &decisions[1]["because"]), (&json!("block"), &json!([threshold])));
    assert_eq!(decisions[2]["because"], json!([threshold]), "only what set the outcome");
    assert_eq!(decisions[2]["weight"], 15);
}

#[test]
fn a_hostile_text_stays_inside_its_message_and_its_line() {
    let desk = Desk::with_host(
        &format!("{PAYMENTS}mood = {{ kind = \"text\" }}\n"),
        &format!(
            "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"unruly\"\ncomponent = {:?}\n",
            policies().join("unruly.wasm")
        ),
    );
    let hostile = "{amount}\\\"\\n\\u0000\\u202e{{x";
    let record = format!(
        "{{\"transaction_id\":\"t\\\"\\n\",\"account_id\":\"a\",\"amount\":1,\"timestamp\":1767225600,\"mood\":\"{hostile}{}\"}}\n",
        "x".repeat(500)
    );
    let decision = &decide(&desk, &record)[0];
    let message = decision["reasons"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("amount 1.0000, mood {amount}\"\\u{a}\\u{0}\\u{202e}{{x"), "{message}");
    assert!(message.chars().count() < 120 && !message.chars().any(char::is_control), "{message}");
    assert_eq!(decision["transaction"], "t\"\n");
}

#[test]
fn a_tenant_is_named_by_a_field_and_an_unknown_one_is_a_dead_letter() {
    let source = PAYMENTS.replace("tenant = { name = \"payments\" }", "tenant = { field = \"line\" }");
    let desk = Desk::with_host(&format!("{source}line = {{ kind = \"text\" }}\n"), &account_risk(""));
    let host = desk.read("sandgate.toml").replace("[\"tenant.toml\"]", "[\"tenant.toml\", \"second.toml\"]");
    desk.write("sandgate.toml", &host);
    desk.write(
        "second.toml",
        &account_risk("parameters = { medium_level = 0, large_level = 0 }").replace("\"payments\"", "\"loans\""),
    );
    let record = |line: &str| {
        format!(
            "{{\"transaction_id\":\"{line}\",\"account_id\":\"a\",\"amount\":6000,\"timestamp\":1767225600,\"line\":\"{line}\"}}\n"
        )
    };
    let lines = ["payments", "loans", "nobody", "loans", "payments"];
    let decisions = decide(&desk, &lines.map(record).concat());
    let told: Vec<(&str, &str)> = decisions
        .iter()
        .map(|decision| (decision["tenant"].as_str().unwrap(), decision["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("payments", "allow"), ("loans", "block"), ("loans", "block"), ("payments", "allow")]);
    assert_eq!(desk.json_lines("out.jsonl.dead-letters")[0]["cause"], "tenant");
}
