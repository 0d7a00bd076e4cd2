//! What bounds a series in Redis: its events, their number, its life.

use crate::lanes::sliding;
use crate::stream::{HOUR, MINUTE, Record, SECOND, SETTINGS, World, config, open, redis, series, store};
use sandgate_model::manifest::Aggregate;
use sandgate_shared::{Config, Lane};
use sandgate_state::Answered;
use sandgate_tests::servers;

#[test]
fn a_series_with_too_many_events_answers_what_it_still_can() {
    let store = open(Config { events: 50, ..config(servers::redis()) });
    let world = World::new(&[sliding(Aggregate::Count, None, 20 * SECOND), sliding(Aggregate::Count, None, HOUR)]);
    let lane = Lane::new(store.clone(), 0);
    let records: Vec<Record> = (0..400).map(|at| Record::plain(at, at as i64 * SECOND, "hot", 1)).collect();
    let mut last = Vec::new();
    for (number, batch) in (0..).zip(records.chunks(40)) {
        last = world.ask(&lane, number, batch);
    }
    assert_eq!(last[39], [Answered::Integer(20), Answered::Full], "never a count that is too low");
    let names = series(servers::redis(), &world.tenant);
    let kept: u64 = redis(servers::redis(), &["ZCARD", &names[0]]);
    assert_eq!((names.len(), kept), (1, 51));
    assert!(store.counts().full.get() > 5);
    // one that is not too long is not touched by it
    let calm = world.ask(&lane, 10, &[Record::plain(1_000, 400 * SECOND, "calm", 1)]);
    assert_eq!(calm[0], [1, 1].map(Answered::Integer));
}

#[test]
fn a_long_series_below_the_bound_is_exact() {
    let world = World::new(&[sliding(Aggregate::Count, None, HOUR), sliding(Aggregate::Sum, Some(2), HOUR)]);
    let lane = Lane::new(store(), 0);
    let records: Vec<Record> = (0..3_000).map(|at| Record::plain(at, at as i64, "long", 2)).collect();
    let mut last = Vec::new();
    for (number, batch) in (0..).zip(records.chunks(500)) {
        last = world.ask(&lane, number, batch);
    }
    assert_eq!(last[499], [3_000, 6_000].map(Answered::Integer));
}

#[test]
fn series_expire_by_themselves_and_lose_what_no_window_reaches() {
    let world = World::new(&[sliding(Aggregate::Count, None, MINUTE)]);
    let lane = Lane::new(store(), 0);
    for number in 0..40 {
        let time = number as i64 * HOUR;
        let records = [Record::plain(number, time, "d", 1)];
        let mut batch = world.batch(&records);
        // the lane's clock goes with it
        batch.admit(0, Some(records[0].entry.time - SETTINGS.lateness));
        assert_eq!(lane.ask(number, &mut batch, |_| true), Ok(None));
        assert_eq!(batch.answers(0), [Answered::Integer(1)]);
    }
    let names = series(servers::redis(), &world.tenant);
    let kept: u64 = redis(servers::redis(), &["ZCARD", &names[0]]);
    assert!(kept <= 16, "{kept} events, of which a window reaches one");
    let left: i64 = redis(servers::redis(), &["PTTL", &names[0]]);
    let most = MINUTE + SETTINGS.lateness + 24 * HOUR;
    assert!((most - HOUR..=most).contains(&left), "{left} of {most} ms");
}

#[test]
fn an_event_that_no_window_will_reach_is_not_kept() {
    let world = World::new(&[sliding(Aggregate::Count, None, MINUTE)]);
    let records = [Record::plain(0, 0, "d", 1)];
    let mut batch = world.batch(&records);
    batch.admit(0, Some(records[0].entry.time + HOUR));
    assert_eq!(Lane::new(store(), 0).ask(0, &mut batch, |_| true), Ok(None));
    // it is late, so it sees itself alone, and nobody will see it
    assert_eq!(batch.answers(0), [Answered::Integer(1)]);
    assert!(series(servers::redis(), &world.tenant).is_empty());
}
