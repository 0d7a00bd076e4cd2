//! The component in the real engine: scores, contributions, and that they are
//! those of the function to the last bit.

use sandgate_harness::{Harness, Outcome, agree, json, policy};
use script_detector::script_detector;

#[test]
fn the_component_scores_as_the_function_does() {
    agree!(script_detector, rows = 2_000);
}

#[test]
fn a_script_is_noticed_while_it_goes_on() {
    let order = || json!({ "account": "a-1", "device": "d-1", "amount": 10, "trade_type": "subscribe" });
    let judged = Harness::new(policy!())
        .field("amount", json!({ "kind": "decimal", "scale": 2 }))
        .threshold(Outcome::Review, 0.5)
        .threshold(Outcome::Block, 0.7)
        .send_times(4, "5s", order());
    let outcomes: Vec<_> = judged.decisions().iter().map(|decision| decision["outcome"].clone()).collect();
    assert_eq!(outcomes, ["allow", "allow", "review", "block"]);
    judged.score_within(0.9..1.0).saw("last_minute", 4).snapshot("script");
}

#[test]
fn what_is_no_subscription_scores_nothing() {
    Harness::new(policy!())
        .threshold(Outcome::Review, 0.5)
        .send_times(9, "1s", json!({ "account": "a-1", "device": "d-1", "trade_type": "赎回" }))
        .expect(Outcome::Allow)
        .score(0.0)
        .saw("last_minute", 0);
}
