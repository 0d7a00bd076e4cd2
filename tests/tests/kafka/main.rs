//! A host of a fleet from outside: what it decides, what it leaves behind when it
//! is killed, how it takes over, and what it refuses.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod fence;
mod records;
mod takeover;
mod whole;

use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::policies;
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

/// A fleet whose policy reads windows by account, with more tables for each host.
fn fleet(partitions: i32, settings: &str) -> Fleet {
    let component = policies().join("card_windows.wasm");
    let tenant = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"card-windows\"\ncomponent = {component:?}\nfallback = \"review\"\n"
    );
    let mut plan = Plan::new(partitions, SOURCE, &tenant);
    plan.settings = settings.to_owned();
    Fleet::new(plan)
}

/// A fleet that has decided everything says what runs from files say.
fn check(fleet: &mut Fleet) {
    let seen = fleet.wait_until_decided(PATIENCE);
    if let Err(problems) = fleet.undisturbed().check(&seen) {
        let hosts = fleet.hosts();
        let logs: String = hosts.iter().map(|host| fleet.log(host)).collect();
        panic!("{problems}\n{logs}");
    }
}
