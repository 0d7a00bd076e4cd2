//! A tenant's quota by itself: it gets no more than that, and no less.

use super::{Left, Over, Quota};
use proptest::prelude::*;
use std::time::Duration;

const NONE: Quota = Quota { transactions: None, fuel: None };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn without_a_quota_all_are_judged() {
    assert_eq!(Left::default().admit(NONE, ms(0), u64::MAX, u64::MAX), (u64::MAX, None));
}

#[test]
fn a_second_brings_so_many_transactions_and_no_more_are_kept() {
    let quota = Quota { transactions: Some(100), ..NONE };
    let mut left = Left::default();
    assert_eq!(left.admit(quota, ms(5), 80, 1), (80, None));
    assert_eq!(left.admit(quota, ms(5), 80, 1), (20, Some(Over::Transactions(100))));
    assert_eq!(left.admit(quota, ms(255), 80, 1), (25, Some(Over::Transactions(100))));
    assert_eq!(left.admit(quota, ms(900_000), 200, 1), (100, Some(Over::Transactions(100))));
    // a clock that goes back brings nothing
    assert_eq!(left.admit(quota, ms(1), 1, 1), (0, Some(Over::Transactions(100))));
    assert_eq!(left.admit(Quota { transactions: Some(7), ..NONE }, ms(1), 9, 1).0, 7, "another quota begins anew");
}

#[test]
fn fuel_that_was_not_needed_is_there_for_the_next() {
    let quota = Quota { fuel: Some(1_000), ..NONE };
    let mut left = Left::default();
    assert_eq!(left.admit(quota, ms(0), 20, 100), (10, Some(Over::Fuel(1_000))));
    left.took(1_000, 100);
    assert_eq!(left.admit(quota, ms(0), 20, 100), (9, Some(Over::Fuel(1_000))));
    // more than was foreseen is owed
    left.took(900, 1_400);
    assert_eq!(left.admit(quota, ms(500), 20, 100), (0, Some(Over::Fuel(1_000))));
    assert_eq!(left.admit(quota, ms(600), 20, 100), (1, Some(Over::Fuel(1_000))));
}

proptest! {
    #[test]
    fn nobody_gets_more_than_the_quota(
        steps in prop::collection::vec((0u64..300, 0u64..50, 0u64..=200), 1..60), rate in 200u64..5_000,
    ) {
        let quota = Quota { fuel: Some(rate), ..NONE };
        let (mut left, mut now, mut handed_out) = (Left::default(), 0, 0);
        for (wait, rows, each) in steps {
            now += wait;
            let (admitted, over) = left.admit(quota, ms(now), rows, 200);
            prop_assert_eq!(over.is_none(), admitted == rows);
            let took = admitted * each;
            left.took(admitted * 200, took);
            handed_out += took;
            prop_assert!(handed_out <= rate + rate * now / 1_000 + 1, "{handed_out} in {now} ms at {rate} a second");
        }
    }
}
