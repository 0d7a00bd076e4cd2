//! Breakers at made-up times.

use super::{Breaker, Change, Config, State};
use State::{Closed, HalfOpen, Open};
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn config() -> Config {
    Config { failures: 3, calls: 5, window: 100 * MS, open: 50 * MS, trials: 1 }
}

/// A breaker and its clock.
struct Timeline {
    breaker: Breaker,
    start: Instant,
}

impl Timeline {
    fn new(config: Config) -> Timeline {
        Timeline { breaker: Breaker::new(config), start: Instant::now() }
    }

    /// A call at a time in ms that ends at once, and the state after it; `None`
    /// if it was refused.
    fn call(&self, at: u32, fails: bool) -> Option<State> {
        let now = self.start + at * MS;
        let permit = self.breaker.admit(now).ok()?;
        if fails {
            permit.failed(now)
        } else {
            permit.succeeded(now)
        };
        Some(self.breaker.state())
    }

    #[track_caller]
    fn check(&self, calls: &[(u32, bool, Option<State>)]) {
        for (at, fails, state) in calls {
            assert_eq!(self.call(*at, *fails), *state, "at {at} ms");
        }
    }
}

const FAILS: bool = true;
const WORKS: bool = false;

#[test]
fn it_opens_when_too_many_of_the_last_calls_failed() {
    // failures need not be in a row, but among the last five
    Timeline::new(config()).check(&[
        (0, FAILS, Some(Closed)),
        (1, WORKS, Some(Closed)),
        (2, FAILS, Some(Closed)),
        (3, WORKS, Some(Closed)),
        (4, FAILS, Some(Open)),
        (5, WORKS, None),
    ]);
    Timeline::new(config()).check(&[
        (0, FAILS, Some(Closed)),
        (1, FAILS, Some(Closed)),
        (2, WORKS, Some(Closed)),
        (3, WORKS, Some(Closed)),
        (4, WORKS, Some(Closed)),
        (5, FAILS, Some(Closed)),
        (6, FAILS, Some(Closed)),
        (7, FAILS, Some(Open)),
    ]);
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    Timeline::new(config()).check(&[
        (0, FAILS, Some(Closed)),
        (50, FAILS, Some(Closed)),
        (101, FAILS, Some(Closed)),
        (150, FAILS, Some(Open)),
    ]);
    // one that is as old as the window still counts
    Timeline::new(config()).check(&[(0, FAILS, Some(Closed)), (50, FAILS, Some(Closed)), (100, FAILS, Some(Open))]);
}

#[test]
fn after_its_time_one_trial_decides() {
    let timeline = Timeline::new(Config { failures: 1, ..config() });
    timeline.check(&[
        (0, FAILS, Some(Open)),
        (49, WORKS, None),
        (50, FAILS, Some(Open)),
        (99, WORKS, None),
        (100, WORKS, Some(Closed)),
        (101, WORKS, Some(Closed)),
    ]);
    assert_eq!(timeline.breaker.times_opened(), 2);
}

#[test]
fn only_so_many_trials_run_at_once_and_all_must_succeed() {
    let timeline = Timeline::new(Config { failures: 1, trials: 2, ..config() });
    timeline.check(&[(0, FAILS, Some(Open))]);
    let now = timeline.start + 60 * MS;
    let (first, second) = (timeline.breaker.admit(now).unwrap(), timeline.breaker.admit(now).unwrap());
    assert_eq!(timeline.breaker.admit(now).unwrap_err().again_in, Duration::ZERO);
    assert_eq!(first.change(), Some(Change { from: Open, to: HalfOpen }));
    assert_eq!(second.change(), None);
    assert_eq!(first.succeeded(now), None);
    assert!(timeline.breaker.admit(now).is_err(), "one has succeeded, the other one is still on its way");
    assert_eq!(second.succeeded(now), Some(Change { from: HalfOpen, to: Closed }));
}

#[test]
fn a_failed_trial_opens_it_again_and_the_other_one_no_longer_counts() {
    let timeline = Timeline::new(Config { failures: 1, trials: 2, ..config() });
    timeline.check(&[(0, FAILS, Some(Open))]);
    let now = timeline.start + 60 * MS;
    let (first, second) = (timeline.breaker.admit(now).unwrap(), timeline.breaker.admit(now).unwrap());
    assert_eq!(first.failed(now), Some(Change { from: HalfOpen, to: Open }));
    assert_eq!(second.succeeded(now), None);
    assert_eq!(timeline.breaker.state(), Open);
    assert_eq!(timeline.breaker.admit(now + 20 * MS).unwrap_err().again_in, 30 * MS);
}

#[test]
fn a_trial_that_is_given_up_makes_room_for_another() {
    let timeline = Timeline::new(Config { failures: 1, ..config() });
    timeline.check(&[(0, FAILS, Some(Open))]);
    let now = timeline.start + 60 * MS;
    drop(timeline.breaker.admit(now).unwrap());
    timeline.check(&[(60, WORKS, Some(Closed))]);
}

#[test]
fn an_answer_from_before_the_last_change_does_not_count() {
    let timeline = Timeline::new(Config { failures: 1, ..config() });
    let slow = timeline.breaker.admit(timeline.start).unwrap();
    let slower = timeline.breaker.admit(timeline.start).unwrap();
    timeline.check(&[(1, FAILS, Some(Open)), (60, WORKS, Some(Closed))]);
    assert_eq!(slow.failed(timeline.start + 61 * MS), None);
    drop(slower);
    assert_eq!(timeline.breaker.state(), Closed);
}

#[test]
fn each_change_is_told_to_one_caller() {
    let timeline = Timeline::new(Config { failures: 2, ..config() });
    let now = timeline.start;
    let permits: Vec<_> = (0..5).map(|_| timeline.breaker.admit(now).unwrap()).collect();
    let changes: Vec<_> = permits.into_iter().filter_map(|permit| permit.failed(now)).collect();
    assert_eq!(changes, [Change { from: Closed, to: Open }]);
    assert_eq!(timeline.breaker.times_opened(), 1);
}

#[test]
fn a_part_that_was_never_there_is_tried_after_the_same_time() {
    let start = Instant::now();
    let timeline = Timeline { breaker: Breaker::opened(config(), start), start };
    timeline.check(&[(0, WORKS, None), (49, WORKS, None), (50, WORKS, Some(Closed))]);
}

#[test]
fn settings_that_make_no_sense_are_those_next_to_them() {
    let none = Config { failures: 0, calls: 0, window: Duration::ZERO, open: Duration::MAX, trials: 0 };
    Timeline::new(none).check(&[(0, WORKS, Some(Closed)), (0, FAILS, Some(Open)), (0, WORKS, Some(Closed))]);
}

#[test]
fn threads_agree_on_one_opening() {
    let breaker = Breaker::new(Config { failures: 10, calls: 100, ..config() });
    let now = Instant::now();
    let changes: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..100).filter_map(|_| breaker.admit(now).ok()?.failed(now)).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((changes, breaker.state()), (1, Open));
}
