//! Changes that hosts take while they judge.

use crate::fleet::{Led, PATIENCE, judged};
use sandgate_tests::servers::eventually;
use sandgate_tests::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn forty_swaps_lose_double_and_mix_nothing_and_a_restart_goes_on() {
    const SWAPS: u64 = 40;
    let mut led = Led::new(3, "20ms", 71);
    led.fleet.start("one");
    led.feed_until_all_run(&["one"], 1);
    led.feed(200);
    led.decided();
    for _ in 0..SWAPS {
        let generation = led.activate();
        led.feed_until_all_run(&["one"], generation);
        led.feed(20);
    }
    led.decided();
    // the lane goes on under what is active, whatever the tenant's file says
    assert!(led.fleet.stop("one", PATIENCE).success());
    led.feed(300);
    led.fleet.start("one");
    led.decided();
    // and so it does where nothing is left on the disk
    led.fleet.kill("one");
    fs::remove_dir_all(led.fleet.state("one")).unwrap();
    led.feed(300);
    led.fleet.start("one");
    led.decided();
    let generation = led.activate();
    led.feed_until_all_run(&["one"], generation);
    let judged = judged(&led.check_forward());
    assert!(judged as u64 > SWAPS / 2, "most generations judged something: {judged}");
}

#[test]
fn a_host_is_woken_by_a_change_long_before_it_would_ask() {
    let mut led = Led::new(1, "60s", 77);
    led.fleet.start("one");
    led.feed_until_all_run(&["one"], 1);
    for _ in 0..3 {
        let generation = led.activate();
        let took = led.feed_until_all_run(&["one"], generation);
        println!("generation {generation} judges after {took:?}");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
    led.check_forward();
}

/// A change is everywhere within a second where nothing else wants the machine.
const GENEROUS: Duration = Duration::from_secs(5);

/// Of each partition, which host says that it judges it since which offset, where it is
/// by this generation.
fn since(status: &Value, generation: u64) -> BTreeMap<i64, (String, i64)> {
    let mut since = BTreeMap::new();
    for host in status["tenants"][0]["hosts"].as_array().unwrap() {
        let own = host["since"].as_array().unwrap().iter().filter(|lane| lane["generation"] == generation);
        for lane in own {
            let name = host["host"].as_str().unwrap().to_owned();
            let place = (lane["partition"].as_i64().unwrap(), (name, lane["offset"].as_i64().unwrap()));
            assert!(since.insert(place.0, place.1).is_none(), "two hosts say that they judge one partition: {status}");
        }
    }
    since
}

#[test]
fn three_hosts_converge_within_a_second_and_say_since_where() {
    const HOSTS: [&str; 3] = ["one", "two", "three"];
    let mut led = Led::new(6, "250ms", 72);
    HOSTS.iter().for_each(|host| led.fleet.start(host));
    led.fleet.group().wait_for_members(HOSTS.len(), PATIENCE);
    led.feed_until_all_run(&HOSTS, 1);
    // until each has two of the six
    let begun = Instant::now();
    loop {
        let ready = |host: &&str| {
            led.said().iter().any(|said| said.host == **host && said.runs.positions.matches("partition").count() == 2)
        };
        if HOSTS.iter().all(ready) {
            break;
        }
        led.feed(100);
        assert!(begun.elapsed() < PATIENCE, "{:?}{}", led.said(), led.fleet.logs());
    }
    for _ in 0..6 {
        led.feed(400);
        let generation = led.activate();
        let begun = Instant::now();
        eventually("that all hosts run it", GENEROUS, || led.all_run(&HOSTS, generation));
        println!("generation {generation} runs on {} hosts after {:?}", HOSTS.len(), begun.elapsed());
    }
    let newest = led.newest;
    led.feed(600);
    led.decided();
    let mut all = BTreeMap::new();
    eventually("that all lanes say where it began", PATIENCE, || {
        let (status, is_well) = led.status("two");
        all = since(&status, newest);
        is_well && all.len() == 6
    });
    let said = text(&led.fleet.desk().succeed(["status", "--config", "one.toml"]).stdout);
    for (partition, (host, offset)) in &all {
        let line =
            said.lines().find(|line| line.trim_start().starts_with(&format!("{host}: generation {newest}, since ")));
        assert!(line.is_some_and(|line| line.contains(&format!("payments/{partition}/{offset}"))), "{said}");
    }
    for (place, generation) in led.check_forward() {
        let (_, since) = &all[&place.partition];
        assert_eq!(generation == newest, place.offset >= *since, "{place}: generation {generation}, since {since}");
    }
}
