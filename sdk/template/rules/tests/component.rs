//! The component, as it is shipped, in the engine of a real host: windows are
//! counted by it, tags are stored in it, and time goes by as a test says.

use sandgate_harness::{Harness, Outcome, agree, json, policy};

use template_rules::template_rules;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(template_rules);
}

#[test]
fn a_burst_is_over_when_a_minute_has_passed() {
    let payment = || json!({ "account": "a-1", "amount": "12.50" });
    Harness::new(policy!())
        .at("2026-01-01T09:00:00Z")
        .send_times(5, "1s", payment())
        .expect(Outcome::Allow)
        .saw("last_minute", 5)
        .after("1s")
        .send(payment())
        .expect(Outcome::Block)
        .because("BURST")
        .message("BURST", "6 transactions in the last minute, 5 allowed")
        .after("1m")
        .send(payment())
        .expect(Outcome::Allow)
        .saw("last_minute", 1);
}

#[test]
fn a_tenant_sets_the_limits_and_a_tag_the_risk() {
    Harness::new(policy!())
        .tag("account", "a-1", "risk_level", 4)
        .parameter("largest", "100")
        .send(json!({ "account": "a-1", "amount": "100.00" }))
        .expect(Outcome::Review)
        .reasons(["RISKY_ACCOUNT"])
        .send(json!({ "account": "a-2", "amount": "100.01" }))
        .expect(Outcome::Block)
        .reasons(["LARGE_AMOUNT"]);
}

#[test]
fn without_an_amount_the_fallback_stands_in() {
    Harness::new(policy!()).send(json!({ "account": "a-1" })).expect(Outcome::Review).fault("input");
}
