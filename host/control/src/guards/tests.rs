//! Guards against numbers: what breaks one, and what chance alone does not.

use super::{Guards, wilson};
use sandgate_model::Outcome;
use sandgate_model::comparison::Comparison;

fn guards(texts: &[&str]) -> Guards {
    let mut guards = Guards::default();
    texts.iter().for_each(|text| guards.set(text).unwrap());
    guards
}

/// So many transactions of each side, so many of them blocked.
fn blocked(candidate: (u64, u64), active: (u64, u64)) -> Comparison {
    let mut comparison = Comparison::default();
    (comparison.candidate.outcomes, comparison.active.outcomes) =
        ([candidate.0 - candidate.1, 0, candidate.1], [active.0 - active.1, 0, active.1]);
    comparison
}

#[test]
fn what_a_person_writes_is_read_and_told() {
    let mut guards = guards(&["block-rate=+0.25%", "review-rate=x1.5", "fault-rate=off", "minimum=7"]);
    let told = "block-rate=+0.25% review-rate=x1.5 fuel-p99=x4 latency-p99=x10 minimum=7";
    assert_eq!(guards.to_string(), told);
    assert_eq!(Guards::of_told(guards.told().as_object().unwrap()).unwrap(), guards);
    for (wrong, why) in [
        ("block-rate", "NAME=LIMIT"),
        ("blocks=+5%", "there are block-rate"),
        ("block-rate=5", "a limit is"),
        ("block-rate=+5", "a limit is"),
        ("block-rate=-5%", "a limit is"),
        ("block-rate=x0.5", "a limit is"),
        ("fuel-p99=+5%", "only a ratio"),
        ("minimum=0", "a minimum is"),
    ] {
        let problem = guards.set(wrong).unwrap_err();
        assert!(problem.contains(why), "{wrong}: {problem}");
    }
    assert_eq!(guards.to_string(), told);
}

#[test]
fn wilsons_bounds_are_those_of_the_paper() {
    // 10 of 100 with z = 4, worked by hand: (0.18 ∓ 4·√0.0013) / 1.16
    let (low, high) = wilson(0.1, 100.0);
    assert!((low - 0.030_843).abs() < 1e-4 && (high - 0.279_502).abs() < 1e-4, "{low} {high}");
    assert!(wilson(0.0, 50.0).0.abs() < 1e-12 && (wilson(1.0, 50.0).1 - 1.0).abs() < 1e-12);
}

#[test]
fn a_rate_breaks_its_guard_only_where_chance_would_not() {
    let table = [
        // all blocked, but too few to look
        ((499, 499), (499, 0), false),
        ((500, 500), (500, 0), true),
        // seven points more, which 500 cannot tell from five
        ((500, 50), (500, 15), false),
        ((50_000, 5_000), (50_000, 1_500), true),
        // just at the limit it never breaks
        ((10_000_000, 800_000), (10_000_000, 300_000), false),
        // less is never broken
        ((50_000, 0), (50_000, 25_000), false),
    ];
    for (candidate, active, breaks) in table {
        let broken = guards(&[]).broken(&blocked(candidate, active));
        assert_eq!(broken.is_some(), breaks, "{candidate:?} {active:?}: {broken:?}");
    }
    let twice = guards(&["block-rate=x2"]);
    assert!(twice.broken(&blocked((100_000, 3_000), (100_000, 1_000))).is_some());
    assert!(twice.broken(&blocked((1_000, 30), (1_000, 10))).is_none());
    let why = guards(&[]).broken(&blocked((1_000, 500), (1_000, 10))).unwrap();
    assert_eq!(why, "guard block-rate=+5%: 50.00 % of 1000 transactions, of the active set's 1000 1.00 %");
}

#[test]
fn equal_sets_break_no_guard_however_often_they_are_looked_at() {
    let mut comparison = Comparison::default();
    let mut draw = 88_172_645_463_325_252u64;
    let mut next = move || {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        draw
    };
    let guards = guards(&["minimum=10"]);
    for look in 0..20_000 {
        for side in [&mut comparison.candidate, &mut comparison.active] {
            for _ in 0..5 {
                let outcome = Outcome::ALL[(next() % 10 / 4) as usize];
                side.decided(outcome, None, next() % 50 == 0);
                side.took(10, 1_000 + next() % 10_000, 100 + next() % 100_000);
            }
        }
        let broken = guards.broken(&comparison);
        assert_eq!(broken, None, "look {look}");
    }
}

#[test]
fn a_quantile_breaks_its_guard_where_both_bounds_say_so() {
    let costly = |calls: u64, times: u64| {
        let mut comparison = Comparison::default();
        for call in 0..calls {
            comparison.active.took(1, 1_000 + call % 100, 50);
            comparison.candidate.took(1, (1_000 + call % 100) * times, 50);
        }
        comparison
    };
    assert_eq!(guards(&[]).broken(&costly(1_000, 50)), None, "too few calls");
    assert!(guards(&[]).broken(&costly(5_000, 10)).unwrap().starts_with("guard fuel-p99=x4: "));
    assert_eq!(guards(&[]).broken(&costly(5_000, 4)), None);
    assert_eq!(guards(&["fuel-p99=off"]).broken(&costly(5_000, 10)), None);
}
