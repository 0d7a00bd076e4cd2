//! Tags through real tiers: what every store promises, what a host does when a
//! tier is slow or gone, and how fast it sees a change.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changes;
mod cluster;
mod conformance;
mod running;
mod sessions;
mod tiers;

use sandgate_tags::{Answer, Config, Location, Store, Tag, Url, Wanted};
use std::sync::Arc;
use std::time::Duration;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
const MS: Duration = Duration::from_millis(1);

/// A new, empty PostgreSQL database.
fn postgres() -> Location {
    Location::parse(&sandgate_tests::servers::database()).unwrap()
}

fn redis() -> Vec<Url> {
    vec![Url::parse(sandgate_tests::servers::redis()).unwrap()]
}

/// Deadlines that a busy machine keeps, and no filter or warm cache.
fn config(sql: Location) -> Config {
    let config = Config { sql, sql_deadline: LONG, redis_deadline: LONG, poll: 20 * MS, ..Config::default() };
    Config { filter_max: 0, warm_max: 0, ..config }
}

fn level<'a>(id: &'a str, value: &'a str) -> Tag<'a> {
    Tag { entity: "account", id, attribute: "risk_level", value }
}

fn found(value: &str) -> Answer {
    Answer::Found(Arc::from(value))
}

/// The risk levels of accounts.
fn look_up(store: &impl Store, ids: &[&str]) -> Vec<Answer> {
    let wanted: Vec<Wanted<'_>> = ids.iter().map(|id| level(id, "").name()).collect();
    let mut found = Vec::new();
    store.look_up(&wanted, &mut found);
    found
}

fn set(sql: &Location, id: &str, value: &str) {
    sandgate_tags::Writer::open(sql).unwrap().set(level(id, value)).unwrap();
}
