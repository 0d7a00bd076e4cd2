//! Tiers that are slow, silent, cut or closed: what a look-up answers then, how
//! long it takes, and how it comes back.

use crate::{LONG, MS, config, found, look_up, postgres, redis, set};
use sandgate_remote::State;
use sandgate_tags::{Address, Answer, Cascade, Config, Error, Location, Rank, Url, Why};
use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::servers::{self, eventually};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// A PostgreSQL with some tags, and a proxy before it.
fn behind_proxy() -> (Location, Location, Proxy) {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    set(&sql, "a", "1");
    let proxy = Proxy::to(address(&url));
    let slow = Location::parse(&proxy.through(&url)).unwrap();
    (sql, slow, proxy)
}

fn state(cascade: &Cascade, rank: Rank) -> State {
    cascade.tiers().find(|tier| tier.rank() == rank).unwrap().state()
}

#[test]
fn a_silent_database_costs_a_deadline_then_nothing_and_comes_back() {
    let (_, sql, proxy) = behind_proxy();
    let mut config = Config { ttl: 50 * MS, stale: 6_000 * MS, ..config(sql) };
    config.sql_deadline = 300 * MS;
    config.breaker.failures = 2;
    config.breaker.open = 500 * MS;
    let cascade = sandgate_tags::open(&config).unwrap();
    eventually("the tag is there", LONG, || look_up(&cascade, &["a"]) == [found("1")]);
    proxy.set(Manner::Silent);
    eventually("the tag is stale", LONG, || matches!(look_up(&cascade, &["a"])[..], [Answer::Stale(Some(_), _)]));
    eventually("the breaker is open", LONG, || state(&cascade, Rank::Postgres) == State::Open);
    let began = Instant::now();
    let answer = look_up(&cascade, &["a"]);
    // it may just have become half-open; then this was the trial, and a deadline
    assert!(began.elapsed() < 2_000 * MS, "{:?}", began.elapsed());
    assert!(
        matches!(answer[..], [Answer::Stale(_, trouble) | Answer::Missing(trouble)] if trouble.why != Why::Failed),
        "{answer:?}"
    );
    eventually("the tag is too old", LONG, || matches!(look_up(&cascade, &["a"])[..], [Answer::Missing(_)]));
    proxy.set(Manner::Pass);
    eventually("the tag is back", LONG, || look_up(&cascade, &["a"]) == [found("1")]);
    assert_eq!(state(&cascade, Rank::Postgres), State::Closed);
}

#[test]
fn a_redis_that_is_gone_is_passed_over() {
    let sql = postgres();
    set(&sql, "a", "1");
    let proxy = Proxy::to(address(servers::redis()));
    let redis = Url::parse(&proxy.through(servers::redis())).unwrap();
    let mut config = Config { redis: vec![redis], ttl: MS, ..config(sql) };
    config.redis_deadline = 200 * MS;
    config.breaker.failures = 2;
    config.breaker.open = 300 * MS;
    let cascade = sandgate_tags::open(&config).unwrap();
    assert_eq!(look_up(&cascade, &["a"]), [found("1")]);
    for manner in [Manner::Silent, Manner::Refuse] {
        proxy.set(manner);
        eventually("its breaker is open", LONG, || {
            assert_eq!(look_up(&cascade, &["a", "b"]), [found("1"), Answer::Absent], "the database knows it too");
            state(&cascade, Rank::Redis) == State::Open
        });
        proxy.set(Manner::Pass);
        eventually("its breaker is closed", LONG, || {
            assert_eq!(look_up(&cascade, &["a"]), [found("1")]);
            state(&cascade, Rank::Redis) == State::Closed
        });
    }
    assert_eq!(cascade.counts().missing.load(Ordering::Relaxed), 0);
}

#[test]
fn a_server_that_is_not_there_at_start_is_tried_again() {
    let (direct, sql, proxy) = behind_proxy();
    proxy.set(Manner::Refuse);
    let mut config = config(sql);
    config.breaker.open = 200 * MS;
    let cascade = sandgate_tags::open(&config).unwrap();
    assert!(matches!(look_up(&cascade, &["a"])[..], [Answer::Missing(_)]));
    set(&direct, "a", "2");
    proxy.set(Manner::Pass);
    eventually("it is there", LONG, || look_up(&cascade, &["a"]) == [found("2")]);
}

#[test]
fn a_server_that_refuses_us_stops_the_start_and_no_message_has_a_password() {
    let url = servers::database();
    let user = url.split_once("://").unwrap().1.split_once(':').unwrap().0;
    let wrong = format!("postgres://{user}:wrong-secret@{}/postgres", address(&url));
    let told = |config: &Config| sandgate_tags::open(config).err().expect("it is refused");
    let refused = told(&config(Location::parse(&wrong).unwrap()));
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    let unfilled = told(&config(Location::parse(&url).unwrap()));
    assert!(matches!(unfilled, Error::Unfilled { .. }), "{unfilled}");
    let sql = postgres();
    set(&sql, "a", "1");
    let address = Url::parse(&format!("redis://:wrong-secret@{}", address(servers::redis()))).unwrap();
    let redis = told(&Config { redis: vec![address], ..config(sql) });
    assert!(matches!(redis, Error::Refused { .. }), "{redis}");
    for error in [refused, unfilled, redis] {
        let (shown, debugged) = (error.to_string(), format!("{error:?}"));
        assert!(!shown.contains("secret") && !debugged.contains("secret"), "{shown} {debugged}");
    }
}

#[test]
fn what_one_host_has_asked_the_next_one_finds_in_redis() {
    let sql = postgres();
    let ids: Vec<String> = (0..100).map(|_| servers::unique("account")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.iter().step_by(2).for_each(|id| set(&sql, id, "1"));
    let config = Config { redis: redis(), ..config(sql) };
    let first = sandgate_tags::open(&config).unwrap();
    let answers = look_up(&first, &ids);
    assert_eq!(first.counts().sql.load(Ordering::Relaxed), 100);
    // it is written behind the back of who asked
    eventually("Redis has all of it", LONG, || {
        let next = sandgate_tags::open(&config).unwrap();
        assert_eq!(look_up(&next, &ids), answers);
        let [redis, sql] = [&next.counts().redis, &next.counts().sql].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(redis + sql, 100);
        redis == 100
    });
}

#[test]
fn unknown_ids_cost_the_database_one_question_each_and_none_with_the_filter() {
    let sql = postgres();
    set(&sql, "a", "1");
    let ids: Vec<String> = (0..2_000).map(|id| format!("unknown {id}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let asked = |config: &Config, ready: fn(&Cascade) -> bool| {
        let cascade = sandgate_tags::open(config).unwrap();
        eventually("it is ready", LONG, || ready(&cascade));
        for _ in 0..5 {
            assert!(look_up(&cascade, &ids).iter().all(|answer| *answer == Answer::Absent));
        }
        cascade.counts().sql.load(Ordering::Relaxed)
    };
    assert_eq!(asked(&config(sql.clone()), |_| true), 2_000);
    let filtered = Config { filter_max: 1 << 20, ..config(sql) };
    assert!(asked(&filtered, Cascade::filters) < 200);
}

#[test]
fn an_address_with_options_is_shown_without_them() {
    let address = Address::parse("postgres://me:secret@host/tags?password=secret", &["postgres"]).unwrap();
    assert_eq!(address.to_string(), "postgres://me@host/tags");
}
