//! Redis stopped, cut off and slow.

use crate::lanes::sliding;
use crate::stream::{HOUR, Record, World, config, open};
use sandgate_model::manifest::Aggregate;
use sandgate_shared::{Config, Lane, Shared, Unanswered};
use sandgate_state::Answered;
use sandgate_tests::proxy::{Manner, Proxy, address};
use sandgate_tests::servers::{self, eventually};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A store behind a proxy.
fn behind(deadline: Duration) -> (Proxy, Arc<Shared>) {
    let url = servers::redis();
    let proxy = Proxy::to(address(url));
    let store = open(Config { deadline, ..config(&proxy.through(url)) });
    (proxy, store)
}

fn world() -> World {
    World::new(&[sliding(Aggregate::Count, None, HOUR)])
}

fn counts(told: &[Vec<Answered>]) -> Vec<Answered> {
    told.iter().map(|told| told[0].clone()).collect()
}

#[test]
fn a_batch_of_a_tenant_that_waits_may_be_brought_again_until_redis_is_back() {
    let (proxy, store) = behind(Duration::from_millis(300));
    let (world, lane) = (world(), Lane::new(store.clone(), 0));
    assert_eq!(counts(&world.ask(&lane, 0, &[Record::plain(0, 0, "d", 1)])), [Answered::Integer(1)]);
    for (number, manner) in [(1, Manner::Refuse), (2, Manner::Silent)] {
        proxy.set(manner);
        let records = [Record::plain(number, 5 * number as i64, "d", 1)];
        for _ in 0..2 {
            let began = Instant::now();
            let unanswered = lane.ask(number, &mut world.batch(&records), |_| true).unwrap_err();
            assert!(matches!(unanswered, Unanswered::Waits(_)), "{unanswered}");
            assert!(began.elapsed() < servers::PATIENCE, "whoever brings it is not held");
        }
        assert_eq!(store.counts().behind.get(), 0.0, "it is as if it had not come");
        proxy.set(Manner::Pass);
        assert_eq!(counts(&world.ask(&lane, number, &records)), [Answered::Integer(i128::from(number) + 1)]);
    }
}

#[test]
fn whoever_asks_is_told_that_the_lane_was_closed_meanwhile() {
    let (proxy, store) = behind(Duration::from_secs(5));
    let (world, lane) = (world(), Lane::new(store, 0));
    proxy.set(Manner::Silent);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let records = [Record::plain(0, 0, "d", 1)];
            let mut batch = world.batch(&records);
            lane.ask(0, &mut batch, |_| true)
        });
        lane.close();
        assert_eq!(asking.join().unwrap(), Err(Unanswered::Closed));
    });
}

#[test]
fn a_lane_that_decides_says_what_is_missing_and_sends_its_events_later() {
    let (proxy, store) = behind(Duration::from_millis(300));
    let (world, lane) = (world(), Lane::new(store.clone(), 0));
    world.ask(&lane, 0, &[Record::plain(0, 0, "d", 1)]);
    proxy.set(Manner::Refuse);
    let began = Instant::now();
    for number in 1..30 {
        let records = [Record::plain(number, number as i64, "d", 1)];
        let mut batch = world.batch(&records);
        let missing = lane.ask(number, &mut batch, |_| false).unwrap().expect("it is gone");
        assert!(missing.detail.starts_with("shared series were not asked: "), "{missing:?}");
        assert_eq!(batch.asked(0).collect::<Vec<_>>(), [0]);
    }
    assert!(began.elapsed() < servers::PATIENCE, "a breaker leaves it alone");
    assert_eq!(store.counts().behind.get(), 29.0);
    proxy.set(Manner::Pass);
    // the breaker tries again in a while
    let mut told = Vec::new();
    let mut number = 30;
    eventually("it is asked again", servers::PATIENCE, || {
        let records = [Record::plain(number, number as i64, "d", 1)];
        let mut batch = world.batch(&records);
        let missing = lane.ask(number, &mut batch, |_| false).unwrap();
        number += 1;
        told = batch.answers(0).to_vec();
        missing.is_none()
    });
    assert_eq!(told, [Answered::Integer(i128::from(number))], "nothing is missing any more");
    assert_eq!((store.counts().behind.get(), store.counts().lost.get()), (0.0, 0));
}

#[test]
fn an_answer_that_is_slow_is_given_up_and_a_little_delay_is_not() {
    let (proxy, store) = behind(Duration::from_millis(400));
    let (world, lane) = (world(), Lane::new(store, 0));
    proxy.set(Manner::Delay(Duration::from_millis(30)));
    assert_eq!(counts(&world.ask(&lane, 0, &[Record::plain(0, 0, "d", 1)])), [Answered::Integer(1)]);
    proxy.set(Manner::Delay(Duration::from_secs(30)));
    let records = [Record::plain(1, 1, "d", 1)];
    let mut batch = world.batch(&records);
    let missing = lane.ask(1, &mut batch, |_| false).unwrap().expect("it is too slow");
    assert!(missing.detail.contains("no answer within 400 ms"), "{missing:?}");
}
