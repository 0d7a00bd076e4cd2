//! Waits at made-up times with made-up chance.

use super::Backoff;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const HALF: u32 = 1 << 31;

fn rule() -> Backoff {
    Backoff { first: 10 * MS, most: 50 * MS, tries: 6, within: Duration::from_secs(60) }
}

#[test]
fn the_bound_doubles_up_to_the_most_and_chance_says_where_below_it() {
    let now = Instant::now();
    let mut tries = rule().begin(now);
    for (made, half_of_bound) in [(2, 5 * MS), (3, 10 * MS), (4, 20 * MS), (5, 25 * MS), (6, 25 * MS)] {
        assert_eq!(tries.again(now, HALF), Some(half_of_bound));
        assert_eq!(tries.made(), made);
    }
    assert_eq!(tries.again(now, HALF), None);
    assert_eq!(tries.made(), 6);
}

#[test]
fn jitter_is_full() {
    let now = Instant::now();
    let wait = |chance| rule().begin(now).again(now, chance);
    assert_eq!(wait(0), Some(Duration::ZERO));
    assert_eq!(wait(HALF / 2), Some(Duration::from_micros(2_500)));
    assert_eq!(wait(u32::MAX), Some(Duration::from_nanos(9_999_999)));
}

#[test]
fn no_try_begins_after_the_time_for_all_of_them() {
    let now = Instant::now();
    let rule = Backoff { within: 20 * MS, ..rule() };
    let mut tries = rule.begin(now);
    assert_eq!(tries.again(now + 15 * MS, HALF), Some(5 * MS));
    assert_eq!(tries.again(now + 15 * MS, HALF), None, "would begin at 25 ms");
    assert_eq!(tries.again(now + 15 * MS, 0), Some(Duration::ZERO));
    assert_eq!(tries.again(now + 21 * MS, 0), None);
}

#[test]
fn one_try_and_none_are_the_same_and_no_number_of_tries_overflows() {
    let now = Instant::now();
    for tries in [0, 1] {
        assert_eq!(Backoff { tries, ..rule() }.begin(now).again(now, 0), None);
    }
    let mut many = Backoff { tries: u32::MAX, first: Duration::MAX, ..rule() }.begin(now);
    for _ in 0..100 {
        assert_eq!(many.again(now, HALF), Some(25 * MS));
    }
}
