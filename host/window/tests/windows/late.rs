//! Lateness: the lane's clock, what a late transaction still sees, what is dropped.

use crate::lane::Lane;
use crate::notation::{Step, read};
use crate::play::{check, play};

#[test]
fn late_is_what_is_older_than_the_clock_less_the_lateness() {
    check(
        "lateness 10m
         window count by account, sliding 1h
         12:00:00       a  pay 1  → 1
         09:00:00       b  pay 1  → 1         # nothing is late before the 32nd record
         30× 12:00:00   z  pay 1  → 30        # and the 32nd is judged by a clock that is unset
         11:50:00       b  pay 1  → 1         # the clock says 12:00
         11:49:59.999   c  pay 1  → late 1
         11:50:00       b  pay 1  → 2",
    );
}

#[test]
fn a_late_transaction_sees_nothing_beyond_its_windows_reach() {
    check(
        "lateness 10m
         window count by account, sliding 1h
         window count by account, sliding 2h
         10:30          a  pay 1  → 1, 1
         10:50          a  pay 1  → 2, 2
         10:50:00.001   a  pay 1  → 3, 3
         32× 12:00      z  pay 1
         11:50          a  pay 1  → 2, 4       # not late: (10:50, 11:50]
         11:49:59.999   a  pay 1  → late 2, 4  # late: nothing at or before 12:00 − 10m − 1h = 10:50
         11:00          a  pay 1  → late 2, 4
         10:40          a  pay 1  → late 1, 2  # too old to be seen by any: but it is itself
         09:45          a  pay 1  → late 1, 1
         09:45          a  pay 1  → late 1, 1
         12:00          a  pay 1  → 3, 8       # and from then on it is seen by those that reach so far",
    );
}

#[test]
fn each_span_has_its_own_reach() {
    check(
        "lateness 0ms
         window count by account, tumbling 1h
         window count by account, hour in UTC
         window count by account, session 40m longest 1h
         window count by account, sliding 50m delay 10m
         window count by account, sliding 1h closed
         10:00           a  pay 1  → 1, 1, 1, 0, 1
         10:30           a  pay 1  → 2, 2, 2, 1, 2
         32× 11:30       z  pay 1
         11:29:59.999    a  pay 1  → late 1, 1, 1, 0, 2   # 10:30 is at the floor: only a closed edge holds it
         10:45           a  pay 1  → late 1, 3, 1, 0, 2   # but the reach of an hour is two
         11:30           a  pay 1  → 2, 2, 2, 1, 4",
    );
}

#[test]
fn a_late_transaction_sees_whole_panes_of_a_window_with_a_resolution() {
    check(
        "lateness 10m
         window count by account, sliding 1h resolution 20m
         window count by account, sliding 1h
         10:35           a  pay 1  → 1, 1
         11:00           a  pay 1  → 2, 2
         11:45           a  pay 1  → 2, 2
         32× 12:00       z  pay 1
         11:50           a  pay 1  → 3, 3         # not late: (10:40, 11:50], since 10:50 is rounded down
         11:49           a  pay 1  → late 2, 3    # late: itself and (10:40, 11:40], where 11:45 is not
         10:39           a  pay 1  → late 1, 1",
    );
}

#[test]
fn one_record_from_the_future_moves_nothing() {
    check(
        "lateness 10m
         window count by account, sliding 1h
         100× 12:00      z  pay 1
         2099-01-01
         12:00           x  pay 1  → 1
         2026-01-01
         11:50           a  pay 1  → 1
         100× 12:00      z  pay 1  → 200
         11:50           a  pay 1  → 2
         11:49           a  pay 1  → late 1",
    );
}

#[test]
fn half_of_the_ring_from_the_future_moves_the_clock_and_it_stays() {
    check(
        "lateness 10m
         window count by account, sliding 1h
         1024× 12:00     z  pay 1
         2099-01-01
         512× 12:00      x  pay 1  → 512
         2026-01-01
         11:50           a  pay 1  → 1        # 512 of 1,024 have not moved it
         2099-01-01
         512× 12:00      x  pay 1  → 1024     # now it is in 2099
         2026-01-01
         12:00           a  pay 1  → late 1   # and the floor of an hour with it: what is there is not seen
         2000× 12:01     a  pay 1  → late 1   # a clock never goes back",
    );
}

#[test]
fn a_thousand_records_from_the_past_are_late_and_move_nothing() {
    check(
        "lateness 10m
         window count by account, sliding 1h
         1024× 12:00     z  pay 1
         2001-01-01
         1000× 12:00     z  pay 1  → late 1
         2026-01-01
         11:50           z  pay 1  → 1
         12:00           z  pay 1  → 1026",
    );
}

#[test]
fn what_no_window_can_reach_is_dropped_and_nothing_else() {
    let timeline = read(
        "lateness 10m
         window count by account, sliding 1h
         10:00           a  pay 1
         10:50           a  pay 1
         10:50:00.001    a  pay 1
         40× 12:00       z  pay 1
         2099-01-01
         12:00           a  pay 1
         settle
         commit
         settle",
    );
    let mut lane = Lane::new(&timeline.windows, timeline.lateness);
    let (last, steps) = timeline.steps.split_last().unwrap();
    for step in steps {
        let one = crate::notation::Timeline { steps: vec![step.clone()], ..timeline.clone() };
        play(&one, &mut lane);
    }
    assert_eq!(lane.len(), 44, "nothing was committed, so nothing is dropped");
    assert_eq!(*last, Step::Settle);
    lane.settle();
    assert_eq!(lane.len(), 42, "10:00 and 10:50 are out of reach; the one from 2099 drops nothing");
    lane.end();
}

#[test]
fn what_is_taken_back_has_never_been_there() {
    check(
        "lateness 10m
         window count by account, sliding 1h
         window latest of amount by account, sliding 1h, without itself
         window distinct of device by account, sliding 1h
         31× 12:00       z  pay 1
         11:30           a  pay 1  device=d1  → 1, –, 1
         commit
         11:40           a  pay 2  device=d2  → late 2, 1.00, 2
         11:30           a  pay 3  device=d3  → late 2, 1.00, 2
         40× 14:00       z  pay 1
         abort
         settle
         11:40           a  pay 4  device=d1  → late 2, 1.00, 1    # the clock is back at 12:00
         11:50           a  pay 5  device=d4  → 3, 4.00, 2
         commit
         settle
         11:50           a  pay 6  device=d5  → 4, 5.00, 3",
    );
}
