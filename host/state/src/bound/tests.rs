//! What counts, for how long, and the bytes of it.

use super::*;
use proptest::prelude::*;
use sandgate_model::Kind;
use sandgate_model::manifest::{Aggregate, Span};
use sandgate_window::{Declared, Interval, Plan};

/// A family whose windows reach so far.
fn plan(lengths: &[i64]) -> Plan {
    let declared = (0..).zip(lengths).map(|(field, length)| Declared {
        by: vec![field],
        aggregate: Aggregate::Count,
        of: None,
        span: Span::Sliding { length: *length, delay: 0, closed: false, resolution: None },
        current: true,
        only: Vec::new(),
        sources: 1,
    });
    Plan::new(&vec![Kind::Text; lengths.len()], &declared.collect::<Vec<_>>()).unwrap()
}

const HOUR: i64 = 3_600_000;

/// The bound of a tenant whose families are fed since its beginning.
fn fed(plan: &Plan) -> Bound {
    let mut bound = Bound::default();
    bound.feed(plan.families(), Since::Always);
    bound
}

/// Bytes that were read for these families.
fn read(plan: &Plan, bytes: &[u8]) -> Option<Bound> {
    let mut read = Bound::default();
    read.decode(plan.families(), &mut Bytes(bytes))?.then_some(read)
}

/// The lost moments of a family among some.
fn moments(bound: &Bound, family: u32, among: std::ops::Range<i64>) -> Vec<i64> {
    let lost = |time: &i64| bound.lost(family).unwrap().touches(Interval { after: time - 1, upto: *time });
    among.filter(lost).collect()
}

#[test]
fn an_event_counts_until_its_pane_is_out_of_reach() {
    // a reach of 64 hours has panes of an hour
    let mut bound = fed(&plan(&[64 * HOUR]));
    bound.count(0, 10 * HOUR);
    bound.count(0, 11 * HOUR - 1);
    bound.count(0, 11 * HOUR);
    for (horizon, total) in [
        (None, 3),
        (Some(0), 3),
        (Some(75 * HOUR - 2), 3),
        (Some(75 * HOUR - 1), 1),
        (Some(76 * HOUR - 2), 1),
        (Some(76 * HOUR - 1), 0),
    ] {
        bound.expire(horizon);
        assert_eq!(bound.total(), total, "horizon {horizon:?}");
    }
}

#[test]
fn events_out_of_order_and_far_apart_leave_with_their_own_panes() {
    let mut bound = fed(&plan(&[64 * HOUR, 64 * HOUR]));
    for time in [-5 * HOUR, 3 * HOUR, -5 * HOUR + 1, i64::MAX, 2 * HOUR, i64::MIN] {
        bound.count(0, time);
        bound.count(1, time);
    }
    bound.expire(Some(60 * HOUR));
    assert_eq!(bound.total(), 6, "of each family two at 2 and 3 hours and one at the end of time");
    bound.expire(Some(i64::MAX));
    assert_eq!(bound.total(), 2);
}

#[test]
fn an_event_that_is_reached_is_in_a_pane_that_is_reached() {
    let mut bound = fed(&plan(&[HOUR]));
    for time in (-200_000..200_000).step_by(777) {
        let horizon = Some(time + HOUR - 1);
        assert!(bound.reaches(0, time, horizon) && !bound.reaches(0, time, Some(time + HOUR)));
        bound.count(0, time);
        bound.expire(horizon);
        assert!(bound.total() > 0, "{time} was dropped");
    }
}

#[test]
fn lost_times_are_told_until_nobody_reaches_them() {
    let mut bound = fed(&plan(&[HOUR, HOUR]));
    assert!(!bound.has_lost());
    assert!(bound.refuse() && !bound.refuse(), "said once");
    bound.lose(1, 100);
    bound.lose(1, 40);
    assert_eq!(bound.lost(0), Some(&Lost::default()));
    let lost = bound.lost(1).unwrap();
    for (after, upto, touches) in
        [(0, 39, false), (0, 40, true), (99, 200, true), (100, 200, false), (50, 60, true), (50, 50, false)]
    {
        assert_eq!(lost.touches(Interval { after, upto }), touches, "({after}, {upto}]");
    }
    bound.expire(Some(HOUR + 99));
    assert!(bound.has_lost());
    bound.expire(Some(HOUR + 100));
    assert!(!bound.has_lost());
    bound.count(0, 0);
    assert!(bound.refuse(), "said again after an event found room");
}

#[test]
fn what_lies_between_two_losses_is_known() {
    // panes of an hour; by day 2099 something from the future
    let mut bound = fed(&plan(&[64 * HOUR]));
    let future = 1_131_000 * HOUR;
    for time in [future, 18 * HOUR, 10 * HOUR, 10 * HOUR + HOUR / 2] {
        bound.lose(0, time);
    }
    let hours = |from: i64, upto: i64| Interval { after: from * HOUR, upto: upto * HOUR };
    for (interval, touches) in [
        (hours(13, 14), false),
        (hours(11, 17), false),
        (hours(9, 10), true),
        (hours(10, 11), true),
        (hours(17, 18), true),
        (hours(18, 1_130_999), false),
        (hours(18, 1_131_000), true),
    ] {
        assert_eq!(bound.lost(0).unwrap().touches(interval), touches, "{interval:?}");
    }
    bound.expire(Some((18 + 64) * HOUR));
    assert!(!bound.lost(0).unwrap().touches(hours(0, 1_130_999)) && bound.has_lost(), "only the future is left");
}

#[test]
fn of_more_than_64_losses_the_two_nearest_become_one() {
    let mut bound = fed(&plan(&[64 * 1_000]));
    // ever further apart, and 3 s and more than that is not near
    for loss in 0..65 {
        bound.lose(0, loss * (3_000 + loss));
    }
    let touched = |time: i64| !moments(&bound, 0, time..time + 1).is_empty();
    assert!(touched(1_500), "the first two are the nearest");
    for loss in 1..64 {
        let between = loss * (3_000 + loss) + 1_500;
        assert!(!touched(between), "{between}");
    }
}

proptest! {
    #[test]
    fn every_loss_is_told_and_no_time_that_is_not_near_one(times in prop::collection::vec(0i64..200_000, 1..100)) {
        // panes of two seconds
        let mut bound = fed(&plan(&[128_000]));
        times.iter().for_each(|time| bound.lose(0, *time));
        for time in (0..200_000).step_by(101).chain(times.iter().copied()) {
            let told = !moments(&bound, 0, time..time + 1).is_empty();
            let near = |range: std::ops::RangeInclusive<i64>| times.iter().any(|lost| range.contains(lost));
            prop_assert!(told || !times.contains(&time));
            prop_assert!(!told || near(time - 2_000..=time) && near(time..=time + 2_000), "{}", time);
        }
        let mut bytes = Vec::new();
        bound.encode(&mut bytes);
        let read = read(&plan(&[128_000]), &bytes).unwrap();
        prop_assert_eq!(read.lost(0), bound.lost(0));
    }
}

#[test]
fn a_bound_is_these_bytes_and_is_read_again() {
    let (more, most) = (plan(&[64 * HOUR, 1]), plan(&[64 * HOUR, 1, 1]));
    let plan = plan(&[64 * HOUR]);
    let mut bound = fed(&plan);
    bound.feed(more.families(), Since::Clock(-2));
    bound.feed(most.families(), Since::Unclocked);
    bound.count(0, HOUR);
    bound.count(0, HOUR);
    bound.count(0, -HOUR);
    bound.lose(0, 7);
    bound.lose(0, 5);
    bound.lose(0, HOUR + 8);
    bound.refuse();
    let mut bytes = Vec::new();
    bound.encode(&mut bytes);
    let golden = [
        &[1, 1][..],                         // one record refused, and it was the last
        &[3, 0, 0],                          // three families are fed; no stored fields, nothing dropped
        &[3, 1, 0],                          // three families; the key of the first has one field, the first
        &[0x80, 0x80, 0xdd, 0xdb, 0x01],     // its reach, 64 hours
        &[0, 1],                             // it is fed since ever, so it has all of before
        &[2, 10, 2, 0x90, 0xba, 0xb7, 3, 0], // lost: from 5 to 7, and one hour and more later
        &[2, 1, 1, 2, 2],                    // two panes: one event in -1, two in 1
        &[1, 1, 2, 2, 3, 0, 0, 0],           // by the second field, a reach of 1; since a clock of -2
        &[1, 2, 2, 1, 0, 0, 0],              // by the third field; since before the clock had a value
    ];
    assert_eq!(bytes, golden.concat());

    let again = read(&most, &bytes).unwrap();
    assert_eq!((again.total(), again.refused, again.lost(0)), (3, 1, bound.lost(0)));
    assert_eq!([0, 1, 2, 3].map(|at| again.since(at)), [0, 1, 2, 3].map(|at| bound.since(at)));
    let mut twice = Vec::new();
    again.encode(&mut twice);
    assert_eq!(twice, bytes);
    for length in 0..bytes.len() {
        let cut = Bound::default().decode(most.families(), &mut Bytes(&bytes[..length]));
        assert_eq!(cut, None, "cut to {length}");
    }
    assert_eq!(Bound::default().decode(more.families(), &mut Bytes(&bytes)), Some(false), "more than there are");
    assert_eq!(read(&plan, &bytes), None);
}

#[test]
fn a_family_goes_on_counting_where_it_is_the_same_and_others_come_behind() {
    let mut before = fed(&plan(&[64 * HOUR, HOUR]));
    before.count(0, HOUR);
    before.count(1, HOUR);
    before.lose(1, 9);
    let mut bytes = Vec::new();
    before.encode(&mut bytes);
    assert_eq!(read(&plan(&[64 * HOUR, 2 * HOUR]), &bytes), None, "another reach");
    let more = plan(&[64 * HOUR, HOUR, HOUR]);
    let mut after = read(&more, &bytes).unwrap();
    assert_eq!((after.fed(), after.total()), (2, 2));
    after.feed(more.families(), Since::Clock(10));
    after.count(2, HOUR);
    assert_eq!((after.fed(), after.total()), (3, 3));
    assert_eq!((moments(&after, 1, 0..12), moments(&after, 2, 0..12)), (vec![9], vec![]), "it has lost nothing");
}

#[test]
fn a_family_that_is_fed_again_begins_again() {
    let (one, two) = (plan(&[HOUR]), plan(&[HOUR, HOUR]));
    let mut bound = fed(&two);
    bound.count(1, 7);
    bound.feed(one.families(), Since::Clock(10));
    assert_eq!((bound.fed(), bound.total(), bound.is_warming()), (1, 1, false));
    assert!(bound.feeds(0) && !bound.feeds(1) && bound.reaches(1, 8, None));
    let mut bytes = Vec::new();
    bound.encode(&mut bytes);
    let mut bound = read(&two, &bytes).unwrap();
    bound.feed(two.families(), Since::Clock(20));
    assert_eq!((bound.since(0), bound.since(1)), (Some(Since::Always), Some(Since::Clock(20))));
    assert!(bound.feeds(1));
}

#[test]
fn a_beginning_is_told_until_nobody_reaches_behind_it() {
    let (two, three) = (plan(&[HOUR, HOUR]), plan(&[HOUR, HOUR, 2 * HOUR]));
    let mut bound = fed(&plan(&[HOUR]));
    assert!(!bound.is_warming());
    bound.feed(two.families(), Since::now(None));
    assert_eq!((bound.since(0), bound.since(1)), (Some(Since::Always), Some(Since::Unclocked)));
    bound.expire(Some(100 * HOUR));
    bound.clocked(100);
    bound.feed(three.families(), Since::now(Some(200)));
    assert_eq!((bound.since(1), bound.since(2)), (Some(Since::Clock(100)), Some(Since::Clock(200))));
    bound.expire(Some(HOUR + 99));
    assert_eq!(bound.since(1), Some(Since::Clock(100)));
    bound.expire(Some(HOUR + 100));
    assert_eq!((bound.since(1), bound.since(2)), (Some(Since::Always), Some(Since::Clock(200))));
    bound.expire(Some(2 * HOUR + 200));
    assert!(!bound.is_warming());
}
