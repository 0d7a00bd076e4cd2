//! A host of a fleet from outside: what it decides, what it leaves behind when it
//! is killed, how it takes over, and what it refuses.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod fence;
mod in_the_way;
mod records;
mod takeover;
mod waits;
mod whole;

use sandgate_tests::fleet::Fleet;
use std::time::Duration;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A fleet that has decided everything says what runs from files say.
fn check(fleet: &mut Fleet) {
    let seen = fleet.wait_until_decided(PATIENCE);
    if let Err(problems) = fleet.undisturbed().check(&seen) {
        let logs: String = fleet.hosts().iter().map(|host| fleet.log(host)).collect();
        panic!("{problems}\n{logs}");
    }
}

/// Waits until one more decision is there than there is now, or all.
fn wait_for_more(fleet: &Fleet) {
    let decisions = fleet.topic("decisions");
    let mut reader = decisions.reader();
    reader.read_to_end();
    let before = reader.records.len();
    let most = fleet.sent();
    // of a hundred records at least ninety are decisions
    reader.read_until("one more decision", PATIENCE, |records| records.len() > before || records.len() > most * 9 / 10);
}
