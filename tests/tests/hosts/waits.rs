//! A host whose tenant waits for shared series, while their Redis is gone: it is well,
//! says what it waits for, works on where it can, and hears what it is told.

use crate::PATIENCE;
use sandgate_tests::policies;
use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::servers::topic::Record;
use sandgate_tests::servers::{eventually, redis};
use sandgate_tests::site::{Host, Site};
use std::collections::BTreeSet;
use std::time::Duration;

/// Much longer than anything here may take, so that whoever waits for it is seen.
const SHUTDOWN: Duration = Duration::from_secs(90);

/// A Redis behind a proxy, and a site whose tenant counts by device.
fn site(missing_state: &str) -> (Proxy, String, Site) {
    let component = policies().join("six_windows.wasm");
    let tenant = format!(
        "name = \"payments\"\nmissing_state = \"{missing_state}\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"six-windows\"\n\
         component = {component:?}\nfallback = \"review\"\nbudget = \"10ms\"\n"
    );
    let proxy = Proxy::to(address(redis()));
    let through = proxy.through(redis());
    (proxy, through, Site::new(2, &tenant))
}

fn start<'s>(site: &'s Site, host: &str, redis: &str) -> Host<'s> {
    let kafka = format!("instance = \"{host}\"\nshutdown = \"{}s\"", SHUTDOWN.as_secs());
    let tables = format!(
        "[state]\npath = \"state-{host}\"\nshared = [\"device\"]\nredis = \"{redis}\"\nredis_deadline = \"300ms\"\n\
         [log]\nformat = \"json\"\n"
    );
    site.start(host, (&kafka, &tables), &["--workers", "1"])
}

/// Payments of one account each; those without a device need no shared series.
fn send(site: &Site, partition: i32, range: std::ops::Range<u64>, device: bool) {
    let payment = |number: u64| {
        // its series are of this test alone
        let device = if device { format!("\"device\":\"of-{}\",", site.name()) } else { String::new() };
        let account = format!("a{partition}");
        let json = format!(
            "{{\"transaction_id\":\"t-{number}\",\"account_id\":\"{account}\",{device}\"timestamp\":{},\"amount\":1}}",
            1_774_735_200 + number
        );
        Record::new(&account, json).into_partition(partition)
    };
    site.topic("payments").send(range.map(payment));
}

fn decided(site: &Site) -> BTreeSet<String> {
    let all = site.topic("decisions").records();
    let ids: BTreeSet<String> = all.iter().map(|decision| decision.json()["transaction"].to_string()).collect();
    assert_eq!(ids.len(), all.len(), "none is decided twice");
    ids
}

#[test]
fn it_is_well_and_not_ready_works_on_where_it_can_and_goes_on_when_redis_is_back() {
    let (proxy, redis, site) = site("wait");
    let host = start(&site, "one", &redis);
    send(&site, 0, 0..3, true);
    eventually("the first decisions", PATIENCE, || decided(&site).len() == 3);
    proxy.set(Manner::Refuse);
    send(&site, 0, 10..20, true);
    host.wait_for("sandgate_kafka_lanes{state=\"waiting\"} 1");
    eventually("a host that says what it waits for", PATIENCE, || {
        let (status, told) = host.ask("/readyz");
        assert!(status == 503 && told.contains("lane 0: waits for the shared series: it "), "{told}");
        told.contains("\ndegraded: shared series: redis is left alone after failures")
    });
    assert_eq!(host.ask("/healthz"), (200, "ok\n".to_owned()));
    // the same worker has the other lane
    send(&site, 1, 20..30, false);
    eventually("decisions that need no shared series", PATIENCE, || decided(&site).len() == 13);
    assert!(host.log().contains("shared series cannot be asked: the lane waits"), "{}", host.log());
    // more of it comes, and is read later
    send(&site, 0, 30..40, true);
    proxy.set(Manner::Pass);
    eventually("all decisions", PATIENCE, || decided(&site).len() == 33);
    eventually("a host that is ready", PATIENCE, || host.ask("/readyz") == (200, "ok\n".to_owned()));
    assert!(host.log().contains("shared series are back: the lane goes on"), "{}", host.log());
    let last = site.topic("decisions").records().into_iter().find(|decision| decision.text().contains("\"t-39\""));
    let inputs = &last.unwrap().json()["policies"][0]["inputs"];
    assert_eq!(inputs["device_day"], 23, "it counts each once: {inputs}");
    assert!(host.stop(PATIENCE).success());
}

#[test]
fn it_ends_at_once_when_it_is_told_to_and_what_waited_is_decided_later() {
    let (proxy, redis, site) = site("wait");
    let host = start(&site, "one", &redis);
    send(&site, 0, 0..3, true);
    eventually("the first decisions", PATIENCE, || decided(&site).len() == 3);
    proxy.set(Manner::Silent);
    send(&site, 0, 10..20, true);
    host.wait_for("sandgate_kafka_lanes{state=\"waiting\"} 1");
    assert!(host.stop(SHUTDOWN / 3).success());
    assert_eq!(decided(&site).len(), 3);
    proxy.set(Manner::Pass);
    let _host = start(&site, "one", &redis);
    eventually("all decisions", PATIENCE, || decided(&site).len() == 13);
}

#[test]
fn a_lane_that_is_taken_away_is_given_up_and_decided_by_whoever_has_redis() {
    let (proxy, through, site) = site("wait");
    let one = start(&site, "one", &through);
    for partition in 0..2 {
        send(&site, partition, partition as u64..partition as u64 + 1, true);
    }
    eventually("the first decisions", PATIENCE, || decided(&site).len() == 2);
    proxy.set(Manner::Refuse);
    for partition in 0..2 {
        let first = 10 + 10 * partition as u64;
        send(&site, partition, first..first + 5, true);
    }
    one.wait_for("sandgate_kafka_lanes{state=\"waiting\"} 2");
    let _two = start(&site, "two", redis());
    eventually("that a lane is decided elsewhere", SHUTDOWN / 2, || decided(&site).len() == 7);
    one.wait_for("sandgate_kafka_lanes{state=\"waiting\"} 1");
    assert!(!one.log().contains("the lane is closed"), "{}", one.log());
}

#[test]
fn one_whose_tenant_decides_is_ready_and_says_what_it_does_without() {
    let (proxy, redis, site) = site("decide");
    let host = start(&site, "one", &redis);
    send(&site, 0, 0..3, true);
    eventually("the first decisions", PATIENCE, || decided(&site).len() == 3);
    proxy.set(Manner::Refuse);
    let mut number = 10;
    eventually("that redis is left alone", PATIENCE, || {
        send(&site, 0, number..number + 1, true);
        number += 1;
        host.ask("/readyz").1.contains("degraded: shared series: redis is left alone after failures")
    });
    let (status, told) = host.ask("/readyz");
    assert!(status == 200 && told.starts_with("ok\n"), "{told}");
    host.wait_for("sandgate_circumstances_total{what=\"missing-state\"} ");
    assert!(host.stop(PATIENCE).success());
}
