//! What a store says when it is opened, and what it refuses.

use crate::lanes::sliding;
use crate::stream::{HOUR, Record, World, config, open, redis};
use sandgate_metrics::Registry;
use sandgate_model::manifest::Aggregate;
use sandgate_shared::{Config, Lane, Shared};
use sandgate_state::Answered;
use sandgate_tests::servers::own::Own;
use sandgate_tests::servers::{PATIENCE, eventually};
use std::sync::Arc;
use std::time::Duration;

fn refusal(url: &str) -> String {
    let config = Config { deadline: Duration::from_millis(500), ..config(url) };
    Shared::open(config, &Registry::default()).expect_err("it is refused").to_string()
}

#[test]
fn a_redis_that_may_drop_series_is_refused() {
    let own = Own::redis();
    let url = own.url();
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let _: () = redis(&url, &["CONFIG", "SET", "maxmemory-policy", policy]);
        let refusal = refusal(&url);
        assert!(refusal.contains(policy) && refusal.contains("set maxmemory-policy noeviction"), "{refusal}");
    }
    let _: () = redis(&url, &["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    open(config(&url));
    // one that may not be asked for its configuration says it elsewhere, or not at all
    let _: () = redis(&url, &["ACL", "SETUSER", "guest", "on", ">guest", "~*", "+@all", "-config"]);
    let guest = format!("redis://guest:guest@{}/", own.address());
    assert_eq!(Shared::open(config(&guest), &Registry::default()).unwrap().1, None);
    let _: () = redis(&url, &["ACL", "SETUSER", "guest", "-info"]);
    let note = Shared::open(config(&guest), &Registry::default()).unwrap().1.expect("a note");
    assert!(note.contains("does not say its maxmemory-policy"), "{note}");
}

#[test]
fn a_wrong_password_and_no_password_are_refused() {
    let own = Own::redis();
    let wrong = format!("redis://:s3cret@{}/", own.address());
    let said = refusal(&wrong);
    assert!(said.contains("refuses the user or the password") && !said.contains("s3cret"), "{said}");
    let none = refusal(&format!("redis://{}/", own.address()));
    assert!(none.contains("refuses the user or the password"), "{none}");
}

#[test]
fn a_store_begins_without_its_server_and_still_refuses_one_that_may_drop_series() {
    let own = Own::redis();
    let config = || Config { deadline: Duration::from_millis(500), ..config(&own.url()) };
    let (settings, world) = (config(), World::new(&[sliding(Aggregate::Count, None, HOUR)]));
    own.stop();
    let (store, note) = Shared::open(settings, &Registry::default()).unwrap();
    let note = note.expect("a note");
    for words in ["cannot be reached", own.address(), "[state] redis", "begins without it"] {
        assert!(note.contains(words), "{note}");
    }
    own.restart();
    let url = own.url();
    let _: () = redis(&url, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let (store, failures) = (Arc::new(store), |store: &Shared| store.counts().failures.get());
    let lane = Lane::new(Arc::clone(&store), 0);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.ask(&lane, 0, &[Record::plain(0, 0, "d", 1)]));
        eventually("that it is refused", PATIENCE, || failures(&store) > 2);
        assert!(!waiting.is_finished(), "it waits for one that drops nothing");
        let _: () = redis(&url, &["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        assert_eq!(waiting.join().unwrap()[0], [Answered::Integer(1)]);
    });
}

#[test]
fn a_lane_finds_a_redis_that_came_back_empty_and_goes_on() {
    let own = Own::redis();
    let store = open(config(&own.url()));
    let world = World::new(&[sliding(Aggregate::Count, None, HOUR)]);
    let lane = Lane::new(store, 0);
    assert_eq!(world.ask(&lane, 0, &[Record::plain(0, 0, "d", 1)])[0], [Answered::Integer(1)]);
    own.kill();
    own.restart();
    // as durable as that Redis is: this one keeps nothing
    assert_eq!(world.ask(&lane, 1, &[Record::plain(1, 1, "d", 1)])[0], [Answered::Integer(1)]);
}
