//! The component in the real engine: windows are counted by a host, not set by a
//! test, and what is shipped answers as the function that the other tests call.

use sandgate_harness::{Harness, Outcome, agree, json, policy};
use subscription_limits::subscription_limits;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(subscription_limits);
    agree!(subscription_limits, rows = 250, seed = 7);
}

#[test]
fn the_fourth_subscription_of_a_minute_is_one_too_many() {
    let subscription = || json!({ "account": "a-1", "amount": "100", "trade_type": "申购" });
    Harness::new(policy!())
        .send_times(3, "10s", subscription())
        .expect(Outcome::Allow)
        .saw("last_minute", 3)
        .after("10s")
        .send(subscription())
        .expect(Outcome::Block)
        .reasons(["BURST"])
        .message("BURST", "4 subscriptions in the last minute, 3 allowed")
        .snapshot("burst")
        // what is exactly a minute old does not count
        .after("1m")
        .send(subscription())
        .expect(Outcome::Allow)
        .saw("last_minute", 1)
        .saw("today", 5)
        .after("1s")
        .send(json!({ "account": "another", "amount": "100", "trade_type": "申购" }))
        .saw("last_minute", 1)
        .saw("today", 1);
}

#[test]
fn the_day_begins_in_shanghai() {
    let subscription = || json!({ "account": "a-1", "amount": 1, "trade_type": "subscribe" });
    Harness::new(policy!())
        .parameter("per_day", 1)
        .at("2026-01-01T15:00:00Z")
        .send_times(2, "59m", subscription())
        .expect(Outcome::Review)
        .reasons(["BUSY_DAY"])
        .after("1m")
        .send(subscription())
        .expect(Outcome::Allow)
        .saw("today", 1);
}

#[test]
fn a_tenant_moves_the_largest_amount() {
    Harness::new(policy!())
        .parameters(json!({ "largest": "99.5" }))
        .send(json!({ "amount": "99.50", "trade_type": "subscribe" }))
        .expect(Outcome::Allow)
        .without("LARGE_AMOUNT")
        .saw("amount", 99.5)
        .after("2m")
        .send(json!({ "amount": "99.51", "trade_type": "subscribe" }))
        .expect(Outcome::Block)
        .because("LARGE_AMOUNT")
        .message("LARGE_AMOUNT", "amount 99.5100 is over 99.5000");
}

#[test]
fn without_fuel_or_a_needed_input_the_fallback_stands_in() {
    Harness::new(policy!())
        .fuel(100)
        .fallback(Outcome::Block)
        .send(json!({ "amount": 1, "trade_type": "subscribe" }))
        .expect(Outcome::Block)
        .fault("fuel")
        .reasons([]);
    Harness::new(policy!())
        .absent("today")
        .send(json!({ "amount": 1, "trade_type": "subscribe" }))
        .expect(Outcome::Review)
        .fault("input")
        .input("last_minute", 4)
        .send(json!({ "amount": 1, "trade_type": "subscribe" }))
        .reasons(["BURST"]);
}
