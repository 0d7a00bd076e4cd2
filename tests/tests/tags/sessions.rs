//! The connections of a host to its database: all of them lost at once, and slow to
//! be made.

use crate::{LONG, MS, config, found, level, look_up, set};
use sandgate_tags::database::Database as _;
use sandgate_tags::postgres::Reader;
use sandgate_tags::{Address, Config, Error, Location};
use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::servers;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[test]
fn a_database_that_closes_all_its_connections_costs_one_failure_and_no_answer() {
    let url = servers::database();
    let direct = Location::parse(&url).unwrap();
    set(&direct, "a", "1");
    let proxy = Proxy::to(address(&url));
    let sql = Location::parse(&proxy.through(&url)).unwrap();
    let cascade = sandgate_tags::open(&Config { ttl: MS, poll: LONG, ..config(sql) }).unwrap();
    proxy.set(Manner::Delay(100 * MS));
    let (before, barrier) = (proxy.accepted(), Barrier::new(6));
    std::thread::scope(|scope| {
        for id in 0..6 {
            let (cascade, barrier) = (&cascade, &barrier);
            scope.spawn(move || {
                barrier.wait();
                look_up(cascade, &[&format!("other {id}")])
            });
        }
    });
    assert!(proxy.accepted() - before >= 3, "who asks at the same time has a connection of its own");
    proxy.set(Manner::Pass);
    proxy.cut();
    let tier = cascade.tiers().next().unwrap();
    for _ in 0..6 {
        assert_eq!(look_up(&cascade, &["a"]), [found("1")]);
        std::thread::park_timeout(2 * MS);
    }
    assert_eq!(tier.counts().failures.load(Ordering::Relaxed), 1);
}

#[test]
fn connecting_and_asking_share_one_deadline() {
    let url = servers::database();
    set(&Location::parse(&url).unwrap(), "a", "1");
    let proxy = Proxy::to(address(&url));
    let reader = Reader::new(&Address::parse(&proxy.through(&url), &["postgres"]).unwrap());
    // a connection takes four answers, each of them late, and a question takes two
    proxy.set(Manner::Delay(200 * MS));
    let names = [level("a", "").name()];
    let ask = |limit| {
        let began = Instant::now();
        // the connection before was cut, which is told at once
        proxy.cut();
        let answer = reader.look_up(&names, limit, &mut Vec::new());
        let answer = answer.or_else(|error| match error {
            Error::Unreachable { .. } => reader.look_up(&names, limit, &mut Vec::new()),
            other => Err(other),
        });
        (answer, began.elapsed())
    };
    let limit = 1_000 * MS;
    let (whole, took) = ask(LONG);
    assert!(whole.is_ok() && took > limit, "{whole:?} after {took:?}");
    let (answer, took) = ask(limit);
    assert!(matches!(answer, Err(Error::Late { .. })), "{answer:?} after {took:?}");
    assert!(took < limit + Duration::from_secs(5), "{took:?}");
}
