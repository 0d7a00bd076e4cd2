//! Policy sets that change while a host works: by the verbs, from files and with Kafka.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod away;
mod backfill;
mod behind;
mod changes;
mod contained;
mod fleet;
mod growth;
mod guards;
mod many;
mod races;
mod swaps;
mod trials;
mod verbs;

use sandgate_tests::{Desk, PAYMENTS, account_risk, text};

/// A host with a registry that it follows closely.
fn desk() -> Desk {
    let source = format!("{PAYMENTS}\n[control]\nsql = \"sqlite:control.db\"\npoll = \"10ms\"\n");
    Desk::with_host(&source, &account_risk("parameters = { medium = \"5000\", medium_level = 1 }\n"))
}

/// Runs a verb; answers its status, and what it said on both streams.
fn verb(desk: &Desk, words: &[&str]) -> (i32, String, String) {
    let (verb, rest) = words.split_first().unwrap_or((&"", &[]));
    let all = [&[*verb, "--config", "sandgate.toml"], rest].concat();
    let output = desk.run(all);
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// The same of a verb that succeeds; answers what it said.
fn done(desk: &Desk, words: &[&str]) -> String {
    let (status, said, errors) = verb(desk, words);
    assert_eq!(status, 0, "{words:?}: {errors}");
    said
}
