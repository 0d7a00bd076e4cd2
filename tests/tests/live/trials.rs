//! What is on trial beside the active set: a shadow that decides nothing, a canary that
//! decides for its share of the accounts, over restarts and kills.

use crate::swaps::registry;
use crate::{desk, done, verb};
use sandgate_tests::{Desk, kill_at, policies};
use serde_json::Value;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// A change that stops more.
const SET: &str = "account-risk.parameters.medium=500";

/// Payments of some accounts, of amounts between 0.00 and 9,999.99.
fn payments(count: u64) -> String {
    let line = |at: u64| {
        let cents = at * 7_919_003 % 1_000_000;
        format!(
            "{{\"transaction_id\":\"t{at}\",\"account_id\":\"account-{}\",\"timestamp\":{},\"amount\":\"{}.{:02}\"}}\n",
            at % 500,
            1_774_735_200 + at / 10,
            cents / 100,
            cents % 100
        )
    };
    (0..count).map(line).collect()
}

fn run(desk: &Desk, to: &str) {
    desk.succeed([
        "run",
        "--config",
        "sandgate.toml",
        "--from",
        "payments.jsonl",
        "--to",
        to,
        "--force",
        "--workers",
        "2",
    ]);
}

/// A desk whose tenant is in the registry, with payments to judge.
fn begun(count: u64) -> Desk {
    let desk = desk();
    desk.write("nothing.jsonl", "");
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "nothing.jsonl", "--to", "nothing.out"]);
    desk.write("payments.jsonl", &payments(count));
    desk
}

/// Whether an account is the canary's, as the documentation says it.
fn is_canarys(account: &str, share: u64) -> bool {
    xxh3_64_with_seed(account.as_bytes(), xxh3_64(b"payments")) % 10_000 < share
}

/// The account of a payment.
fn account(decision: &Value) -> &str {
    decision["account"].as_str().unwrap()
}

/// An amount in cents; what is written behind them is zeros.
fn cents(text: &Value) -> u64 {
    let (whole, part) = text.as_str().unwrap().split_once('.').unwrap();
    format!("{whole}{}", &part[..2]).parse().unwrap()
}

/// The only trial that a verb shows.
fn shown(desk: &Desk, what: &str) -> Value {
    let shown: Value = serde_json::from_str(&under(desk, &[what, "show", "--json", "payments"]).1).unwrap();
    shown["trials"][0].clone()
}

/// Runs a verb below another.
fn under(desk: &Desk, words: &[&str]) -> (i32, String, String) {
    let (two, rest) = words.split_at(2);
    let output = desk.run([two, &["--config", "sandgate.toml"], rest].concat());
    (output.status.code().unwrap_or(-1), sandgate_tests::text(&output.stdout), sandgate_tests::text(&output.stderr))
}

#[test]
fn a_shadow_that_differs_is_right_to_the_cent_and_disturbs_no_decision() {
    let (desk, without) = (begun(5_000), begun(5_000));
    run(&without, "out.jsonl");
    let (status, said, errors) = under(&desk, &["shadow", "start", "payments", "--set", SET, "--why", "try"]);
    assert!(status == 0 && said.starts_with("Shadow: generation 2 judges beside"), "{said}{errors}");
    run(&desk, "out.jsonl");
    assert_eq!(desk.read("out.jsonl"), without.read("out.jsonl"));
    assert_eq!(desk.json_lines("out.jsonl.generations").len(), 1, "it decides nothing");
    let shown = shown(&desk, "shadow");
    let sum = &shown["sum"];
    let flips: Vec<u64> = desk
        .json_lines("out.jsonl")
        .iter()
        .map(|decision| cents(&decision["policies"][0]["inputs"]["amount"]))
        .filter(|cents| (50_001..=500_000).contains(cents))
        .collect();
    assert_eq!((&shown["compared"], &sum["dropped"]), (&Value::from(5_000), &Value::from(0)));
    assert_eq!(shown["agreed"], 5_000 - flips.len() as u64);
    let allow_to_block = &sum["outcomes"][0][2];
    assert_eq!(allow_to_block["count"], flips.len() as u64);
    assert_eq!(cents(&allow_to_block["amount"]), flips.iter().sum::<u64>());
    let by_reason = &sum["reasons"]["account-risk/MEDIUM_AMOUNT"][0];
    assert_eq!((&by_reason["count"], &by_reason["amount"]), (&allow_to_block["count"], &allow_to_block["amount"]));
    let examples = sum["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 10);
    for example in examples {
        assert_eq!((&example["from"], &example["to"]), (&Value::from("allow"), &Value::from("block")));
        assert!((50_001..=500_000).contains(&cents(&example["amount"])), "{example}");
        assert_eq!(example["candidate"], serde_json::json!(["account-risk/MEDIUM_AMOUNT"]));
    }
    let told = under(&desk, &["shadow", "show", "payments"]).1;
    assert!(told.contains("allow -> block: ") && told.contains("MEDIUM_AMOUNT, by the candidate only"), "{told}");
    // it goes on from what it has counted
    run(&desk, "again.jsonl");
    assert_eq!(self::shown(&desk, "shadow")["compared"], 10_000);
    assert!(done(&desk, &["status"]).contains("shadow: generation 2, 10000 compared"));
    under(&desk, &["shadow", "stop", "payments"]);
    assert!(under(&desk, &["shadow", "show", "payments"]).1.contains("nothing is on trial"));
    assert!(done(&desk, &["history", "--verify"]).starts_with("sound"));
}

#[test]
fn a_shadow_that_burns_its_budget_is_shed_and_the_lane_goes_on() {
    let desk = begun(20_000);
    let source = desk.read("sandgate.toml").replace("device = { kind", "mood = { path = \"device\", kind");
    desk.write("sandgate.toml", &source);
    let lines = desk.read("payments.jsonl").replace("\"amount\"", "\"device\":\"loop\",\"amount\"");
    desk.write("payments.jsonl", &lines);
    let without = begun(0);
    without.write("sandgate.toml", &source);
    without.write("payments.jsonl", &lines);
    let burning = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"unruly\"\ncomponent = {:?}\nfuel = 10_000_000\n",
        policies().join("unruly.wasm")
    );
    desk.write("burning.toml", &burning);
    let (status, _, errors) =
        under(&desk, &["shadow", "start", "payments", "--file", "burning.toml", "--guard", "fault-rate=off"]);
    assert_eq!(status, 0, "{errors}");
    run(&without, "out.jsonl");
    run(&desk, "out.jsonl");
    assert_eq!(desk.read("out.jsonl"), without.read("out.jsonl"));
    let sum = shown(&desk, "shadow")["sum"].clone();
    let (compared, dropped) = (shown(&desk, "shadow")["compared"].as_u64().unwrap(), sum["dropped"].as_u64().unwrap());
    assert!(dropped > 0 && compared + dropped == 20_000, "{compared} compared, {dropped} dropped");
    assert_eq!(sum["candidate"]["faulted"], compared);
}

#[test]
fn a_canary_has_exactly_its_accounts_and_keeps_them_over_a_kill_and_a_swap() {
    let desk = begun(40_000);
    let start = ["canary", "start", "payments", "--set", SET, "--share", "30%", "--guard", "block-rate=off"];
    let (status, said, errors) = under(&desk, &start);
    assert!(status == 0 && said.contains("generation 2 decides for 30 % of the accounts"), "{said}{errors}");
    let check = |to: &str, share: u64, generations: [u64; 2]| {
        let decisions = desk.json_lines(to);
        assert_eq!(decisions.len(), 40_000);
        let mut accounts = BTreeSet::new();
        for decision in &decisions {
            let is_canarys = is_canarys(account(decision), share);
            assert_eq!(decision["generation"], generations[usize::from(is_canarys)], "{decision}");
            let limit = if is_canarys { 50_000 } else { 500_000 };
            let blocks = cents(&decision["policies"][0]["inputs"]["amount"]) > limit;
            assert_eq!(decision["outcome"], if blocks { "block" } else { "allow" }, "{decision}");
            if is_canarys {
                accounts.insert(account(decision).to_owned());
            }
        }
        let written = desk.json_lines(&format!("{to}.generations"));
        let written: BTreeSet<u64> = written.iter().map(|one| one["generation"].as_u64().unwrap()).collect();
        assert_eq!(written, BTreeSet::from(generations));
        accounts
    };
    // killed in the middle, and taken up again
    let words = ["run", "--config", "sandgate.toml", "--from", "payments.jsonl", "--to", "out.jsonl"];
    kill_at(desk.start(words), &desk.path("out.jsonl"), 4 << 20);
    desk.succeed(words);
    let first = check("out.jsonl", 3_000, [1, 2]);
    assert!((100..200).contains(&first.len()), "{}", first.len());
    let shown = shown(&desk, "canary");
    assert_eq!((&shown["share"], &shown["sum"]["dropped"]), (&Value::from(3_000), &Value::from(0)));
    let blocked = shown["sum"]["candidate"]["outcomes"][2].as_u64().unwrap();
    assert!(blocked > 0, "{shown}");
    // more accounts, and none less
    let (status, said, errors) = under(&desk, &["canary", "share", "payments", "60%"]);
    assert!(status == 0 && said.starts_with("Changed"), "{said}{errors}");
    run(&desk, "more.jsonl");
    let second = check("more.jsonl", 6_000, [1, 2]);
    assert!(second.is_superset(&first) && second.len() > first.len());
    // without the registry it is the same
    let file = desk.read("sandgate.toml");
    desk.write("sandgate.toml", &file.replace("sqlite:control.db", "postgres://nobody@127.0.0.1:1/nothing"));
    run(&desk, "away.jsonl");
    desk.write("sandgate.toml", &file);
    assert_eq!(check("away.jsonl", 6_000, [1, 2]), second);
    // promoted, all accounts are its own
    let said = done(&desk, &["promote", "payments", "--why", "well done"]);
    assert!(said.starts_with("Active: tenant payments runs generation 2"), "{said}");
    run(&desk, "promoted.jsonl");
    assert!(desk.json_lines("promoted.jsonl").iter().all(|decision| decision["generation"] == 2));
    done(&desk, &["rollback", "payments"]);
    run(&desk, "back.jsonl");
    assert!(desk.json_lines("back.jsonl").iter().all(|decision| decision["generation"] == 1));
    assert!(done(&desk, &["history", "--verify"]).starts_with("sound"));
}

#[test]
fn who_was_overtaken_or_tries_what_cannot_judge_is_told_so_and_nothing_changes() {
    let desk = begun(10);
    let seen = registry(&desk).tenant("payments").unwrap().unwrap().revision.to_string();
    under(&desk, &["canary", "start", "payments", "--set", SET, "--share", "1%", "--as", "ann"]);
    let wrong = |words: &[&str], told: &str| {
        let (status, _, errors) = under(&desk, words);
        assert!(status != 0 && errors.contains(told), "{words:?}: {errors}");
    };
    wrong(&["canary", "share", "payments", "2%", "--expect", &seen], "was changed meanwhile by ann");
    wrong(&["shadow", "start", "payments", "--set", SET, "--expect", &seen], "was changed meanwhile by ann");
    wrong(&["shadow", "start", "payments", "--set", "account-risk.parameters.medum=1"], "at the step resolve");
    wrong(&["shadow", "start", "payments", "--generation", "7"], "has no generation 7");
    wrong(&["shadow", "start", "payments", "--set", SET, "--guard", "blocks=+5%"], "there are block-rate");
    wrong(&["canary", "share", "payments", "101%"], "is no share");
    wrong(&["canary", "start", "payments", "--set", SET, "--share", "5%"], "stop it first");
    done(&desk, &["freeze", "payments"]);
    wrong(&["canary", "share", "payments", "5%"], "frozen");
    let (status, _, errors) = verb(&desk, &["promote", "payments"]);
    assert!(status == 1 && errors.contains("frozen"), "{errors}");
    done(&desk, &["freeze", "payments", "--lift"]);
    // whatever else is activated ends the canary, and says so
    let (_, _, errors) = verb(&desk, &["activate", "payments", "--set", "account-risk.fallback=block"]);
    assert!(errors.contains("the canary, generation 2, has ended"), "{errors}");
    let (status, _, errors) = verb(&desk, &["promote", "payments"]);
    assert!(status == 1 && errors.contains("no such shadow on trial"), "{errors}");
}
