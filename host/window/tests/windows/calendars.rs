//! Days, weeks, months and hours of places.

use crate::play::check;

#[test]
fn a_day_is_the_day_of_the_place() {
    check(
        "window count by account, day in Asia/Shanghai
         window count by account, day in UTC
         15:59:59.999  a  pay 1  → 1, 1    # a moment before midnight in Shanghai
         16:00         a  pay 1  → 1, 2
         23:59:59      a  pay 1  → 2, 3
         2026-01-02
         00:00         a  pay 1  → 3, 1
         15:59         a  pay 1  → 4, 2
         16:00         a  pay 1  → 1, 3",
    );
}

#[test]
fn a_day_that_loses_an_hour_has_23() {
    check(
        "window count by account, day in Europe/Berlin
         window count by account, hour in Europe/Berlin
         window count by account, sliding 24h
         2026-03-29
         00:00:00+01:00      a  pay 1  → 1, 1, 1
         01:59:59+01:00      a  pay 1  → 2, 1, 2
         03:00:00+02:00      a  pay 1  → 3, 1, 3    # the next second
         03:59:59+02:00      a  pay 1  → 4, 2, 4
         23:59:59.999+02:00  a  pay 1  → 5, 1, 5
         2026-03-30
         00:00:00+02:00      a  pay 1  → 1, 1, 6    # 23 hours after the first
         01:00:00+02:00      a  pay 1  → 2, 1, 6",
    );
}

#[test]
fn an_hour_that_is_there_twice_is_two() {
    check(
        "window count by account, day in Europe/Berlin
         window count by account, hour in Europe/Berlin
         2026-10-25
         00:00:00+02:00  a  pay 1  → 1, 1
         02:10:00+02:00  a  pay 1  → 2, 1
         02:50:00+02:00  a  pay 1  → 3, 2
         02:10:00+01:00  a  pay 1  → 4, 1    # ten minutes past two, again
         02:50:00+01:00  a  pay 1  → 5, 2
         02:55:00+02:00  a  pay 1  → 4, 3    # comes late, and belongs to the first
         03:00:00+01:00  a  pay 1  → 7, 1
         23:59:59+01:00  a  pay 1  → 8, 1    # 25 hours
         2026-10-26
         00:00:00+01:00  a  pay 1  → 1, 1",
    );
}

#[test]
fn a_change_by_half_an_hour_leaves_half_an_hour() {
    check(
        "window count by account, hour in Australia/Lord_Howe
         2026-04-05
         01:10:00+11:00  a  pay 1  → 1
         01:40:00+11:00  a  pay 1  → 2
         01:59:59+11:00  a  pay 1  → 3
         01:30:00+10:30  a  pay 1  → 1    # the clock goes back from two to half past one
         01:59:00+10:30  a  pay 1  → 2
         02:00:00+10:30  a  pay 1  → 1
         2026-10-04
         01:59:59+10:30  a  pay 1  → 1
         02:30:00+11:00  a  pay 1  → 1    # from two to half past two
         02:59:59+11:00  a  pay 1  → 2
         03:00:00+11:00  a  pay 1  → 1",
    );
}

#[test]
fn a_day_without_midnight_begins_when_the_clock_has_jumped() {
    check(
        "window count by account, day in Africa/Cairo
         2026-04-23
         23:59:59.999+02:00  a  pay 1  → 1
         2026-04-24
         01:00:00+03:00      a  pay 1  → 1    # there is no midnight on this Friday
         23:59:59+03:00      a  pay 1  → 2
         2026-04-25
         00:00:00+03:00      a  pay 1  → 1",
    );
}

#[test]
fn a_date_that_a_place_left_out_is_no_day() {
    check(
        "window count by account, day in Pacific/Apia
         2011-12-29
         23:59:59-10:00  a  pay 1  → 1
         2011-12-31
         00:00:00+14:00  a  pay 1  → 1    # a second later; Friday the 30th never was
         23:00:00+14:00  a  pay 1  → 2",
    );
}

#[test]
fn months_are_as_long_as_they_are() {
    check(
        "window count by account, month in UTC
         2026-01-31
         23:59:59.999  a  pay 1  → 1
         2026-02-01
         00:00:00      a  pay 1  → 1
         2026-02-28
         23:59:59      a  pay 1  → 2
         2026-03-01
         00:00:00      a  pay 1  → 1
         2026-12-31
         23:59:59      a  pay 1  → 1
         2027-01-01
         00:00:00      a  pay 1  → 1",
    );
}

#[test]
fn a_leap_day_is_a_day_of_february() {
    check(
        "window count by account, month in America/New_York
         window count by account, day in America/New_York
         2024-02-29
         00:00:00-05:00  a  pay 1  → 1, 1
         23:59:59-05:00  a  pay 1  → 2, 2
         2024-03-01
         00:00:00-05:00  a  pay 1  → 1, 1
         2100-02-28
         23:59:59-05:00  a  pay 1  → 1, 1
         2100-03-01
         00:00:00-05:00  a  pay 1  → 1, 1    # 2100 is no leap year",
    );
}

#[test]
fn a_week_begins_on_monday() {
    check(
        "window count by account, week in Europe/London
         2025-12-29
         00:00:00  a  pay 1  → 1    # a Monday, of the last week of 2025
         2026-01-04
         23:59:59  a  pay 1  → 2
         2026-01-05
         00:00:00  a  pay 1  → 1
         2026-03-29
         00:59:59  a  pay 1  → 1
         23:59:59+01:00  a  pay 1  → 2
         2026-03-30
         00:00:00+01:00  a  pay 1  → 1",
    );
}
