//! What comes out is what a run from files says of each partition.

use crate::{PATIENCE, check};
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::stream::payments;
use std::time::Instant;

#[test]
fn decisions_are_those_of_a_run_from_files_of_each_partition() {
    let mut fleet = Fleet::new(Plan::new(3));
    let lines = payments(1, 3_000);
    fleet.feed(lines.lines().take(1_500));
    fleet.start("one");
    fleet.feed(lines.lines().skip(1_500));
    check(&mut fleet);
    assert!(fleet.stop("one", PATIENCE).success(), "{}", fleet.log("one"));
}

#[test]
fn delivery_at_least_once_says_the_same_while_nothing_fails() {
    let mut plan = Plan::new(2);
    plan.kafka = "delivery = \"at-least-once\"".to_owned();
    let mut fleet = Fleet::new(plan);
    fleet.start("one");
    fleet.feed(payments(2, 2_000).lines());
    check(&mut fleet);
}

#[test]
fn a_host_that_is_stopped_commits_what_it_has_in_hand_and_goes_on_later() {
    let mut fleet = Fleet::new(Plan::new(2));
    let lines = payments(3, 2_000);
    for portion in lines.lines().collect::<Vec<_>>().chunks(700) {
        fleet.start("one");
        fleet.feed(portion.iter().copied());
        // it works by now, and has more in hand
        crate::wait_for_more(&fleet);
        let status = fleet.stop("one", PATIENCE);
        assert!(status.success(), "{}", fleet.log("one"));
    }
    fleet.start("one");
    check(&mut fleet);
}

#[test]
fn a_host_that_is_killed_is_back_with_nothing_lost_and_nothing_twice() {
    let mut fleet = Fleet::new(Plan::new(2));
    let lines = payments(4, 3_000);
    fleet.start("one");
    for portion in lines.lines().collect::<Vec<_>>().chunks(600) {
        fleet.feed(portion.iter().copied());
        fleet.kill("one");
        let killed = Instant::now();
        fleet.start("one");
        crate::wait_for_more(&fleet);
        println!("back at work {:?} after a kill -9", killed.elapsed());
    }
    check(&mut fleet);
}
