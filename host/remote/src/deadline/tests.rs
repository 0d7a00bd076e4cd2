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
}

#[test]
fn a_limit_beyond_all_clocks_is_far_away_and_no_panic() {
    let now = Instant::now();
    assert!(Deadline::after(now, Duration::MAX).left(now) > Some(Duration::from_secs(900_000_000)));
    assert_eq!(Deadline::after(now, Duration::ZERO).left(now), None);
}
