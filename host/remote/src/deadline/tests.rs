//! Deadlines at made-up times.

use super::Deadline;
use std::time::{Duration, Instant};

#[test]
fn what_is_left_shrinks_to_nothing() {
    let start = Instant::now();
    let deadline = Deadline::after(start, Duration::from_millis(50));
    let table = [(0, Some(50)), (49, Some(1)), (50, None), (51, None)];
    for (at, left) in table {
        let now = start + Duration::from_millis(at);
        assert_eq!(deadline.left(now), left.map(Duration::from_millis), "at {at} ms");
        assert_eq!(deadline.has_passed(now), left.is_none(), "at {at} ms");
    }
    assert_eq!(deadline.at(), start + Duration::from_millis(50));
}

#[test]
fn a_part_never_outlives_the_whole() {
    let start = Instant::now();
    let whole = Deadline::after(start, Duration::from_millis(50));
    // when the part begins, its own limit, when it ends
    for (from, limit, end) in [(0, 10, 10), (45, 10, 50), (60, 10, 50), (0, 50, 50)] {
        let now = start + Duration::from_millis(from);
        let part = whole.part(now, Duration::from_millis(limit));
        assert_eq!(part.at(), start + Duration::from_millis(end), "from {from} for {limit}");
    }
}

#[test]
fn a_limit_beyond_all_clocks_is_far_away_and_no_panic() {
    let now = Instant::now();
    assert!(Deadline::after(now, Duration::MAX).left(now) > Some(Duration::from_secs(900_000_000)));
    assert_eq!(Deadline::after(now, Duration::ZERO).left(now), None);
}
