//! The cascade over a real cluster of Redis: tags spread over its masters, a slot that
//! moves, and a master that is killed.

use crate::{LONG, config, found, level, look_up, postgres};
use sandgate_remote::State;
use sandgate_tags::writer::Writer;
use sandgate_tags::{Answer, Config, Rank, Url};
use sandgate_tests::servers::cluster::Cluster;
use sandgate_tests::servers::eventually;
use std::sync::atomic::Ordering;

#[test]
fn tags_are_found_in_a_cluster_while_slots_move_and_after_a_master_was_killed() {
    let cluster = Cluster::start();
    let sql = postgres();
    let ids: Vec<String> = (0..300).map(|id| format!("account {id}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut loading = Writer::open(&sql).unwrap().load().unwrap();
    ids.iter().step_by(2).for_each(|id| loading.put(level(id, "1")).unwrap());
    loading.commit().unwrap();
    let expected: Vec<Answer> =
        (0..ids.len()).map(|at| if at % 2 == 0 { found("1") } else { Answer::Absent }).collect();
    let config = Config { redis: vec![Url::parse(&cluster.url(0)).unwrap()], ..config(sql) };
    let all_in_redis = |what: &str| {
        eventually(what, LONG, || {
            let host = sandgate_tags::open(&config).unwrap();
            assert_eq!(look_up(&host, &ids), expected, "{what}");
            host.counts().redis.load(Ordering::Relaxed) == 300
        });
    };
    all_in_redis("all of it is in the cluster");

    let key = format!("sandgate:tag:account:risk_level:{}", ids[0]);
    let (slot, home) = cluster.place_of(&key);
    let to = (home + 1) % 3;
    let host = sandgate_tags::open(&Config { ttl: LONG / 1_000, ..config.clone() }).unwrap();
    cluster.begin_move(slot, home, to);
    all_in_redis("a slot is moving");
    assert_eq!(look_up(&host, &ids), expected);
    cluster.finish_move(slot, home, to);
    assert_eq!(cluster.ask::<i64>(to, &["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]), 1);
    all_in_redis("a slot has moved");

    // what it had is gone with it, and the database knows it
    cluster.node(0).kill();
    assert_eq!(look_up(&host, &ids), expected);
    cluster.node(0).restart();
    let redis = host.tiers().find(|tier| tier.rank() == Rank::Redis).unwrap();
    eventually("Redis is asked again", LONG, || {
        assert_eq!(look_up(&host, &ids), expected);
        redis.state() == State::Closed
    });
    all_in_redis("the cluster is whole again");
}
