//! Every limit by itself: what is allowed, what is over it, and what 0 means.

use super::{Limits, Reason, Seen, velocity};
use sandgate_sdk::prelude::*;

/// Twelve values in the order of the policy's windows: of the account, then of
/// the device, each three counts and three sums.
type Twelve = [i64; 12];

const CODES: [&str; 12] = [
    "ACCOUNT_MINUTE_COUNT",
    "ACCOUNT_HOUR_COUNT",
    "ACCOUNT_DAY_COUNT",
    "ACCOUNT_MINUTE_SUM",
    "ACCOUNT_HOUR_SUM",
    "ACCOUNT_DAY_SUM",
    "DEVICE_MINUTE_COUNT",
    "DEVICE_HOUR_COUNT",
    "DEVICE_DAY_COUNT",
    "DEVICE_MINUTE_SUM",
    "DEVICE_HOUR_SUM",
    "DEVICE_DAY_SUM",
];

fn seen(of: Twelve) -> Seen {
    let (count, sum) = (|at: usize| of[at] as u64, |at: usize| Decimal::from(of[at]));
    Seen {
        account_minute_count: count(0),
        account_hour_count: count(1),
        account_day_count: count(2),
        account_minute_sum: sum(3),
        account_hour_sum: sum(4),
        account_day_sum: sum(5),
        device_minute_count: count(6),
        device_hour_count: count(7),
        device_day_count: count(8),
        device_minute_sum: sum(9),
        device_hour_sum: sum(10),
        device_day_sum: sum(11),
    }
}

fn limits(of: Twelve) -> Limits {
    let (count, sum) = (|at: usize| of[at] as u64, |at: usize| Decimal::from(of[at]));
    Limits {
        account_per_minute: count(0),
        account_per_hour: count(1),
        account_per_day: count(2),
        account_sum_per_minute: sum(3),
        account_sum_per_hour: sum(4),
        account_sum_per_day: sum(5),
        device_per_minute: count(6),
        device_per_hour: count(7),
        device_per_day: count(8),
        device_sum_per_minute: sum(9),
        device_sum_per_hour: sum(10),
        device_sum_per_day: sum(11),
    }
}

fn codes(values: Twelve, of: Twelve) -> Vec<&'static str> {
    let mut hits: Hits<Reason> = Hits::new();
    velocity(&seen(values), &limits(of), &mut hits);
    hits.codes()
}

const LIMITS: Twelve = [10, 60, 200, 1_000, 5_000, 20_000, 20, 120, 400, 2_000, 10_000, 40_000];

#[test]
fn what_is_within_all_limits_has_no_reason() {
    assert_eq!(codes([0; 12], LIMITS), [""; 0]);
    assert_eq!(codes(LIMITS, LIMITS), [""; 0]);
}

#[test]
fn what_is_over_one_limit_has_its_reason_alone() {
    for (at, code) in CODES.into_iter().enumerate() {
        let mut values = LIMITS;
        values[at] += 1;
        assert_eq!(codes(values, LIMITS), [code]);
    }
}

#[test]
fn all_reasons_may_hold_at_once() {
    assert_eq!(codes(LIMITS.map(|limit| limit * 2), LIMITS), CODES);
}

#[test]
fn a_limit_of_zero_is_none() {
    for at in 0..CODES.len() {
        let mut of = LIMITS;
        of[at] = 0;
        let expected: Vec<_> = CODES.into_iter().enumerate().filter(|(other, _)| *other != at).collect();
        let expected: Vec<_> = expected.into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes(LIMITS.map(|limit| limit * 2), of), expected);
    }
    assert_eq!(codes([i64::from(i32::MAX); 12], [0; 12]), [""; 0]);
}

#[test]
fn money_that_came_back_is_never_too_much() {
    let mut values = [0; 12];
    values[3..6].fill(-1_000_000);
    assert_eq!(codes(values, LIMITS), [""; 0]);
}
