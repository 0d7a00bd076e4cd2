//! `sandgate effectiveness`, against a naive count of the same decisions and labels.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where by stopping there")]

use sandgate_tests::{Desk, PAYMENTS, account_risk, text};
use serde_json::Value;
use std::collections::HashMap;

/// A run of generated payments with a line of nonsense among them.
fn judged() -> Desk {
    let desk = Desk::with_host(PAYMENTS, &account_risk("parameters = { large_level = 1, medium_level = 1 }\n"));
    let generate = "generate --profile payments --count 5000 --seed 5 --to records.jsonl --tags tags.csv";
    desk.succeed(generate.split(' '));
    let records = desk.read("records.jsonl");
    let (before, after) = records.split_at(records.match_indices('\n').nth(2_000).unwrap().0 + 1);
    desk.write("records.jsonl", &format!("{before}nonsense\n\n{after}"));
    desk.succeed("tags --config sandgate.toml load tags.csv".split(' '));
    desk.succeed("run --config sandgate.toml --from records.jsonl --to decisions.jsonl".split(' '));
    desk
}

fn told(desk: &Desk, arguments: &str) -> Value {
    let done = desk
        .succeed(["effectiveness", "decisions.jsonl", "--json", "--labels"].into_iter().chain(arguments.split(' ')));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn counts_money_and_rates_are_those_of_a_naive_count() {
    let desk = judged();
    let told = told(&desk, "records.jsonl");

    let mut labels = HashMap::new();
    let mut offset = 0;
    for line in desk.read("records.jsonl").split_inclusive('\n') {
        if let Ok(record) = serde_json::from_str::<Value>(line) {
            let cents = (record["amount"].as_f64().unwrap() * 100.0).round() as i64;
            labels.insert(offset, (record["label"].as_str().map(str::to_owned), cents));
        }
        offset += line.len() as u64;
    }
    let mut counts: HashMap<(Option<String>, String), (u64, i64)> = HashMap::new();
    for decision in desk.json_lines("decisions.jsonl") {
        let (label, cents) = labels[&decision["position"]["offset"].as_u64().unwrap()].clone();
        let counted = counts.entry((label, decision["outcome"].as_str().unwrap().to_owned())).or_default();
        *counted = (counted.0 + 1, counted.1 + cents);
    }

    assert_eq!((&told["decisions"], &told["undecided"], &told["repeats"]), (&5_000.into(), &1.into(), &0.into()));
    let mut compared = 0;
    for ((label, outcome), (count, cents)) in &counts {
        let of = label.as_ref().map_or(&told["honest"], |label| &told["labels"][label]);
        assert_eq!(of[outcome]["count"], *count, "{label:?} {outcome}");
        assert_eq!(of[outcome]["amount"], format!("{}.{:02}", cents / 100, cents % 100), "{label:?} {outcome}");
        compared += count;
    }
    assert_eq!(compared, 5_000);
    let sum = |fraud: bool, outcome: &str| -> (u64, i64) {
        let of =
            counts.iter().filter(|((label, of), _)| label.is_some() == fraud && (outcome.is_empty() || of == outcome));
        of.fold((0, 0), |sum, (_, counted)| (sum.0 + counted.0, sum.1 + counted.1))
    };
    let (caught, harmed, fraud) = (sum(true, "block"), sum(false, "block"), sum(true, ""));
    assert!(caught.0 > 10 && harmed.0 > 10 && caught.0 < fraud.0, "{caught:?}, {harmed:?}, {fraud:?}");
    let near = |told: &Value, part: f64, whole: f64| (told.as_f64().unwrap() - part / whole).abs() < 1e-12;
    assert!(near(&told["block"]["precision"], caught.0 as f64, (caught.0 + harmed.0) as f64));
    assert!(near(&told["block"]["recall"], caught.0 as f64, fraud.0 as f64));
    assert!(near(&told["block"]["money"], caught.1 as f64, fraud.1 as f64));
    assert!(near(&told["block"]["honest_stopped"], harmed.0 as f64, sum(false, "").0 as f64));
}

#[test]
fn other_keys_and_repeats_are_told_apart() {
    let desk = judged();
    let first = told(&desk, "records.jsonl");
    let records = desk.read("records.jsonl");
    desk.write("named.jsonl", &records.replace("\"label\":", "\"fraud\":"));
    assert_eq!(told(&desk, "named.jsonl --label fraud"), first);
    assert!(told(&desk, "records.jsonl --amount nothing")["fraud"]["all"]["amount"].is_null());

    // what repeats another is not counted twice
    let decisions = desk.read("decisions.jsonl");
    let position = r#""repeat_of":{"source":"payments","partition":0,"offset":0}"#;
    let (head, tail) = decisions.rsplit_once(r#""repeat_of":null"#).unwrap();
    desk.write("decisions.jsonl", &format!("{head}{position}{tail}"));
    let repeated = told(&desk, "records.jsonl");
    assert_eq!((&repeated["decisions"], &repeated["repeats"]), (&4_999.into(), &1.into()));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let desk = judged();
    let (records, decisions) = (desk.read("records.jsonl"), desk.read("decisions.jsonl"));
    let (first, rest) = records.split_once('\n').unwrap();
    desk.write("shifted.jsonl", rest);
    desk.write("short.jsonl", &format!("{first}\n"));
    desk.write("unlabelled.jsonl", &records.replace("\"label\":", "\"LABEL\":"));
    desk.write("odd.jsonl", &records.replacen("\"label\":null", "\"label\":[]", 1));
    desk.write("twice.jsonl", &format!("{decisions}{decisions}"));
    desk.write("torn.jsonl", &decisions[..decisions.len() - 20]);
    desk.write("other.jsonl", &decisions.replacen("\"source\":\"payments\"", "\"source\":\"others\"", 1));
    desk.write("partition.jsonl", &decisions.replacen("\"partition\":0", "\"partition\":3", 1));
    let table = [
        ("partition.jsonl", "records.jsonl", "partition.jsonl:1 is about partition 3 of payments"),
        ("decisions.jsonl", "shifted.jsonl", "decisions.jsonl:2 is about the record at byte"),
        ("decisions.jsonl", "short.jsonl", "give the records that this run has judged, all of them and unchanged"),
        ("decisions.jsonl", "unlabelled.jsonl", "no record of unlabelled.jsonl has the key `label`"),
        ("decisions.jsonl", "odd.jsonl", "odd.jsonl:1 cannot be used: `label` is [], which is no label"),
        ("twice.jsonl", "records.jsonl", "twice.jsonl:5001 is about the record at byte 0"),
        ("torn.jsonl", "records.jsonl", "torn.jsonl:5000 is no decision: EOF"),
        (
            "other.jsonl",
            "records.jsonl",
            "other.jsonl:2 is about the source payments, and those before it about others",
        ),
        ("records.jsonl", "records.jsonl", "records.jsonl:1 is no decision: missing field `outcome` at column"),
        ("nothing.jsonl", "records.jsonl", "cannot open nothing.jsonl: "),
        ("decisions.jsonl", "nothing.jsonl", "cannot open nothing.jsonl: "),
        ("decisions.jsonl", ".", "cannot open .: is a directory"),
    ];
    for (decisions, labels, what) in table {
        let done = desk.run(["effectiveness", decisions, "--labels", labels]);
        let told = text(&done.stderr);
        assert!(done.status.code() == Some(1) && told.contains(what), "{decisions} {labels}: {told}");
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn no_decisions_are_no_mistake() {
    let desk = Desk::new();
    desk.write("decisions.jsonl", "");
    desk.write("records.jsonl", "");
    let told = told(&desk, "records.jsonl");
    assert_eq!(told["decisions"], 0);
    assert!(told["block"]["precision"].is_null());
}
