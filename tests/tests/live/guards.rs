//! Guards on a host that judges all the time: one that is broken stops the canary by
//! itself, one that is not lets it go on until it is promoted.

use crate::swaps::registry;
use crate::{desk, done};
use sandgate_control::Registry;
use sandgate_tests::servers::{eventually, rest};
use sandgate_tests::{Desk, program, text};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Lets a host judge what comes without end while something is done.
fn while_it_judges(desk: &Desk, work: impl FnOnce(&Registry)) {
    let mut host = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl", "--workers", "2"])
        .current_dir(desk.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = BufWriter::new(host.stdin.take().unwrap());
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let feeder = scope.spawn(|| {
            let mut number = 0u64;
            while !ends.load(Ordering::Acquire) {
                for _ in 0..50 {
                    let (account, second) = (number % 500, 1_774_735_200 + number / 100);
                    writeln!(input, "{{\"transaction_id\":\"t{number}\",\"account_id\":\"a{account}\",\"timestamp\":{second},\"amount\":\"{}.00\"}}", number * 7_919 % 5_500).unwrap();
                    number += 1;
                }
                input.flush().unwrap();
                rest(Duration::from_millis(10));
            }
            drop(input);
        });
        let there =
            || desk.path("control.db").is_file() && registry(desk).tenant("payments").is_ok_and(|one| one.is_some());
        eventually("the host makes the tenant", PATIENCE, there);
        let registry = registry(desk);
        eventually("the host judges", PATIENCE, || !registry.hosts().unwrap().is_empty());
        work(&registry);
        ends.store(true, Ordering::Release);
        feeder.join().unwrap();
    });
    assert!(host.wait().unwrap().success());
}

fn begin(desk: &Desk, what: &str, words: &[&str]) {
    let output = desk.run([&[what, "start", "--config", "sandgate.toml", "payments"], words].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn on_trial(registry: &Registry) -> usize {
    let pointer = registry.tenant("payments").unwrap().unwrap();
    pointer.shadows.len() + usize::from(pointer.canary.is_some())
}

#[test]
fn a_candidate_that_blocks_everything_is_stopped_by_itself() {
    let desk = desk();
    while_it_judges(&desk, |registry| {
        for what in ["shadow", "canary"] {
            let begun = Instant::now();
            let share: &[&str] = if what == "canary" { &["--share", "40%"] } else { &[] };
            let all =
                ["--set", "account-risk.parameters.medium=0", "--guard", "minimum=300", "--guard", "block-rate=+5%"];
            begin(&desk, what, &[&all, share].concat());
            eventually("a guard breaks", PATIENCE, || on_trial(registry) == 0);
            println!("a {what} that blocks everything was stopped after {:?}", begun.elapsed());
            let last = registry.latest(1, Some("payments")).unwrap().remove(0);
            assert_eq!(last.action, format!("{what}-stop"));
            assert!(last.actor.starts_with("host "), "{last:?}");
            assert!(
                last.why.starts_with("guard block-rate=+5%: ") && last.why.contains("of the active set's"),
                "{last:?}"
            );
        }
        // its accounts are the active set's again
        eventually("all are judged by the active set", PATIENCE, || {
            let all = desk.read("out.jsonl");
            let mut last = all.lines().rev().skip(1).take(1_000);
            last.all(|line| line.contains("\"generation\":1,"))
        });
    });
    let mut by: BTreeMap<u64, u64> = BTreeMap::new();
    for decision in desk.json_lines("out.jsonl") {
        *by.entry(decision["generation"].as_u64().unwrap()).or_default() += 1;
    }
    assert!(by[&3] > 100, "the canary has decided: {by:?}");
    assert!(!by.contains_key(&2), "the shadow has not: {by:?}");
    assert!(done(&desk, &["history", "--verify"]).starts_with("sound"));
}

#[test]
fn an_equal_candidate_breaks_no_guard_and_is_promoted() {
    let desk = desk();
    while_it_judges(&desk, |registry| {
        // it decides alike, whatever it is called
        begin(&desk, "canary", &["--set", "account-risk.fallback=block", "--share", "40%", "--guard", "minimum=50"]);
        eventually("it has judged many", PATIENCE, || {
            let (pointer, all) = (registry.tenant("payments").unwrap().unwrap(), registry.compared().unwrap());
            let counted = pointer.compared(2, &all);
            assert_eq!(on_trial(registry), 1, "{:?}", registry.latest(1, None));
            counted.iter().map(|(_, comparison)| comparison.candidate.count()).sum::<u64>() > 8_000
        });
        done(&desk, &["promote", "payments"]);
        eventually("all are its own", PATIENCE, || {
            desk.read("out.jsonl").lines().rev().skip(1).take(300).all(|line| line.contains("\"generation\":2,"))
        });
    });
    let decisions = desk.json_lines("out.jsonl");
    let last = decisions.iter().rposition(|decision| decision["generation"] == 1).unwrap();
    // before it nobody changed sides, behind it all are of one
    let mut sides: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for decision in &decisions[..last] {
        let of = sides.entry(decision["account"].as_str().unwrap()).or_default();
        let generation = decision["generation"].as_u64().unwrap();
        if of.last() != Some(&generation) {
            of.push(generation);
        }
    }
    assert!(sides.values().all(|sides| [&[1][..], &[1, 2], &[2]].contains(&&sides[..])), "{sides:?}");
}
