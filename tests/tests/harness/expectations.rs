//! What the client says where an expectation does not hold, where the program
//! refuses what is asked, and where it dies.

use crate::{failure, policy};
use sandgate_harness::{Harness, Judged, Outcome, Policy, json};
use sandgate_tests::Desk;

/// A transaction of an account at level 3, which is blocked.
fn blocked() -> Judged {
    Harness::new(&policy("account_risk.wasm"))
        .tag("account", "a-1", "risk_level", 3)
        .send(json!({ "account": "a-1", "amount": "10000.01" }))
}

#[test]
fn what_holds_says_nothing() {
    blocked()
        .expect(Outcome::Block)
        .reasons(["LARGE_AMOUNT"])
        .because("LARGE_AMOUNT")
        .without("MEDIUM_AMOUNT")
        .message("LARGE_AMOUNT", "amount 10000.0100 is over 10000.0000, and the account's risk level is 3")
        .saw("amount", "10000.01")
        .saw("amount", 10000.01)
        .saw("level", 3)
        .tag("account", "a-1", "risk_level", ())
        .after("1s")
        .send(json!({ "account": "a-1", "amount": "10000.01" }))
        .expect(Outcome::Allow)
        .saw("level", 1)
        .send(json!({ "amount": "much" }))
        .dead_letter("amount");
}

#[test]
fn what_does_not_hold_says_what_was_decided_and_on_what() {
    let told = failure(|| drop(blocked().expect(Outcome::Allow)));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "expected the outcome allow, got block",
            "  judged     t-1 at 2026-01-01T12:00:00.000Z",
            "  outcome    block",
            "  reason     LARGE_AMOUNT: amount 10000.0100 is over 10000.0000, and the account's risk level is 3",
            "  inputs     amount 10000.0100, level 3",
        ]
    );
    type Expect = fn(Judged) -> Judged;
    let failures: [(Expect, &str); 13] = [
        (|judged| judged.reasons([]), "expected the reasons none, got LARGE_AMOUNT"),
        (|judged| judged.reasons(["MEDIUM_AMOUNT"]), "expected the reasons MEDIUM_AMOUNT, got LARGE_AMOUNT"),
        (|judged| judged.because("MEDIUM_AMOUNT"), "expected the reason MEDIUM_AMOUNT, which was not given"),
        (|judged| judged.because("BIG"), "the policy has no reason BIG; it has LARGE_AMOUNT, MEDIUM_AMOUNT, LIMITS"),
        (|judged| judged.without("LARGE_AMOUNT"), "expected no reason LARGE_AMOUNT, which was given"),
        (|judged| judged.without("BIG"), "the policy has no reason BIG"),
        (
            |judged| judged.message("LARGE_AMOUNT", "much"),
            "expected the message \"much\" of LARGE_AMOUNT, got \"amount",
        ),
        (|judged| judged.score(0.5), "expected the score 0.5, got none"),
        (|judged| judged.score_within(0.5..), "expected a score within 0.5.., got none"),
        (|judged| judged.saw("level", 2), "expected the input level to be 2, got 3"),
        (|judged| judged.saw("levels", 2), "the policy has no input `levels`; it has amount, level"),
        (|judged| judged.fault("fuel"), "expected the fault fuel, got none"),
        (|judged| judged.dead_letter("amount"), "expected a dead letter for the cause amount"),
    ];
    for (expect, expected) in failures {
        let told = failure(|| drop(expect(blocked())));
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn a_repeat_has_the_first_answer_and_saw_nothing() {
    let twice = || {
        let payment = || json!({ "id": "p-1", "amount": 1 });
        Harness::new(&policy("account_risk.wasm")).send(payment()).saw("level", 1).send(payment())
    };
    twice().expect(Outcome::Allow).reasons([]);
    let told = failure(|| drop(twice().saw("level", ())));
    assert!(told.starts_with("no policy was judged on this record: it repeats an id"), "{told}");
}

#[test]
fn what_cannot_be_asked_is_told_at_once() {
    let harness = || Harness::new(&policy("account_risk.wasm"));
    let send = |harness: Harness| drop(harness.send(json!({ "amount": 1 })));
    let failures: [(&dyn Fn(), &str); 9] = [
        (
            &|| send(harness().parameter("larg", 1)),
            "parameters.larg: policy `account-risk` has no parameter `larg`; did",
        ),
        (&|| send(harness().parameters(json!([1]))), "parameters are an object, not [1]"),
        (&|| send(harness().threshold(Outcome::Block, 0.5)), "thresholds: this policy gives no score"),
        (&|| send(harness().at("noon")), "send.at: `noon` is neither a time"),
        (
            &|| send(harness().at("2026-01-01T00:00:00Z").after("1s")),
            "the next transaction is at \"2026-01-01T00:00:00Z\"",
        ),
        (&|| send(harness().input("levl", 1)), "the policy has no input `levl`; did you mean `level`?"),
        (&|| send(blocked().after("1s").fuel(5)), "the timeline has begun: set this up before the first transaction"),
        (&|| drop(harness().send_times(0, "1s", json!({}))), "a transaction that is sent 0 times"),
        (&|| drop(harness().observe("prices", json!({}))), "the policy reads no source `prices`"),
    ];
    for (ask, expected) in failures {
        let told = failure(ask);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn a_snapshot_is_written_once_and_compared_from_then_on() {
    let desk = Desk::new();
    let component = policy("account_risk.wasm").component().to_owned();
    let judged = |amount: &str| {
        let policy = Policy::new(&component, desk.path(""));
        Harness::new(&policy).send(json!({ "account": "a-1", "amount": amount }))
    };
    let told = failure(|| drop(judged("12.5").snapshot("small")));
    assert!(
        told.contains("small.json was not there; it has been written: look at it, keep it, and run again"),
        "{told}"
    );
    let written = desk.read("snapshots/small.json");
    assert!(written.contains("\"amount\": \"12.5000\"") && written.ends_with("}\n"), "{written}");
    for changing in ["digest", "version", "position", "\"set\"", "generation"] {
        assert!(!written.contains(changing), "{changing} changes with every build: {written}");
    }
    judged("12.50").snapshot("small");
    let told = failure(|| drop(judged("13").snapshot("small")));
    assert!(told.contains("small.json; if it should be: SANDGATE_BLESS=1 cargo test\n"), "{told}");
    assert!(told.contains("\n  policies[0].inputs.amount: was 12.5000, is 13.0000\n"), "{told}");
    assert_eq!(desk.read("snapshots/small.json"), written, "what differs is not written");
    let told = failure(|| drop(judged("13").snapshot("../small")));
    assert!(told.starts_with("the snapshot \"../small\" needs a name of letters"), "{told}");
}

#[test]
fn a_timeline_goes_on_from_send_to_send_and_feeds_windows() {
    let judged = Harness::new(&policy("every_window.wasm"))
        .at("2026-01-01T09:00:00Z")
        .observe("prices", json!({ "account": "a-1", "price": "1.25" }))
        .after("1s")
        .send_times(3, "10s", json!({ "account": "a-1", "device": "d-1", "amount": 1 }))
        .saw("price", "1.25");
    let times: Vec<_> = judged.decisions().iter().map(|decision| decision["time"].clone()).collect();
    assert_eq!(times, ["2026-01-01T09:00:01.000Z", "2026-01-01T09:00:11.000Z", "2026-01-01T09:00:21.000Z"]);
    let judged = judged
        .saw("last", "2026-01-01T09:00:11.000Z")
        .after("2d")
        .send(json!({ "account": "a-1", "device": "d-1", "amount": 1 }))
        .saw("price", ());
    // late, by as much as it says
    let decision = judged.after("-10m").send(json!({ "account": "a-1", "amount": 1 })).decision().clone();
    assert_eq!(decision["time"], "2026-01-03T08:50:21.000Z");
}
