//! Changes while hosts are killed, join and leave.

use crate::fleet::{Led, PATIENCE, judged};
use sandgate_tests::servers::rest;
use sandgate_tests::stream::Chance;
use std::time::Duration;

/// Makes changes, and lets records come meanwhile.
fn changes(led: &mut Led, chance: &mut Chance, count: u64) {
    for _ in 0..count {
        led.activate();
        led.feed(30);
        rest(Duration::from_millis(chance.below(150)));
    }
}

#[test]
fn swaps_race_hosts_that_are_killed_and_join_and_leave() {
    let mut chance = Chance(73);
    let mut led = Led::new(4, "20ms", 73);
    led.fleet.start("one");
    led.fleet.start("two");
    led.feed_until_all_run(&["one", "two"], 1);
    led.feed(200);
    led.decided();
    for round in 0..6 {
        led.feed(150);
        match round % 3 {
            0 => {
                changes(&mut led, &mut chance, 2);
                led.fleet.kill("one");
                changes(&mut led, &mut chance, 2);
                led.fleet.start("one");
            }
            1 => {
                led.fleet.start("three");
                // while it starts, joins, and takes over
                changes(&mut led, &mut chance, 12);
                led.fleet.kill("two");
                changes(&mut led, &mut chance, 3);
                led.fleet.start("two");
            }
            _ => {
                led.fleet.ask_to_end("three");
                changes(&mut led, &mut chance, 4);
                assert!(led.fleet.stop("three", PATIENCE).success());
            }
        }
        let hosts = led.fleet.hosts();
        let newest = led.newest;
        led.feed_until_all_run(&hosts.iter().map(String::as_str).collect::<Vec<_>>(), newest);
        led.decided();
    }
    let judged = judged(&led.check_forward());
    assert!(judged > 12, "many generations judged something: {judged}");
}

#[test]
fn a_host_that_asks_seldom_takes_lanes_over_under_what_judged_them() {
    let mut led = Led::new(4, "20ms", 76);
    led.fleet.start("one");
    led.feed_until_all_run(&["one"], 1);
    for round in 0..3 {
        let generation = led.activate();
        led.feed_until_all_run(&["one"], generation);
        led.fleet.set_settings(&|settings| settings.replace("\"20ms\"", "\"1m\""));
        led.fleet.start("two");
        led.feed(200);
        led.decided();
        led.fleet.group().wait_for_members(2, PATIENCE);
        // the other does not ask by itself for these
        let generation = led.activate();
        led.feed_until_all_run(&["one"], generation);
        led.feed(200);
        led.decided();
        match round {
            0 => led.fleet.kill("one"),
            _ => assert!(led.fleet.stop("one", PATIENCE).success()),
        }
        led.feed(200);
        led.decided();
        assert!(led.all_run(&["two"], generation), "{:?}", led.said());
        led.fleet.set_settings(&|settings| settings.replace("\"1m\"", "\"20ms\""));
        led.fleet.start("one");
        led.feed_until_all_run(&["one"], generation);
        assert!(led.fleet.stop("two", PATIENCE).success());
        led.feed(100);
        led.decided();
    }
    led.check_forward();
}
