//! A fund's opening day from end to end: whoever doubts a number recomputes it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where by stopping there")]

use sandgate_model::manifest::{Parameter, Setting};
use sandgate_sandbox::{Config, Sandbox};
use sandgate_tests::{Desk, kill_at, policies, program, root, text};
use serde_json::Value;
use std::collections::HashMap;
use std::process::Command;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A desk on which these files judge an opening.
fn opening(subscribers: u64, seed: u64, host: &str, tenant: &str) -> Desk {
    let desk = Desk::new();
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    desk.write(
        "sandgate.toml",
        &read(host).replace("tenants/fund.toml", "tenant.toml").replace("../../../target/", ""),
    );
    let components = format!("{}/", policies().display());
    desk.write("tenant.toml", &read(tenant).replace("../../../target/policies/", &components));
    let generate = format!("generate --profile subscriptions --burst {subscribers} --seed {seed} --to records.jsonl");
    desk.succeed(generate.split(' '));
    desk.succeed("run --config sandgate.toml --from records.jsonl --to decisions.jsonl".split(' '));
    desk
}

/// What happened to one key, in order of time: when, and how many cents.
#[derive(Default)]
struct Past(Vec<(i64, i64)>);

impl Past {
    /// How many there are behind `after`, up to `upto`, and how many cents.
    fn within(&self, after: i64, upto: i64) -> (u64, i64) {
        let of = self.0.iter().rev().filter(|(time, _)| (after + 1..=upto).contains(time));
        of.fold((0, 0), |(count, sum), (_, cents)| (count + 1, sum + cents))
    }
}

#[test]
fn every_window_of_every_decision_can_be_recomputed() {
    let example = "examples/fund-subscriptions";
    let (host, tenant) = (format!("{example}/sandgate.toml"), format!("{example}/tenants/fund.toml"));
    let desk = opening(10_000, 11, &host, &tenant);
    let mut pasts: HashMap<String, Past> = HashMap::new();
    let (mut compared, mut modelled) = (0u64, 0u64);
    let (records, decisions) = (desk.json_lines("records.jsonl"), desk.json_lines("decisions.jsonl"));
    assert_eq!(records.len(), decisions.len());
    for (record, decision) in records.iter().zip(&decisions) {
        let (account, device) = (record["userId"].as_str().unwrap(), record["device"].as_str().unwrap());
        let time = record["timestamp"].as_i64().unwrap();
        let cents = (record["amount"].as_f64().unwrap() * 100.0).round() as i64;
        let subscribes = record["tradeType"] == "申购";
        let keys =
            [format!("a {account}"), format!("d {device}"), format!("s {account}"), format!("b {account} {device}")];
        for (at, key) in keys.iter().enumerate() {
            if at != 2 || subscribes {
                pasts.entry(key.clone()).or_default().0.push((time, cents));
            }
        }
        let nothing = Past::default();
        let [account, device, subscriptions, both] = keys.each_ref().map(|key| pasts.get(key).unwrap_or(&nothing));
        let mut expected: HashMap<String, Value> = HashMap::new();
        for (name, past) in [("account", account), ("device", device)] {
            for (span, length) in [("minute", MINUTE), ("hour", HOUR), ("day", DAY)] {
                let (count, cents) = past.within(time - length, time);
                expected.insert(format!("{name}_{span}_count"), count.into());
                expected.insert(format!("{name}_{span}_sum"), format!("{}.{:02}00", cents / 100, cents % 100).into());
            }
        }
        // China is eight hours ahead, all the year
        let midnight = (time + 8 * HOUR).div_euclid(DAY) * DAY - 8 * HOUR;
        let windows = [
            ("last_minute", subscriptions, time - MINUTE, time),
            ("today", subscriptions, midnight - 1, time),
            ("last_30_days", subscriptions, time - 30 * DAY, time),
            ("on_device", both, time - HOUR - 90 * DAY, time - HOUR),
        ];
        for (name, past, after, upto) in windows {
            expected.insert(name.to_owned(), past.within(after, upto).0.into());
        }
        for policy in decision["policies"].as_array().unwrap().iter().filter(|policy| policy["ran"] == true) {
            for (name, value) in policy["inputs"].as_object().unwrap() {
                if let Some(expected) = expected.get(name) {
                    assert_eq!(value, expected, "{name} of {record}");
                    compared += 1;
                }
            }
        }
        modelled += u64::from(adds_up(decision));
    }
    // two of the limits and twelve of the velocity, and of nearly all two more for the model
    assert!(compared > records.len() as u64 * 16, "{compared} of {}", records.len());
    assert!(modelled > records.len() as u64 / 2, "{modelled}");

    // and what the labels say of it is good, and not too good to be true
    let told = desk.succeed("effectiveness decisions.jsonl --labels records.jsonl --json".split(' '));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let rate = |of: &str, what: &str| told[of][what].as_f64().unwrap();
    assert!((0.8..0.99).contains(&rate("block", "precision")), "{told}");
    assert!((0.5..0.95).contains(&rate("block", "recall")), "{told}");
    assert!((0.7..0.99).contains(&rate("block_or_review", "money")), "{told}");
    assert!(rate("block_or_review", "honest_stopped") < 0.01, "{told}");
}

/// Whether the model has scored a subscription, whose contributions are then its logit.
fn adds_up(decision: &Value) -> bool {
    let Some(score) = decision["scores"].as_array().unwrap().first() else { return false };
    let contributions = score["contributions"].as_object().unwrap();
    let logit: f64 = contributions.values().map(|moved| moved.as_f64().unwrap()).sum();
    let value = score["value"].as_f64().unwrap();
    if logit == 0.0 {
        assert_eq!(value, 0.0, "no subscription: {decision}");
        return false;
    }
    assert!((value - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-12, "{decision}");
    true
}

#[test]
fn the_models_defaults_are_what_training_finds() {
    let folder = "policies/script-detector/training";
    let desk = opening(100_000, 1, &format!("{folder}/sandgate.toml"), &format!("{folder}/tenant.toml"));
    let build = ["build", "--release", "--workspace", "--quiet", "--example", "train"];
    assert!(Command::new("cargo").args(build).current_dir(root()).status().unwrap().success());
    let trained = Command::new(program().with_file_name("examples").join("train"))
        .args([desk.path("decisions.jsonl"), desk.path("records.jsonl")])
        .output()
        .unwrap();
    let told = text(&trained.stdout);
    assert!(trained.status.success(), "{}", text(&trained.stderr));
    let component = std::fs::read(policies().join("script_detector.wasm")).unwrap();
    let policy = Sandbox::new(Config::default()).unwrap().load(&component).unwrap();
    let default = |parameter: &Parameter| match &parameter.default {
        Some(Setting::One(value)) => format!("{} = {value}", parameter.name),
        other => panic!("{}: {other:?}", parameter.name),
    };
    let defaults: Vec<_> = policy.manifest().parameters.iter().map(default).collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), defaults);
}

#[test]
fn a_kill_in_the_middle_of_the_opening_day_changes_nothing() {
    let example = "examples/fund-subscriptions";
    let (host, tenant) = (format!("{example}/sandgate.toml"), format!("{example}/tenants/fund.toml"));
    let desk = opening(20_000, 12, &host, &tenant);
    let files = || ["decisions.jsonl", "decisions.jsonl.dead-letters"].map(|name| desk.read(name));
    let whole = files();
    let length = whole[0].len() as u64;
    let run = "run --config sandgate.toml --from records.jsonl --to decisions.jsonl";
    let mut struck = 0;
    for until in [length / 5, length / 2, length * 4 / 5] {
        let force = if struck == 0 { " --force" } else { "" };
        let started = desk.start(format!("{run}{force}").split(' '));
        struck += u32::from(kill_at(started, &desk.path("decisions.jsonl"), until));
    }
    desk.succeed(run.split(' '));
    assert!(files() == whole, "after {struck} kills");
    assert!(struck > 0, "a kill must come before the end");
}
