//! The example of a paying system, with a real host between its topics: one that
//! leads and one of each kind that is observed.

use sandgate_tests::servers::group::Group;
use sandgate_tests::servers::topic::Topic;
use sandgate_tests::servers::{PATIENCE, kafka, unique};
use sandgate_tests::{Desk, program, root, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

#[test]
fn payments_are_let_through_or_stopped_by_what_was_observed_of_their_account() {
    let (desk, name) = (Desk::new(), unique("example"));
    let read = |file: &str| std::fs::read_to_string(root().join("examples/payments-kafka").join(file)).unwrap();
    let host = read("sandgate.toml").replace("example", &name).replace("127.0.0.1:9092", kafka());
    desk.write("sandgate.toml", &host);
    desk.write("tenant.toml", &read("tenant.toml").replace("../../target/policies/", ""));
    let built = Command::new(program())
        .args(["build", "examples/payments-kafka/policy", "--to"])
        .arg(desk.path("known_money.wasm"))
        .current_dir(root())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", text(&built.stderr));
    desk.succeed(["topics", "--config", "sandgate.toml", "--partitions", "2", "--create"]);
    let mut running = desk.start(["run", "--config", "sandgate.toml"]);
    Group::new(kafka(), &name).wait_for_members(1, PATIENCE);

    let paying = Command::new(program().with_file_name("payments-kafka"))
        .args([kafka(), &name, "400", "200", "20000"])
        .output()
        .unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
    let told = text(&paying.stdout);
    assert!(paying.status.success(), "{}", text(&paying.stderr));
    assert!(told.contains(" 0 stopped because no decision came\n") && told.contains("p99 "), "{told}");

    let decisions = Topic::existing(kafka(), &format!("{name}-decisions"), 2).records();
    assert_eq!(decisions.len(), 400);
    let mut last: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for decision in decisions {
        let decision: Value = decision.json();
        let codes = decision["reasons"].as_array().into_iter().flatten();
        let codes = codes.map(|reason| reason["code"].as_str().unwrap_or_default().to_owned()).collect();
        let text = |key: &str| decision[key].as_str().unwrap_or_default().to_owned();
        last.insert(text("account"), (text("outcome"), codes));
    }
    // by the last payment of an account everything that was observed had come
    let decided = |account: &str| {
        let (outcome, codes) = &last[account];
        format!("{outcome} {}", codes.join(" "))
    };
    assert_eq!(decided("account7"), "block CHARGED_BACK");
    assert_eq!(decided("account3"), "review OTHER_PRICE");
    assert_eq!(decided("account10"), "review FIRST_MONEY");
    assert_eq!(decided("account20"), "allow ");
    assert_eq!(decided("account1"), "allow ");
}
