//! What counts, for how long, and the bytes of it.

use super::*;
use sandgate_model::Kind;
use sandgate_model::manifest::{Aggregate, Span};
use sandgate_window::{Declared, Plan};

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
    let lost = bound.lost(1).unwrap();
    assert_eq!((bound.lost(0), lost), (None, Lost { first: 40, last: 100 }));
    for (after, upto, touches) in [(0, 39, false), (0, 40, true), (99, 200, true), (100, 200, false), (50, 60, true)] {
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
fn a_bound_is_these_bytes_and_is_read_again() {
    let plan = plan(&[64 * HOUR]);
    let mut bound = Bound::new(plan.families());
    bound.count(0, HOUR);
    bound.count(0, HOUR);
    bound.count(0, -HOUR);
    bound.lose(0, 5);
    bound.refuse();
    let mut bytes = Vec::new();
    bound.encode(&mut bytes);
    let sign = bound.families[0].sign.to_le_bytes();
    let expected = [&[1, 1, 1][..], &sign, &[1, 10, 10, 2, 1, 1, 2, 2]].concat();
    assert_eq!(bytes, expected);

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
    assert_eq!(after.lost(0), Some(Lost { first: 7, last: 7 }));
    assert_eq!(after.lost(1), Some(Lost { first: 7, last: 9 }));
}
