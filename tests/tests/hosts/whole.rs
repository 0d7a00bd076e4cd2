//! What comes out is what a run from files says of each partition.

use crate::{PATIENCE, check};
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::stream::payments;
use sandgate_tests::verdict::Place;
use std::time::{Duration, Instant};

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
fn a_host_that_is_killed_is_back_within_a_second_and_a_half_with_nothing_lost_and_nothing_twice() {
    const TARGET: Duration = Duration::from_millis(1_500);
    let mut fleet = Fleet::new(Plan::new(2));
    let lines = payments(4, 6_000);
    let mut lines = lines.lines();
    fleet.start("one");
    fleet.feed(lines.by_ref().take(500));
    fleet.wait_for(100, PATIENCE);
    let mut back = Vec::new();
    // a busy machine makes one slow, and not each of ten
    for _ in 0..10 {
        fleet.feed(lines.by_ref().take(300));
        fleet.kill("one");
        let killed = Instant::now();
        fleet.start("one");
        let ends: Vec<usize> = (0..2).map(|partition| fleet.lines(partition)[0].len()).collect();
        fleet.feed(lines.by_ref().take(200));
        // nobody but the host that came back has seen these
        fleet.topic("decisions").wait_for("a decision of the host that is back", PATIENCE, |all| {
            all.iter()
                .map(|decision| Place::of(&decision.json()["position"]))
                .any(|place| place.offset >= ends[place.partition as usize] as i64)
        });
        back.push(killed.elapsed());
    }
    println!("back at work after a kill -9: {back:?}");
    check(&mut fleet);
    assert!(back.iter().any(|time| *time <= TARGET), "{back:?}");
}
