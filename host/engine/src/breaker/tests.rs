//! A breaker by itself: against a naive count of the last rows, and through a trial.

use super::{Breaker, Limits, Observed, State, counts};
use proptest::prelude::*;
use sandgate_model::Fault;

const LIMITS: Limits = Limits { share: 0.5, rows: 10, rest: 20, probe: 4, back: 0 };

/// Lets it judge these rows in batches of a size; a batch that changes it is its last.
fn bring(breaker: &mut Breaker, limits: &Limits, faults: &[bool], batch: usize) -> Option<usize> {
    for (at, rows) in faults.chunks(batch).enumerate() {
        let given = breaker.give(limits, rows.len() as u32);
        assert_eq!(given as usize, rows.len(), "one that is closed judges all");
        let which = rows.iter().zip(0..).filter(|(fault, _)| **fault).map(|(_, row)| row).collect();
        let judged =
            Observed { epoch: breaker.epoch(), judged: given, faults: which, last: "trap", ..Observed::default() };
        if breaker.observe(limits, &judged) {
            return Some(at);
        }
    }
    None
}

fn rested(breaker: &Breaker, rows: u32) -> Observed {
    Observed { epoch: breaker.epoch(), stood_in: rows, ..Observed::default() }
}

fn tried(breaker: &Breaker, given: u32, judged: u32, faults: u32) -> Observed {
    let faults = (0..faults).collect();
    Observed { epoch: breaker.epoch(), given, judged, faults, last: "fuel", ..Observed::default() }
}

fn opened() -> Breaker {
    let mut breaker = Breaker::default();
    assert_eq!(bring(&mut breaker, &LIMITS, &[true; 6], 1), Some(5));
    breaker
}

proptest! {
    #[test]
    fn it_opens_where_more_than_the_share_of_the_last_rows_were_faults(
        faults in prop::collection::vec(prop::bool::weighted(0.45), 0..80), batch in 1usize..9,
    ) {
        let mut breaker = Breaker::default();
        let opened = bring(&mut breaker, &LIMITS, &faults, batch);
        let last = |end: usize| faults[end.saturating_sub(10)..end].iter().filter(|fault| **fault).count();
        let naive = (1..=faults.len()).find(|end| last(*end) > 5).map(|end| (end - 1) / batch);
        prop_assert_eq!(opened, naive);
        prop_assert_eq!(breaker.state() == State::Open, naive.is_some());
    }

    #[test]
    fn a_policy_that_faults_in_no_more_than_the_share_is_never_taken_out(gap in 2usize..20, batch in 1usize..300) {
        let faults: Vec<bool> = (0..5_000).map(|row| row % gap == 0).collect();
        prop_assert_eq!(bring(&mut Breaker::default(), &Limits::default(), &faults, batch), None);
    }
}

#[test]
fn it_rests_is_tried_and_judges_again() {
    let mut breaker = opened();
    assert_eq!(&**breaker.why(), "6 of its last 10 rows were faults, the last one trap");
    assert_eq!(breaker.give(&LIMITS, 7), 0);
    assert!(!breaker.observe(&LIMITS, &rested(&breaker, 19)));
    assert!(breaker.observe(&LIMITS, &rested(&breaker, 1)));
    assert_eq!((breaker.state(), breaker.give(&LIMITS, 3), breaker.give(&LIMITS, 3)), (State::HalfOpen, 3, 1));
    assert_eq!(breaker.give(&LIMITS, 3), 0, "all rows of the trial are given out");
    // one of the three did not come to it after all: it is given again
    assert!(!breaker.observe(&LIMITS, &tried(&breaker, 3, 2, 1)));
    assert_eq!(breaker.give(&LIMITS, 9), 1);
    assert!(!breaker.observe(&LIMITS, &tried(&breaker, 1, 1, 1)));
    assert!(breaker.observe(&LIMITS, &tried(&breaker, 1, 1, 0)));
    assert_eq!((breaker.state(), breaker.failed()), (State::Closed, 0));
}

#[test]
fn a_trial_that_fails_opens_it_again_and_is_counted() {
    let mut breaker = opened();
    for failed in 1..4 {
        assert!(breaker.observe(&LIMITS, &rested(&breaker, 20)));
        assert_eq!(breaker.give(&LIMITS, 9), 4);
        assert!(breaker.observe(&LIMITS, &tried(&breaker, 4, 4, 3)));
        assert_eq!((breaker.state(), breaker.failed()), (State::Open, failed));
        assert_eq!(&**breaker.why(), "3 of 4 rows on trial were faults, the last one fuel");
    }
}

#[test]
fn what_was_judged_before_a_change_counts_no_more() {
    let before = Breaker::default();
    let late = tried(&before, 0, 9, 9);
    let mut breaker = opened();
    assert!(!breaker.observe(&LIMITS, &late));
    assert!(breaker.observe(&LIMITS, &rested(&breaker, 20)));
    assert!(!breaker.observe(&LIMITS, &late), "they are no rows of the trial");
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn what_a_record_lacks_is_no_fault_of_the_policy() {
    let detail = String::new;
    let own = [Fault::Fuel { budget: 1 }, Fault::Trap { detail: detail() }, Fault::Memory { limit: 1 }, Fault::Stopped];
    assert!(own.iter().all(counts) && counts(&Fault::Output { detail: detail() }));
    let others = [Fault::Input { input: detail(), detail: detail() }, Fault::StateFull, Fault::IdReused];
    assert!(!others.iter().any(counts) && !counts(&Fault::Absent { detail: detail() }));
}
