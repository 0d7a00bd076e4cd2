//! What a policy does wrong is a fault of the row that brought it out, answered
//! by the policy's fallback, and nothing else notices.

use sandgate_tests::{Desk, PAYMENTS, policies};
use serde_json::{Value, json};

/// A tenant with the unruly policy and a calm one behind it.
fn tenant(more: &str) -> String {
    let component = policies().join("unruly.wasm");
    format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"unruly\"\ncomponent = {component:?}\n{more}\n"
    )
}

fn source() -> String {
    format!("{PAYMENTS}mood = {{ kind = \"text\" }}\n")
}

fn record(id: usize, mood: &str) -> String {
    format!(
        "{{\"transaction_id\":\"t{id}\",\"account_id\":\"a\",\"amount\":{id}.50,\"timestamp\":1767225600,\"mood\":\"{mood}\"}}\n"
    )
}

fn judge(desk: &Desk, records: &str, more: &[&str]) -> Vec<Value> {
    desk.write("in.jsonl", records);
    let run = ["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl", "--force"];
    desk.succeed(run.iter().chain(more));
    desk.json_lines("out.jsonl")
}

#[test]
fn every_misdeed_is_a_fault_of_its_own_row() {
    let table = [
        ("loop", "fuel"),
        ("panic", "trap"),
        ("recurse", "trap"),
        ("memory", "memory"),
        ("nan", "output"),
        ("off-scale", "output"),
    ];
    let desk = Desk::with_host(&source(), &tenant("fallback = \"block\""));
    // each between two that behave, all in one batch
    let moods = table.iter().flat_map(|(mood, _)| ["calm", mood, "noted"]);
    let records: String = moods.enumerate().map(|(id, mood)| record(id, mood)).collect();
    let decisions = judge(&desk, &records, &[]);
    for (at, (mood, fault)) in table.iter().enumerate() {
        let [before, guilty, behind] = [&decisions[3 * at], &decisions[3 * at + 1], &decisions[3 * at + 2]];
        assert_eq!(guilty["faults"][0]["fault"], *fault, "{mood}: {guilty}");
        assert_eq!(guilty["faults"][0]["fallback"], "block", "{mood}");
        assert_eq!(guilty["outcome"], "block", "{mood}");
        assert_eq!(guilty["scores"], json!([]), "{mood}");
        assert_eq!(guilty["because"][0]["what"], "fallback", "{mood}");
        for innocent in [before, behind] {
            assert_eq!(
                (&innocent["outcome"], &innocent["faults"]),
                (&json!("allow"), &json!([])),
                "{mood}: {innocent}"
            );
        }
        assert_eq!((&before["scores"][0]["value"], &behind["scores"][0]["value"]), (&json!(0.25), &json!(0.75)));
        assert_eq!(behind["weight"], 60);
    }
}

#[test]
fn no_cut_into_batches_and_no_number_of_workers_changes_a_byte() {
    let moods = ["calm", "heavy", "noted", "loop", "calm", "panic", "memory", "known", "heavy", "heavy", "sanctioned"];
    let records: String = (0..800).map(|id| record(id, moods[id * id % 97 % moods.len()])).collect();
    let mut answers = Vec::new();
    for batch in [1, 7, 64, 1_000] {
        for workers in ["1", "2", "3", "8"] {
            let desk = Desk::with_host(&source(), &tenant("fallback = \"review\"\nfuel = 400_000"));
            let host = desk.read("sandgate.toml");
            // `[engine]` goes before the source, whose fields end the file
            desk.write("sandgate.toml", &host.replace("[[source]]", &format!("[engine]\nbatch = {batch}\n[[source]]")));
            judge(&desk, &records, &["--workers", workers]);
            answers.push((batch, workers, desk.read("out.jsonl")));
        }
    }
    let (_, _, first) = &answers[0];
    assert!(
        first.contains("\"fault\":\"fuel\"") && first.contains("\"fault\":\"memory\""),
        "the guilty are among them"
    );
    for (batch, workers, answer) in &answers {
        assert!(answer == first, "batches of {batch} with {workers} workers");
    }
}

#[test]
fn a_block_in_place_of_a_final_block_outranks_an_exemption() {
    // the sanctions check fails, and a second policy exempts the account
    let component = policies().join("unruly.wasm");
    let second = format!("[[stage.policy]]\nname = \"friends\"\ncomponent = {component:?}\n");
    let table = [("block", "panic", "block"), ("review", "panic", "review"), ("block", "calm", "allow")];
    for (fallback, mood, outcome) in table {
        let desk =
            Desk::with_host(&source(), &tenant(&format!("fallback = \"{fallback}\"\n{second}fallback = \"allow\"")));
        let decisions = judge(&desk, &record(1, mood), &[]);
        assert_eq!(decisions[0]["outcome"], outcome, "{fallback} {mood}");
    }
}

#[test]
fn a_final_block_outranks_an_exemption_and_ends_the_stages() {
    let component = policies().join("unruly.wasm");
    let later = format!("[[stage]]\nname = \"later\"\n[[stage.policy]]\nname = \"later\"\ncomponent = {component:?}\n");
    let desk = Desk::with_host(&source(), &tenant(&later));
    let table = [("sanctioned", "block", false), ("known", "allow", true), ("calm", "allow", true)];
    for (mood, outcome, goes_on) in table {
        let decision = &judge(&desk, &record(1, mood), &[])[0];
        assert_eq!(decision["outcome"], outcome, "{mood}");
        assert_eq!(decision["policies"][1]["ran"], goes_on, "{mood}");
    }
}

#[test]
fn fallbacks_go_by_the_amount() {
    let bands = "fallback = [{ below = \"2\", outcome = \"allow\" }, { below = \"3\", outcome = \"review\" }, { outcome = \"block\" }]";
    let desk = Desk::with_host(&source(), &tenant(bands));
    let records: String = (1..4).map(|id| record(id, "panic")).collect();
    let outcomes: Vec<Value> = judge(&desk, &records, &[]).iter().map(|decision| decision["outcome"].clone()).collect();
    assert_eq!(outcomes, ["allow", "review", "block"]);
}
