//! The registry is away while hosts judge.

use crate::fleet::{Led, PATIENCE, plan};
use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::servers::{database, eventually};

/// No decision so far is of a later generation.
fn none_is_later(led: &Led, generation: u64) {
    for decision in led.fleet.topic("decisions").records() {
        assert!(decision.json()["generation"].as_u64().unwrap() <= generation, "{decision:?}");
    }
}

/// How many lanes the second host has taken over so far.
fn lanes(led: &Led) -> usize {
    led.fleet.log("two").matches("lane ready").count()
}

#[test]
fn hosts_go_on_without_their_registry_and_catch_up() {
    const HOSTS: [&str; 2] = ["one", "two"];
    let url = database();
    let proxy = Proxy::to(address(&url));
    let mut led = Led::of(plan(4, &proxy.through(&url), "50ms"), &url, 74);
    HOSTS.iter().for_each(|host| led.fleet.start(host));
    led.feed_until_all_run(&HOSTS, 1);
    let second = led.activate();
    led.feed_until_all_run(&HOSTS, second);
    assert!(led.fleet.stop("two", PATIENCE).success());

    proxy.set(Manner::Refuse);
    let third = led.activate();
    led.feed(300);
    led.decided();
    // a host that starts begins with what it knew, and works
    let before = lanes(&led);
    led.fleet.start("two");
    eventually("that the second host has a lane", PATIENCE, || lanes(&led) > before);
    assert!(led.fleet.log("two").contains("this host starts with what was active when it was asked last"));
    led.feed(300);
    led.decided();
    none_is_later(&led, second);
    assert!(!led.all_run(&HOSTS, third));
    proxy.set(Manner::Pass);
    led.feed_until_all_run(&HOSTS, third);
    assert!(led.fleet.log("one").contains("the registry is followed again"));

    // one that says nothing holds nobody up, nor the end of a host
    proxy.set(Manner::Silent);
    let fourth = led.activate();
    led.feed(300);
    led.decided();
    none_is_later(&led, third);
    assert!(led.fleet.stop("two", PATIENCE).success());
    led.fleet.start("two");
    led.feed(300);
    led.decided();
    proxy.set(Manner::Pass);
    led.feed_until_all_run(&HOSTS, fourth);
    led.feed(300);
    led.check_forward();
}
