//! Tiers that are slow, silent, cut or closed: what a look-up answers then, how
//! long it takes, and how it comes back.

use crate::{LONG, MS, config, found, host, look_up, postgres, redis, set, through};
use sandgate_remote::State;
use sandgate_tags::between::Between;
use sandgate_tags::{Address, Answer, Cascade, Config, Error, Location, Rank, Why};
use sandgate_tests::proxy::{Manner, Proxy};
use sandgate_tests::servers::{self, eventually};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A PostgreSQL with some tags, and a proxy before it.
fn behind_proxy() -> (Location, Location, Proxy) {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    set(&sql, "a", "1");
    let proxy = Proxy::to(host(&url));
    let slow = Location::parse(&through(&url, &proxy.address())).unwrap();
    (sql, slow, proxy)
}

fn state(cascade: &Cascade, rank: Rank) -> State {
    cascade.tiers().find(|tier| tier.rank() == rank).unwrap().state()
}

#[test]
fn a_silent_database_costs_a_deadline_then_nothing_and_comes_back() {
    let (_, sql, proxy) = behind_proxy();
    let mut config = Config { ttl: 50 * MS, stale: 2_000 * MS, ..config(sql) };
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
    let proxy = Proxy::to(host(servers::redis()));
    let redis = Between::parse(&through(servers::redis(), &proxy.address())).unwrap();
    let mut config = Config { redis: Some(redis), ttl: MS, ..config(sql) };
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
    let wrong = format!("postgres://{user}:wrong-secret@{}/postgres", host(&url));
    let told = |config: &Config| sandgate_tags::open(config).err().expect("it is refused");
    let refused = told(&config(Location::parse(&wrong).unwrap()));
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    let unfilled = told(&config(Location::parse(&url).unwrap()));
    assert!(matches!(unfilled, Error::Unfilled { .. }), "{unfilled}");
    let sql = postgres();
    set(&sql, "a", "1");
    let address = Between::parse(&format!("redis://:wrong-secret@{}", host(servers::redis()))).unwrap();
    let redis = told(&Config { redis: Some(address), ..config(sql) });
    assert!(matches!(redis, Error::Refused { .. }), "{redis}");
    for error in [refused, unfilled, redis] {
        let (shown, debugged) = (error.to_string(), format!("{error:?}"));
        assert!(!shown.contains("secret") && !debugged.contains("secret"), "{shown} {debugged}");
    }
}

#[test]
fn what_one_host_has_asked_the_next_one_finds_in_redis() {
    let sql = postgres();
    let id = servers::unique("account");
    set(&sql, &id, "1");
    let mut config = Config { redis: Some(redis()), ..config(sql) };
    // the change is too young for Redis to be believed; wait until a host that starts does
    config.ttl = MS;
    let first = sandgate_tags::open(&config).unwrap();
    assert_eq!(look_up(&first, &[&id]), [found("1")]);
    config.ttl = LONG;
    let long = sandgate_tags::open(&config).unwrap();
    eventually("Redis answers", LONG, || {
        look_up(&long, &[&id, &servers::unique("nobody")]);
        let next = sandgate_tags::open(&Config { ttl: LONG, ..config.clone() }).unwrap();
        let _ = look_up(&next, &[&id]);
        // what changed lately is asked of the database and written over what Redis has
        next.counts().sql.load(Ordering::Relaxed) + next.counts().redis.load(Ordering::Relaxed) == 1
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
fn a_change_reaches_every_running_host_within_a_second_and_past_redis() {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    let id = servers::unique("account");
    set(&sql, &id, "1");
    let config = Config { redis: Some(redis()), poll: 100 * MS, ..config(sql.clone()) };
    let hosts = [sandgate_tags::open(&config).unwrap(), sandgate_tags::open(&config).unwrap()];
    for host in &hosts {
        assert_eq!(look_up(host, &[&id]), [found("1")]);
    }
    let seen = |expected: &[Answer]| {
        for host in &hosts {
            eventually("the change is seen", Duration::from_secs(1), || look_up(host, &[&id]) == expected);
        }
    };
    set(&sql, &id, "2");
    seen(&[found("2")]);
    sandgate_tags::Writer::open(&sql).unwrap().delete("account", &id, None).unwrap();
    seen(&[Answer::Absent]);
    // whoever writes with other means tells it too
    let row = format!("('account', 'risk_level', '{id}', '3')");
    servers::sql(&url, &format!("INSERT INTO sandgate_tags (entity, attribute, id, value) VALUES {row}"));
    seen(&[found("3")]);
    servers::sql(&url, &format!("UPDATE sandgate_tags SET value = '4' WHERE id = '{id}'"));
    seen(&[found("4")]);
    servers::sql(&url, "TRUNCATE sandgate_tags");
    seen(&[Answer::Absent]);
}

#[test]
fn an_address_with_options_is_shown_without_them() {
    let address = Address::parse("postgres://me:secret@host/tags?password=secret", &["postgres"]).unwrap();
    assert_eq!(address.to_string(), "postgres://me@host/tags");
}
