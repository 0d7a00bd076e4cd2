//! What a window covers: its edges, ties, disorder, the aggregates.

use crate::play::check;

#[test]
fn a_sliding_window_ends_where_its_left_edge_was() {
    check(
        "window count by account, sliding 1m
         window count by account, sliding 1m closed
         09:00:00      a  pay 10  → 1, 1
         09:00:59      a  pay 20  → 2, 2
         09:00:59.999  a  pay 5   → 3, 3
         09:01:00      a  pay 5   → 3, 4   # (t − 1m, t]: the left edge does not count, unless it is closed
         09:01:00.001  a  pay 5   → 4, 4",
    );
}

#[test]
fn among_equal_times_only_what_came_before_counts() {
    check(
        "window count by account, sliding 1m
         window latest of amount by account, sliding 1m, without itself
         09:00:00  a  pay 1  → 1, –
         09:00:00  a  pay 2  → 2, 1.00
         09:00:00  a  pay 3  → 3, 2.00
         09:00:30  a  pay 4  → 4, 3.00",
    );
}

#[test]
fn an_event_that_comes_too_late_for_one_is_there_for_the_next() {
    check(
        "window count by account, sliding 1m
         window latest of amount by account, sliding 1m
         09:00:00  a  pay 1  → 1, 1.00
         09:00:50  a  pay 2  → 2, 2.00
         09:00:20  a  pay 3  → 2, 3.00   # sees itself and what was before it, not 09:00:50
         09:00:55  a  pay 4  → 4, 4.00
         09:00:10  a  pay 5  → 2, 5.00
         08:00:00  a  pay 6  → 1, 6.00
         09:01:05  a  pay 7  → 5, 7.00   # without 09:00:00",
    );
}

#[test]
fn a_record_from_the_future_is_seen_by_nobody_before_it() {
    check(
        "window count by account, sliding 1m
         09:00:00  a  pay 1  → 1
         2026-06-01
         09:00:00  a  pay 1  → 1
         2026-01-01
         09:00:01  a  pay 1  → 2
         2026-06-01
         09:00:30  a  pay 1  → 2",
    );
}

#[test]
fn a_delayed_window_is_blind_to_what_is_recent() {
    check(
        "window count by account, sliding 1m delay 10s
         window sum of amount by account, sliding 1m delay 10s closed
         09:00:00  a  pay 1  → 0, 0.00     # not even itself
         09:00:09  a  pay 2  → 0, 0.00
         09:00:10  a  pay 4  → 1, 1.00
         09:00:20  a  pay 8  → 3, 7.00
         09:01:10  a  pay 8  → 3, 15.00    # (09:00:00, 09:01:00], closed with 09:00:00
         09:01:11  a  pay 8  → 3, 14.00",
    );
}

#[test]
fn a_resolution_rounds_the_left_edge_down() {
    check(
        "window count by account, sliding 1m resolution 20s
         window count by account, sliding 1m resolution 20s closed
         window count by account, sliding 1m
         09:00:00  a  pay 1  → 1, 1, 1
         09:00:10  a  pay 1  → 2, 2, 2
         09:01:00  a  pay 1  → 2, 3, 2    # back to 09:00:00
         09:01:15  a  pay 1  → 3, 4, 2    # still 09:00:00, in place of 09:00:15
         09:01:19  a  pay 1  → 4, 5, 3
         09:01:20  a  pay 1  → 4, 4, 4    # back to 09:00:20
         09:01:30  a  pay 1  → 5, 5, 5",
    );
}

#[test]
fn a_tumbling_window_is_the_running_pane() {
    check(
        "window count by account, tumbling 1h
         window count by account, tumbling 1h offset 5m
         08:59:59.999  a  pay 1  → 1, 1
         09:00:00      a  pay 1  → 1, 2
         09:04:59.999  a  pay 1  → 2, 3
         09:05:00      a  pay 1  → 3, 1
         10:00:00      a  pay 1  → 1, 2
         09:30:00      a  pay 1  → 4, 2    # of its own pane, as late as it comes
         1969-12-31
         23:59:59      a  pay 1  → 1, 1
         23:04:59      a  pay 1  → 1, 1
         23:05:01      a  pay 1  → 2, 1",
    );
}

#[test]
fn a_session_goes_back_to_the_last_silence() {
    check(
        "window count by account, session 30m longest 2h
         window first seen by account, session 30m longest 2h
         09:00  a  pay 1  → 1, 09:00:00
         09:30  a  pay 1  → 2, 09:00:00    # a silence as long as the gap does not end it
         10:00  a  pay 1  → 3, 09:00:00
         10:20  a  pay 1  → 4, 09:00:00
         10:45  a  pay 1  → 5, 09:00:00
         10:59  a  pay 1  → 6, 09:00:00
         11:00  a  pay 1  → 6, 09:30:00    # no longer than two hours
         11:31  a  pay 1  → 1, 11:31:00
         12:30  a  pay 1  → 1, 12:30:00
         12:01  a  pay 1  → 2, 11:31:00
         12:31  a  pay 1  → 4, 11:31:00    # one that came late has closed the silence",
    );
}

#[test]
fn a_session_hears_only_what_the_window_counts() {
    check(
        "window count by account, session 10m longest 2h, only kind any of pay
         window count by account, session 10m longest 2h, without itself
         09:00  a  pay 1     → 1, 0
         09:08  a  refund 1  → 1, 1    # of another kind: it sees the session, and does not prolong it
         09:11  a  pay 1     → 1, 2    # eleven minutes after the last payment
         09:20  a  refund 1  → 1, 3
         09:22  a  refund 1  → 0, 4    # the silence is counted from the transaction itself",
    );
}

#[test]
fn every_aggregate_says_what_its_name_says() {
    check(
        "window count by account, sliding 1h
         window sum of amount by account, sliding 1h
         window mean of amount by account, sliding 1h
         window minimum of amount by account, sliding 1h
         window maximum of amount by account, sliding 1h
         window deviation of amount by account, sliding 1h
         window distinct of kind by account, sliding 1h
         window first seen by account, sliding 1h
         window last seen by account, sliding 1h
         window latest of kind by account, sliding 1h
         09:00  a  pay 1.00      → 1, 1.00, 1, 1.00, 1.00, 0, 1, 09:00:00, 09:00:00, pay
         09:10  a  pay 2.00      → 2, 3.00, 1.5, 1.00, 2.00, 0.5, 1, 09:00:00, 09:10:00, pay
         09:20  a  refund -3.00  → 3, 0.00, 0, -3.00, 2.00, 2.160246899469287, 2, 09:00:00, 09:20:00, refund
         10:05  a  pay 0.10      → 3, -0.90, -0.3, -3.00, 2.00, 2.060744202143164, 2, 09:10:00, 10:05:00, pay
         23:00  a  fee 0.30      → 1, 0.30, 0.3, 0.30, 0.30, 0, 1, 23:00:00, 23:00:00, fee",
    );
}

#[test]
fn an_empty_window_is_zero_or_nothing() {
    check(
        "window count by account, sliding 1h, without itself
         window sum of amount by account, sliding 1h, without itself
         window distinct of kind by account, sliding 1h, without itself
         window mean of amount by account, sliding 1h, without itself
         window deviation of amount by account, sliding 1h, without itself
         window minimum of amount by account, sliding 1h, without itself
         window maximum of amount by account, sliding 1h, without itself
         window first seen by account, sliding 1h, without itself
         window last seen by account, sliding 1h, without itself
         window latest of amount by account, sliding 1h, without itself
         09:00  a  pay 1  → 0, 0.00, 0, –, –, –, –, –, –, –
         10:00  a  pay 1  → 0, 0.00, 0, –, –, –, –, –, –, –",
    );
}

#[test]
fn without_itself_last_seen_is_the_previous_one() {
    check(
        "window last seen by account, sliding 30d, without itself
         window last seen by account, sliding 30d
         window first seen by account, sliding 30d, without itself
         09:00  a  pay 1  → –, 09:00:00, –
         09:10  a  pay 1  → 09:00:00, 09:10:00, 09:00:00
         09:05  a  pay 1  → 09:00:00, 09:05:00, 09:00:00
         2026-01-31
         09:00  a  pay 1  → 2026-01-01T09:10:00, 09:00:00, 2026-01-01T09:05:00",
    );
}

#[test]
fn operands_of_every_kind_are_compared_counted_and_given_back() {
    check(
        "window minimum of rate by account, sliding 1h
         window maximum of items by account, sliding 1h
         window maximum of seen by account, sliding 1h
         window distinct of rate by account, sliding 1h
         window distinct of fresh by account, sliding 1h
         window latest of rate by account, sliding 1h
         window latest of seen by account, sliding 1h
         window latest of fresh by account, sliding 1h
         window mean of items by account, sliding 1h
         09:00  a  pay 1  rate=0.5 items=3 seen=2026-01-01T08:00:00Z fresh=true  → 0.5, 3, 08:00:00, 1, 1, 0.5, 08:00:00, true, 3
         09:01  a  pay 1  rate=-2 items=-9 seen=2025-01-01T08:00:00Z fresh=false  → -2, 3, 08:00:00, 2, 2, -2, 2025-01-01T08:00:00, false, -3
         09:02  a  pay 1  rate=0  → -2, 3, 08:00:00, 3, 2, 0, 2025-01-01T08:00:00, false, -3
         09:03  a  pay 1  rate=-0  → -2, 3, 08:00:00, 3, 2, 0, 2025-01-01T08:00:00, false, -3    # zero is one value",
    );
}

#[test]
fn sums_are_exact_beyond_64_bits() {
    check(
        "window sum of items by account, sliding 1h
         window mean of items by account, sliding 1h
         window deviation of items by account, sliding 1h
         09:00  a  pay 1  items=9223372036854775807  → 9223372036854775807, 9223372036854776000, 0
         09:01  a  pay 1  items=9223372036854775807  → 18446744073709551614, 9223372036854776000, 0
         09:02  a  pay 1  items=-9223372036854775808  → 9223372036854775806, 3074457345618258400, 8695878550221855000",
    );
}
