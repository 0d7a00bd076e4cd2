//! What becomes of single records: headers, keys that lie, and poison.

use crate::PATIENCE;
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::servers::topic::Record;

fn payment(number: u64, account: &str) -> String {
    format!(
        "{{\"transaction_id\":\"t-{number}\",\"account_id\":\"{account}\",\"timestamp\":1774735200000,\"price\":\"1.00\"}}"
    )
}

#[test]
fn headers_travel_from_a_record_to_its_decision() {
    let mut fleet = Fleet::new(Plan::new(1));
    fleet.start("one");
    let record = |number| Record::new("a", payment(number, "a"));
    fleet.payments().send([
        record(1).with_header("correlation-id", "c-1").with_header("secret", "s").with_header("traceparent", "00-1"),
        record(2),
        Record::new("a", "broken").with_header("correlation-id", "c-3"),
    ]);
    let decisions = fleet.topic("decisions").wait_for("two decisions", PATIENCE, |all| all.len() == 2);
    let header = |record: &Record, name: &str| record.header(name);
    assert_eq!(header(&decisions[0], "correlation-id").as_deref(), Some("c-1"));
    assert_eq!(header(&decisions[0], "traceparent").as_deref(), Some("00-1"));
    assert_eq!(header(&decisions[0], "secret"), None, "only those that are named travel");
    assert_eq!(header(&decisions[0], "decision-id").as_deref(), Some("payments/0/0"));
    assert_eq!(decisions[1].headers.len(), 1, "{:?}", decisions[1].headers);
    let dead = fleet.topic("dead-letters").wait_for("a dead letter", PATIENCE, |all| all.len() == 1);
    assert_eq!(header(&dead[0], "correlation-id").as_deref(), Some("c-3"));
    assert_eq!(dead[0].key.as_deref(), Some(&b"a"[..]));
}

#[test]
fn a_key_that_lies_is_a_dead_letter_unless_it_is_to_be_judged() {
    let lies = |fleet: &Fleet| {
        let keyless = Record { key: None, ..Record::new("", payment(3, "a")) };
        fleet.payments().send([Record::new("b", payment(1, "a")), Record::new("a", payment(2, "a")), keyless]);
    };
    let mut fleet = Fleet::new(Plan::new(1));
    fleet.start("one");
    lies(&fleet);
    let dead = fleet.topic("dead-letters").wait_for("two dead letters", PATIENCE, |all| all.len() == 2);
    assert!(dead.iter().all(|letter| letter.json()["cause"] == "key"), "{dead:?}");
    assert_eq!(dead.iter().map(|letter| letter.json()["position"]["offset"].clone()).collect::<Vec<_>>(), [0, 2]);
    let decided = fleet.topic("decisions").wait_for("one decision", PATIENCE, |all| !all.is_empty());
    assert_eq!(decided[0].json()["transaction"], "t-2");

    let mut plan = Plan::new(1);
    plan.source = plan.source.replace("account = \"customer\"", "account = \"customer\"\nwrong_key = \"judge\"");
    let mut fleet = Fleet::new(plan);
    fleet.start("one");
    lies(&fleet);
    let decided = fleet.topic("decisions").wait_for("three decisions", PATIENCE, |all| all.len() == 3);
    assert!(decided.iter().all(|decision| decision.key.as_deref() == Some(b"a")), "the account keys a decision");
}

#[test]
fn poison_is_one_dead_letter_each_and_never_a_stall() {
    let mut fleet = Fleet::new(Plan::new(1));
    let poison = [
        Record::new("a", "not json"),
        Record { value: None, ..Record::new("a", "") },
        Record::new("a", vec![0xff; 100]),
        Record::new("a", format!("{{\"transaction_id\":\"{}\"}}", "x".repeat(200_000))),
        Record::new("a", payment(2, &"long".repeat(3_000))),
    ];
    fleet.payments().send(poison.into_iter().chain([Record::new("a", payment(1, "a"))]));
    fleet.start("one");
    let decided = fleet.topic("decisions").wait_for("the decision behind them", PATIENCE, |all| !all.is_empty());
    assert_eq!(decided[0].json()["position"]["offset"], 5);
    let dead = fleet.topic("dead-letters").wait_for("all dead letters", PATIENCE, |all| all.len() == 5);
    let causes: Vec<_> = dead.iter().map(|letter| letter.json()["cause"].as_str().unwrap().to_owned()).collect();
    assert_eq!(causes, ["not-json", "not-json", "utf-8", "size", "key"]);
}
