//! What samples cost, told alone and in order.

use crate::guest::{BUDGET, Guest, sample};
use sandgate_sandbox::Calibration;
use sandgate_trial::fuel::{Fuel, micros};

#[test]
fn the_dearest_sample_is_named_and_the_middle_one_told() {
    // burns what its row says
    let burns = "(local.set $m (local.get $n))
        (loop $burn (br_if $burn (i64.gt_s (local.tee $m (i64.sub (local.get $m) (i64.const 1))) (i64.const 0))))
        (f64.const 0)";
    let policy = Guest { row: burns, ..Guest::default() }.load();
    let samples: Vec<_> = [10, 4_000, 20, 1_000_000, 30].map(|n| sample(&policy, n, None)).into();
    let fuel = Fuel::of(&policy, BUDGET, &samples);
    assert_eq!(fuel.each.len(), 5);
    assert_eq!(fuel.median(), fuel.each[4]);
    assert_eq!(fuel.worst(), Some((3, fuel.each[3])));
    assert!((0.99..=1.01).contains(&fuel.share(fuel.each[3])));
    assert!(fuel.each[0] < fuel.each[2] && fuel.each[4] < fuel.each[1]);
    // alone means alone: the same again, whatever stands beside it
    assert_eq!(Fuel::of(&policy, BUDGET, &samples[1..2]).each, [fuel.each[1]]);
}

#[test]
fn no_samples_cost_nothing() {
    let fuel = Fuel::of(&Guest::default().load(), BUDGET, &[]);
    assert_eq!((fuel.median(), fuel.worst()), (0, None));
}

#[test]
fn fuel_is_time_by_what_the_machine_burns() {
    let calibration = Calibration { lowest: 1.0, tenth: 2.0, median: 500.0, ninetieth: 600.0, highest: 700.0 };
    assert_eq!(micros(1_000, &calibration), 2.0);
}
