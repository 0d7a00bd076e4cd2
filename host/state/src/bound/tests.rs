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

/// The lost moments of a family among some.
fn moments(bound: &Bound, family: u32, among: std::ops::Range<i64>) -> Vec<i64> {
    let lost = |time: &i64| bound.lost(family).unwrap().touches(Interval { after: time - 1, upto: *time });
    among.filter(lost).collect()
}

#[test]
fn an_event_counts_until_its_pane_is_out_of_reach() {
    // a reach of 64 hours has panes of an hour
    let mut bound = Bound::new(plan(&[64 * HOUR]).families());
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
    let mut bound = Bound::new(plan(&[64 * HOUR, 64 * HOUR]).families());
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
    let mut bound = Bound::new(plan(&[HOUR]).families());
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
    let mut bound = Bound::new(plan(&[HOUR, HOUR]).families());
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
    let mut bound = Bound::new(plan(&[64 * HOUR]).families());
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
    let mut bound = Bound::new(plan(&[64 * 1_000]).families());
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
        let mut bound = Bound::new(plan(&[128_000]).families());
        times.iter().for_each(|time| bound.lose(0, *time));
        for time in (0..200_000).step_by(101).chain(times.iter().copied()) {
            let told = !moments(&bound, 0, time..time + 1).is_empty();
            let near = |range: std::ops::RangeInclusive<i64>| times.iter().any(|lost| range.contains(lost));
            prop_assert!(told || !times.contains(&time));
            prop_assert!(!told || near(time - 2_000..=time) && near(time..=time + 2_000), "{}", time);
        }
        let mut bytes = Vec::new();
        bound.encode(&mut bytes);
        let mut read = Bound::new(plan(&[128_000]).families());
        read.decode(&mut Bytes(&bytes)).unwrap();
        prop_assert_eq!(read.lost(0), bound.lost(0));
    }
}

#[test]
fn a_bound_is_these_bytes_and_is_read_again() {
    let plan = plan(&[64 * HOUR]);
    let mut bound = Bound::new(plan.families());
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
        &[1, 1, 0],                          // one family; its key has one field, the first
        &[0x80, 0x80, 0xdd, 0xdb, 0x01],     // its reach, 64 hours
        &[2, 10, 2, 0x90, 0xba, 0xb7, 3, 0], // lost: from 5 to 7, and one hour and more later
        &[2, 1, 1, 2, 2],                    // two panes: one event in -1, two in 1
    ];
    assert_eq!(bytes, golden.concat());

    let mut read = Bound::new(plan.families());
    read.decode(&mut Bytes(&bytes)).unwrap();
    assert!(read.is_taken(0));
    assert_eq!((read.total(), read.refused, read.lost(0)), (3, 1, bound.lost(0)));
    let mut again = Vec::new();
    read.encode(&mut again);
    assert_eq!(again, bytes);
    for length in 0..bytes.len() {
        assert_eq!(Bound::new(plan.families()).decode(&mut Bytes(&bytes[..length])), None, "cut to {length}");
    }
}

#[test]
fn a_family_that_counts_otherwise_counts_anew_and_has_lost_what_any_had() {
    let mut before = Bound::new(plan(&[64 * HOUR, HOUR]).families());
    before.count(0, HOUR);
    before.count(1, HOUR);
    before.lose(0, 7);
    before.lose(1, 9);
    let mut bytes = Vec::new();
    before.encode(&mut bytes);
    let mut after = Bound::new(plan(&[64 * HOUR, 2 * HOUR]).families());
    after.decode(&mut Bytes(&bytes)).unwrap();
    assert_eq!((after.is_taken(0), after.is_taken(1), after.total()), (true, false, 1));
    assert_eq!((moments(&after, 0, 0..12), moments(&after, 1, 0..12)), (vec![7], vec![7, 8, 9]));
}
