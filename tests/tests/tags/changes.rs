//! Changes while hosts run: how soon each of them sees a new value, and that no tier
//! brings the old one back.

use crate::{LONG, MS, config, found, level, look_up, redis, set};
use sandgate_tags::between::{Between, Put};
use sandgate_tags::database::Since;
use sandgate_tags::writer::{Writer, reader};
use sandgate_tags::{Answer, Cascade, Config, Location, Tag};
use sandgate_tests::servers::{self, eventually};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[test]
fn a_change_reaches_every_running_host_within_a_second_and_past_redis() {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    let id = servers::unique("account");
    set(&sql, &id, "1");
    let config = Config { redis: redis(), poll: 100 * MS, ..config(sql.clone()) };
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
    Writer::open(&sql).unwrap().delete("account", &id, None).unwrap();
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

/// Two hosts with a Redis between them and one database. Their caches forget soon: the
/// second one asks again and again for what the first one has written to Redis.
fn fleet(sql: &Location) -> [Cascade; 2] {
    let config = Config { redis: redis(), poll: 50 * MS, ..config(sql.clone()) };
    [400 * MS, 20 * MS].map(|ttl| sandgate_tags::open(&Config { ttl, ..config.clone() }).unwrap())
}

#[test]
fn once_a_change_is_seen_no_tier_answers_what_was_before() {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    let (one, other) = (servers::unique("account"), servers::unique("account"));
    set(&sql, &one, "0");
    let hosts = fleet(&sql);
    let ids = [one.as_str(), other.as_str()];
    let load = |tags: &[Tag<'_>]| {
        let mut loading = Writer::open(&sql).unwrap().load().unwrap();
        tags.iter().for_each(|tag| loading.put(*tag).unwrap());
        loading.commit().unwrap();
    };
    let many: Vec<String> = (0..10_500).map(|id| format!("many {id}")).collect();
    let value = |text: &str| format!("UPDATE sandgate_tags SET value = '{text}' WHERE id = '{one}'");
    type Step<'s> = (Box<dyn Fn() + 's>, [Answer; 2]);
    let steps: Vec<Step<'_>> = vec![
        (Box::new(|| load(&[level(&one, "1"), level(&other, "1")])), [found("1"), found("1")]),
        (Box::new(|| drop(servers::sql(&url, &value("2")))), [found("2"), found("1")]),
        (
            Box::new(|| {
                Writer::open(&sql).unwrap().delete("account", &one, None).unwrap();
            }),
            [Answer::Absent, found("1")],
        ),
        // too many to be told one by one
        (
            Box::new(|| {
                let all = many.iter().map(|id| level(id, "9")).chain([level(&one, "3")]);
                load(&all.collect::<Vec<_>>());
            }),
            [found("3"), found("1")],
        ),
        (
            Box::new(|| drop(servers::sql(&url, &format!("DELETE FROM sandgate_tags WHERE id = '{other}'")))),
            [found("3"), Answer::Absent],
        ),
        (Box::new(|| drop(servers::sql(&url, "TRUNCATE sandgate_tags"))), [Answer::Absent, Answer::Absent]),
    ];
    for (at, (change, expected)) in steps.iter().enumerate() {
        change();
        for host in &hosts {
            eventually("the change is seen", Duration::from_secs(2), || look_up(host, &ids) == *expected);
        }
        // each name is asked of Redis and written to it several times meanwhile
        let since = Instant::now();
        while since.elapsed() < 700 * MS {
            for host in &hosts {
                assert_eq!(look_up(host, &ids), *expected, "after change {at}");
            }
        }
    }
    let from_redis: u64 = hosts.iter().map(|host| host.counts().redis.load(Ordering::Relaxed)).sum();
    assert!(from_redis > 10, "Redis has answered {from_redis} times");
}

#[test]
fn what_redis_is_told_too_late_is_never_believed() {
    let sql = Location::parse(&servers::database()).unwrap();
    let id = servers::unique("account");
    set(&sql, &id, "old");
    let number = reader(&sql).unwrap().changes(Since::Ago(LONG), LONG).unwrap().unwrap().last;
    let hosts = fleet(&sql);
    for host in &hosts {
        assert_eq!(look_up(host, &[&id]), [found("old")]);
    }
    set(&sql, &id, "new");
    for host in &hosts {
        eventually("the change is seen", LONG, || look_up(host, &[&id]) == [found("new")]);
    }
    // the database may have told it before the feed has: until that is heard, an entry that
    // misses the change is still believed
    let mut heard = Instant::now();
    eventually("the change is heard of", LONG, || {
        if hosts.iter().any(|host| look_up(host, &[&id]) != [found("new")]) {
            heard = Instant::now();
        }
        heard.elapsed() > 500 * MS
    });
    // a host that was stopped between its question and its writing
    let between = Between::new(&redis());
    let late = Put { name: level(&id, "").name(), value: Some("old"), number, over: true };
    let since = Instant::now();
    while since.elapsed() < 1_000 * MS {
        between.put(&[late], LONG, LONG).unwrap();
        for host in &hosts {
            assert_eq!(look_up(host, &[&id]), [found("new")]);
        }
    }
    // a host that starts now asks for the changes first, or soon
    let [next, _] = fleet(&sql);
    eventually("a new host does not believe it", Duration::from_secs(2), || look_up(&next, &[&id]) == [found("new")]);
}

#[test]
fn a_row_that_changes_is_told_once_and_one_that_is_renamed_by_both_names() {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    set(&sql, "a", "1");
    let reader = reader(&sql).unwrap();
    let changes = |since| reader.changes(since, LONG).unwrap().unwrap();
    let start = changes(Since::Ago(LONG)).last;
    servers::sql(&url, "UPDATE sandgate_tags SET value = '2' WHERE id = 'a'");
    let updated = changes(Since::Number(start));
    assert_eq!(updated.names.iter().map(|name| &*name.id).collect::<Vec<_>>(), ["a"]);
    servers::sql(&url, "UPDATE sandgate_tags SET id = 'b' WHERE id = 'a'");
    let renamed = changes(Since::Number(updated.last));
    let mut ids: Vec<&str> = renamed.names.iter().map(|name| &*name.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn changes_of_the_day_before_are_cleaned_away_and_the_last_one_stays() {
    let url = servers::database();
    let sql = Location::parse(&url).unwrap();
    let count = || servers::sql(&url, "SELECT count(*) FROM sandgate_tag_changes");
    ["a", "b", "c"].iter().for_each(|id| set(&sql, id, "1"));
    servers::sql(&url, "UPDATE sandgate_tag_changes SET at = at - interval '2 days'");
    set(&sql, "d", "1");
    assert_eq!(count(), "1");
    servers::sql(&url, "UPDATE sandgate_tag_changes SET at = at - interval '2 days'");
    set(&sql, "d", "1");
    assert_eq!(count(), "1", "what is as it was is no change");
    set(&sql, "d", "2");
    assert_eq!(count(), "1");
}
