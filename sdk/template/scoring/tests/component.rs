//! The component, as it is shipped, in the engine of a real host: windows are
//! counted by it, and time goes by as a test says.

use sandgate_harness::{Harness, Outcome, agree, json, policy};

use template_scoring::template_scoring;

#[test]
fn the_component_scores_as_the_function_does() {
    agree!(template_scoring);
}

#[test]
fn a_device_is_known_from_its_second_use_on() {
    let payment = || json!({ "account": "a-1", "device": "d-1", "amount": "50.00" });
    Harness::new(policy!())
        .at("2026-01-01T09:00:00Z")
        .send(payment())
        .score_within(0.1..0.2)
        .saw("on_device", 0)
        .after("1d")
        .send(payment())
        .score_within(0.0..0.05)
        .saw("on_device", 1);
}

#[test]
fn a_tenant_decides_from_which_score_on_what_happens() {
    let payment = || json!({ "account": "a-1", "device": "d-1", "amount": "2000.00" });
    let judged = Harness::new(policy!())
        .threshold(Outcome::Review, 0.3)
        .threshold(Outcome::Block, 0.7)
        .parameter("new_device", 0.0)
        .send_times(9, "1m", payment());
    let outcomes: Vec<_> = judged.decisions().iter().map(|decision| decision["outcome"].clone()).collect();
    assert_eq!(outcomes, ["allow", "allow", "allow", "allow", "allow", "review", "review", "review", "block"]);
}
