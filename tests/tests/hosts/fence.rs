//! Commits that fail: what was in them is decided once, later.

use crate::check;
use rdkafka::producer::Producer;
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::servers::{PATIENCE, eventually};
use sandgate_tests::stream::payments;
use std::time::Duration;

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
