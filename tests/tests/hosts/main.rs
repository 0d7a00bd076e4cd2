//! A host of a fleet from outside: what it decides, what it leaves behind when it
//! is killed, how it takes over, and what it refuses.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod fence;
mod records;
mod takeover;
mod whole;

use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::policies;
use sandgate_tests::servers::kafka;
use sandgate_tests::servers::topic::Topic;
use std::time::Duration;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Payments with windows over their account only.
const SOURCE: &str = r#"
[[source]]
name = "payments"
id = "id"
account = "customer"
time = "time"
tenant = { name = "payments" }
[source.fields]
id = { path = "transaction_id", kind = "text" }
customer = { path = "account_id", kind = "text" }
time = { path = "timestamp", kind = "instant", unit = "ms" }
amount = { path = "price", kind = "decimal", scale = 2 }
"#;

/// A fleet whose policy reads windows by account.
fn plan(partitions: i32) -> Plan {
    let component = policies().join("card_windows.wasm");
    let tenant = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"card-windows\"\ncomponent = {component:?}\nfallback = \"review\"\n"
    );
    Plan::new(partitions, SOURCE, &tenant)
}

/// A fleet that has decided everything says what runs from files say.
fn check(fleet: &mut Fleet) {
    let seen = fleet.wait_until_decided(PATIENCE);
    if let Err(problems) = fleet.undisturbed().check(&seen) {
        let logs: String = fleet.hosts().iter().map(|host| fleet.log(host)).collect();
        panic!("{problems}\n{logs}");
    }
}

/// Another topic of a fleet.
fn topic(fleet: &Fleet, what: &str) -> Topic {
    let payments = fleet.payments();
    Topic::existing(kafka(), &payments.name().replace("-payments", &format!("-{what}")), payments.partitions())
}

/// The consumer group of a fleet.
fn group(fleet: &Fleet) -> String {
    fleet.payments().name().replace("-payments", "")
}

/// Waits until one more decision is there than there is now, or all.
fn wait_for_more(fleet: &Fleet) {
    let decisions = topic(fleet, "decisions");
    let mut reader = decisions.reader();
    reader.read_to_end();
    let before = reader.records.len();
    let most = fleet.sent();
    // of a hundred records at least ninety are decisions
    reader.read_until("one more decision", PATIENCE, |records| records.len() > before || records.len() > most * 9 / 10);
}
