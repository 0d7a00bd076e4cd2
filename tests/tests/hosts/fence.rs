//! Commits that fail: what was in them is decided once, later.

use crate::check;
use rdkafka::producer::Producer;
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::proxy::Manner;
use sandgate_tests::servers::own::Own;
use sandgate_tests::servers::{PATIENCE, eventually, rest};
use sandgate_tests::stream::payments;
use std::time::{Duration, Instant};

#[test]
fn a_commit_that_somebody_fences_leaves_nothing_behind_and_is_made_again() {
    let mut fleet = Fleet::new(Plan::new(2));
    fleet.start("one");
    let lines = payments(5, 3_000);
    for (at, portion) in lines.lines().collect::<Vec<_>>().chunks(500).enumerate() {
        fleet.feed(portion.iter().copied());
        // each of the producers in turn, of both workers if there are two
        let id = format!("{}-one-0-{}", fleet.name(), at % 2);
        drop(fleet.intruder(&id));
    }
    check(&mut fleet);
    assert!(fleet.log("one").contains("a commit is undone"), "{}", fleet.log("one"));
}

#[test]
fn a_lane_waits_for_a_commit_that_is_still_open_in_its_changelog() {
    let mut fleet = Fleet::new(Plan::new(1));
    let lines = payments(6, 600);
    fleet.feed(lines.lines().take(300));
    fleet.start("one");
    fleet.wait_for(fleet.sent(), crate::PATIENCE);
    assert!(fleet.stop("one", crate::PATIENCE).success());

    let open = fleet.open_commit(0);
    fleet.feed(lines.lines().skip(300));
    let before = fleet.log("one").matches("lane ready").count();
    fleet.start("one");
    eventually("that the host waits", PATIENCE, || fleet.log("one").contains("is still open"));
    assert_eq!(fleet.log("one").matches("lane ready").count(), before, "{}", fleet.log("one"));
    open.abort_transaction(Duration::from_secs(10)).unwrap();
    check(&mut fleet);
}

#[test]
fn commits_that_hang_are_given_up_and_settled_by_new_producers() {
    /// Commits that are to hang, and attempts at it.
    const HUNG: usize = 3;
    const ATTEMPTS: usize = 40;
    let (broker, proxy) = Own::kafka_behind_proxy();
    let mut plan = Plan::new(2);
    plan.brokers = proxy.address();
    plan.kafka = "watchdog = \"1s\"".to_owned();
    let mut fleet = Fleet::new(plan);
    fleet.start("one");
    let lines = payments(8, 500 + 100 * ATTEMPTS as u64);
    let mut lines = lines.lines();
    fleet.feed(lines.by_ref().take(500));
    fleet.wait_for(fleet.sent(), crate::PATIENCE);
    // several round trips make a commit: now one is under way most of the time
    proxy.set(Manner::Delay(Duration::from_millis(20)));
    let replaced = |fleet: &Fleet| fleet.log("one").matches("the committer is replaced").count();
    let mut attempts = 0;
    while replaced(&fleet) < HUNG {
        attempts += 1;
        assert!(attempts <= ATTEMPTS, "no commit hangs:\n{}", fleet.log("one"));
        let before = replaced(&fleet);
        fleet.feed(lines.by_ref().take(100));
        proxy.set(Manner::Silent);
        // less than the host's session, so that its partitions stay its own
        let until = Instant::now() + Duration::from_secs(3);
        while replaced(&fleet) == before && Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        proxy.set(Manner::Delay(Duration::from_millis(20)));
    }
    proxy.set(Manner::Pass);
    check(&mut fleet);
    drop(broker);
}

#[test]
fn a_broker_that_is_silent_for_longer_than_a_session_takes_no_host_for_another() {
    let broker = Own::kafka();
    let mut plan = Plan::new(2);
    plan.brokers = broker.address().to_owned();
    let mut fleet = Fleet::new(plan);
    fleet.start("one");
    let lines = payments(9, 1_200);
    for portion in lines.lines().collect::<Vec<_>>().chunks(400) {
        fleet.feed(portion.iter().copied());
        fleet.wait_for(fleet.sent(), crate::PATIENCE);
        broker.freeze();
        // a session of 6 s ends on both sides, and requests of the host wait in the broker
        rest(Duration::from_secs(10));
        broker.thaw();
    }
    check(&mut fleet);
    assert!(!fleet.log("one").contains("another host came"), "{}", fleet.log("one"));
}
