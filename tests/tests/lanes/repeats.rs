//! A record that comes again, and an id that is used again.

use crate::RUN;
use sandgate_tests::{Desk, PAYMENTS, policies, text};

fn desk(settings: &str, count_policy: &str) -> Desk {
    Desk::with_host(&format!("{PAYMENTS}\n{settings}"), count_policy)
}

/// A payment of an account at a second.
fn payment(id: &str, amount: &str, second: u64) -> String {
    format!(
        "{{\"transaction_id\":\"{id}\",\"account_id\":\"a\",\"amount\":{amount},\"timestamp\":{}}}\n",
        1_767_225_600 + second
    )
}

fn judge(desk: &Desk, records: &str) -> Vec<serde_json::Value> {
    desk.write("in.jsonl", records);
    desk.succeed(RUN.iter().chain(&["--from", "in.jsonl", "--force"]));
    desk.json_lines("out.jsonl")
}

/// The count of the last minute that a decision was made on.
fn count(decision: &serde_json::Value) -> &serde_json::Value {
    &decision["policies"][0]["inputs"]["account_minute_count"]
}

fn velocity() -> String {
    let component = policies().join("velocity.wasm");
    format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"velocity\"\ncomponent = {component:?}\n"
    )
}

#[test]
fn a_repeat_gets_the_first_answer_and_is_no_event() {
    let desk = desk("", &velocity());
    let first = payment("t-1", "5", 0);
    // other spaces, another order: the same content
    let again =
        "{ \"timestamp\": 1767225600.0, \"amount\": \"5.00\", \"account_id\": \"a\", \"transaction_id\": \"t-1\" }\n";
    let decisions = judge(&desk, &format!("{first}{}{again}{}", payment("t-2", "5", 1), payment("t-3", "5", 2)));
    assert_eq!(decisions[2]["repeat_of"], decisions[0]["position"]);
    assert_eq!(decisions[2]["position"]["offset"], (first.len() + payment("t-2", "5", 1).len()) as u64);
    for key in ["outcome", "generation", "set", "transaction", "account", "time"] {
        assert_eq!(decisions[2][key], decisions[0][key], "{key}");
    }
    for key in ["because", "reasons", "scores", "policies", "faults", "circumstances"] {
        assert_eq!(decisions[2][key], serde_json::json!([]), "{key}");
    }
    assert_eq!(
        decisions.iter().map(count).collect::<Vec<_>>(),
        [1, 2, 0, 3]
            .map(|count| match count {
                0 => serde_json::Value::Null,
                count => serde_json::json!(count),
            })
            .iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn an_id_with_another_content_is_a_fault_and_no_event() {
    let records = format!("{}{}{}", payment("t-1", "1", 0), payment("t-1", "1000000", 1), payment("t-2", "1", 2));
    for (settings, outcome) in [("", "block"), ("[engine]\nreused_id = \"review\"\n", "review")] {
        let desk = desk(settings, &velocity());
        let decisions = judge(&desk, &records);
        assert_eq!(decisions[1]["outcome"], outcome);
        assert_eq!(decisions[1]["faults"][0]["fault"], "id-reused");
        assert_eq!(decisions[1]["faults"][0]["fallback"], outcome);
        assert_eq!(decisions[1]["because"][0]["what"], "fallback");
        assert_eq!(count(&decisions[2]), 2);
    }
}

#[test]
fn an_id_is_forgotten_by_the_clock_and_by_number() {
    // the clock needs 32 records before it is set, and then follows the median
    let quiet =
        |from: u64, count: u64| (from..from + count).map(|at| payment(&format!("q-{at}"), "1", at)).collect::<String>();
    let first = payment("t-1", "1", 40);
    let table = [
        // within an hour
        ("", format!("{}{}{}", payment("t-1", "1", 0), quiet(0, 100), payment("t-1", "1", 0)), true),
        // after an hour of the lane's clock
        ("", format!("{}{first}{}{first}", quiet(0, 40), quiet(7_200, 200)), false),
        // by number
        ("[state]\nids = 50\n", format!("{}{}{}", payment("t-1", "1", 0), quiet(0, 49), payment("t-1", "1", 0)), true),
        ("[state]\nids = 50\n", format!("{}{}{}", payment("t-1", "1", 0), quiet(0, 50), payment("t-1", "1", 0)), false),
        ("[state]\nrepeats = \"0s\"\nids = 0\n", payment("t-1", "1", 0).repeat(2), false),
    ];
    for (settings, records, repeated) in table {
        let decisions = judge(&desk(settings, &velocity()), &records);
        let last = decisions.last().unwrap();
        assert_eq!(!last["repeat_of"].is_null(), repeated, "{settings} {} records", decisions.len());
    }
}

#[test]
fn a_composed_id_never_faults_as_reused() {
    let source = PAYMENTS.replace("id = \"id\"", "id = [\"account\", \"time\"]");
    let desk = Desk::with_host(&source, &velocity());
    // two of one id and other content, and both again
    let both = format!("{}{}", payment("t-1", "1", 0), payment("t-2", "7", 0));
    let decisions = judge(&desk, &both.repeat(2));
    assert!(decisions.iter().all(|decision| decision["faults"] == serde_json::json!([])));
    assert_eq!(count(&decisions[1]), 2);
    for (first, again) in [(0, 2), (1, 3)] {
        assert_eq!(decisions[again]["repeat_of"], decisions[first]["position"]);
    }
}

#[test]
fn a_late_transaction_says_so_and_a_full_state_too() {
    let desk = desk("[state]\nlateness = \"1m\"\nevents = 200\n", &velocity());
    let records: String = (0..60).map(|at| payment(&format!("t-{at}"), "1", at * 60)).collect();
    let late = payment("late", "1", 60);
    let decisions = judge(&desk, &format!("{records}{late}"));
    let last = decisions.last().unwrap();
    assert_eq!(last["circumstances"][0]["what"], "late", "{last}");
    assert!(decisions[..60].iter().all(|decision| decision["circumstances"] == serde_json::json!([])));
    // of account and device families together no more than 200 events fit: here each has one of an account
    let many: String = (0..300).map(|at| payment(&format!("t-{at}"), "1", at / 10)).collect();
    desk.write("in.jsonl", &many);
    let told = text(&desk.succeed(RUN.iter().chain(&["--from", "in.jsonl", "--force"])).stderr);
    assert!(told.contains("note: tenant payments has reached its bound of 200 window events"), "{told}");
    let decisions = desk.json_lines("out.jsonl");
    assert_eq!(decisions[199]["faults"], serde_json::json!([]));
    assert_eq!(decisions[200]["faults"][0]["fault"], "state-full");
    assert_eq!(decisions[299]["outcome"], "review", "the policy's fallback");
}
