//! A set that brings windows which the lane does not keep yet: the lane goes on, the
//! new windows say that they are warming, and those that were there know what they knew.

use crate::{desk, done};
use sandgate_tests::{Desk, policies};
use serde_json::Value;

const HOUR: u64 = 3_600;
/// 2026-03-28T22:00:00Z.
const BEGIN: u64 = 1_774_735_200;

/// A payment of account a or b.
fn payment(number: usize, time: u64) -> String {
    let account = if number.is_multiple_of(2) { "a" } else { "b" };
    format!(
        "{{\"transaction_id\":\"t{number}\",\"account_id\":\"{account}\",\"timestamp\":{time},\"amount\":\"10.00\",\"device\":\"d\"}}\n"
    )
}

/// Adds payments to the input, an hour apart, and lets the lane go on; answers its new decisions.
fn judge(desk: &Desk, times: &[u64]) -> Vec<Value> {
    let known = desk.read("in.jsonl");
    let before = known.lines().count();
    let more: String = times.iter().enumerate().map(|(at, time)| payment(before + at, *time)).collect();
    desk.write("in.jsonl", &(known + &more));
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
    let decisions = desk.json_lines("out.jsonl");
    assert_eq!(decisions.len(), before + times.len());
    decisions[before..].to_vec()
}

/// An input of the policy velocity, and whether the decision says that windows are warming.
fn seen(decision: &Value, input: &str) -> (u64, bool) {
    let policies = decision["policies"].as_array().unwrap();
    let velocity = policies.iter().find(|policy| policy["name"] == "velocity").unwrap();
    let warming = decision["circumstances"].as_array().unwrap().iter().any(|one| one["what"] == "warming");
    (velocity["inputs"][input].as_u64().unwrap(), warming)
}

/// So many times, an hour apart.
fn hours(first: u64, count: u64) -> Vec<u64> {
    (0..count).map(|hour| BEGIN + (first + hour) * HOUR).collect()
}

#[test]
fn new_windows_warm_up_and_those_that_were_there_go_on() {
    let desk = desk();
    desk.write("in.jsonl", "");
    let first = judge(&desk, &hours(0, 40));
    assert!(
        first.iter().all(|decision| decision["generation"] == 1 && decision["circumstances"] == serde_json::json!([]))
    );
    // a second policy, with windows of a day
    let velocity = format!(
        "\n[[stage.policy]]\nname = \"velocity\"\ncomponent = {:?}\nfallback = \"allow\"\n",
        policies().join("velocity.wasm")
    );
    desk.write("more.toml", &(desk.read("tenant.toml") + &velocity));
    done(&desk, &["activate", "payments", "--file", "more.toml"]);
    let second = judge(&desk, &hours(40, 10));
    // nothing from before is in the new series, and each decision says so
    let counts: Vec<(u64, bool)> = second.iter().map(|decision| seen(decision, "account_day_count")).collect();
    let expected: Vec<(u64, bool)> = (0..10).map(|at| (at / 2 + 1, true)).collect();
    assert_eq!(counts, expected);
    // the generation before does not read them, and feeds them all the same
    done(&desk, &["rollback", "payments", "--to", "1"]);
    let third = judge(&desk, &hours(50, 10));
    assert!(
        third.iter().all(|decision| decision["generation"] == 1 && decision["circumstances"] == serde_json::json!([]))
    );
    done(&desk, &["rollback", "payments", "--to", "2"]);
    // a day reaches back behind the beginning until hour 63, and the windows know all since then
    let fourth = judge(&desk, &hours(60, 30));
    let counts: Vec<(u64, bool)> = fourth.iter().map(|decision| seen(decision, "account_day_count")).collect();
    let same = |hour: u64| {
        let oldest = (hour + 1).saturating_sub(24).max(40);
        (oldest..=hour).filter(|other| other % 2 == hour % 2).count() as u64
    };
    let expected: Vec<u64> = (60..90).map(same).collect();
    assert_eq!(counts.iter().map(|(count, _)| *count).collect::<Vec<_>>(), expected);
    let warm: Vec<bool> = counts.iter().map(|(_, warming)| *warming).collect();
    assert!(warm[..3].iter().all(|warming| *warming) && !warm[29] && warm.is_sorted_by(|a, b| a >= b), "{warm:?}");
    let generations: Vec<u64> =
        desk.json_lines("out.jsonl").iter().map(|decision| decision["generation"].as_u64().unwrap()).collect();
    let runs = [(1, 40), (2, 10), (1, 10), (2, 30)];
    let expected: Vec<u64> = runs.iter().flat_map(|(generation, count)| vec![*generation; *count]).collect();
    assert_eq!(generations, expected);
    // and its state can be looked at, with what it has come to keep
    let inspect =
        ["state", "inspect", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl", "--json"];
    let shown = String::from_utf8_lossy(&desk.succeed(inspect).stdout).into_owned();
    assert!(shown.contains("account"), "{shown}");
}

#[test]
fn windows_with_a_backfill_know_at_once_what_was_kept() {
    let desk = desk();
    desk.write("in.jsonl", "");
    let tenant = "keep = [\"account\", \"device\", \"amount\"]\n".to_owned() + &desk.read("tenant.toml");
    desk.write("tenant.toml", &tenant);
    judge(&desk, &hours(0, 40));
    let component = policies().join("velocity.wasm");
    let velocity =
        format!("\n[[stage.policy]]\nname = \"velocity\"\ncomponent = {component:?}\nfallback = \"allow\"\n");
    desk.write("more.toml", &(tenant + &velocity));
    done(&desk, &["activate", "payments", "--file", "more.toml", "--backfill"]);
    assert!(done(&desk, &["activate", "payments", "--file", "more.toml", "--backfill"]).contains("Unchanged"));
    let same = |hour: u64| {
        let oldest = (hour + 1).saturating_sub(24);
        (oldest..=hour).filter(|other| other % 2 == hour % 2).count() as u64
    };
    // also where the state is read back another time
    for from in [40, 50] {
        let decisions = judge(&desk, &hours(from, 10));
        let counts: Vec<(u64, bool)> = decisions.iter().map(|decision| seen(decision, "account_day_count")).collect();
        let expected: Vec<(u64, bool)> = (from..from + 10).map(|hour| (same(hour), false)).collect();
        assert_eq!(counts, expected);
        assert!(decisions.iter().all(|decision| decision["generation"] == 2));
    }
    // one more field is kept from now on, behind windows that were there
    let more = desk.read("more.toml").replace("\"amount\"]", "\"amount\", \"probability\"]");
    desk.write("most.toml", &more);
    done(&desk, &["activate", "payments", "--file", "most.toml"]);
    let counts: Vec<(u64, bool)> =
        judge(&desk, &hours(60, 4)).iter().map(|decision| seen(decision, "account_day_count")).collect();
    assert_eq!(counts, (60..64).map(|hour| (same(hour), false)).collect::<Vec<_>>());
}
