//! Every reason at its edges, what is no piece, and limits that contradict each
//! other.

use super::{Limits, Reason, Seen, structuring};
use sandgate_sdk::prelude::*;

const LIMITS: Limits = Limits {
    limit: decimal!(10000),
    near: decimal!(9000),
    piece: decimal!(1000),
    near_allowed: 2,
    week_pieces_least: 4,
    payers_least: 3,
};

/// A single deposit of 5,000, as it is seen by itself.
const ONE: Seen = Seen {
    amount: decimal!(5000),
    day_sum: decimal!(5000),
    day_pieces: 1,
    week_sum: decimal!(5000),
    week_pieces: 1,
    near_limit: 0,
    received: decimal!(5000),
    payers: 1,
};

fn codes(seen: &Seen, limits: &Limits) -> Vec<&'static str> {
    let mut hits: Hits<Reason> = Hits::new();
    structuring(seen, limits, &mut hits);
    hits.codes()
}

#[test]
fn pieces_of_a_day_are_told_when_they_reach_the_limit() {
    let table: [(u64, Decimal, &[&str]); 5] = [
        (1, decimal!(5000), &[]),
        (2, decimal!(9999.9999), &[]),
        (2, decimal!(10000), &["SPLIT_DAY"]),
        (9, decimal!(10001), &["SPLIT_DAY"]),
        // impossible by the windows, and still no reason of one piece
        (1, decimal!(10000), &[]),
    ];
    for (day_pieces, day_sum, expected) in table {
        assert_eq!(codes(&Seen { day_pieces, day_sum, ..ONE }, &LIMITS), expected, "{day_pieces}, {day_sum}");
    }
}

#[test]
fn pieces_of_a_week_are_told_when_they_are_many_too() {
    let table: [(u64, Decimal, &[&str]); 4] = [
        (3, decimal!(29000), &[]),
        (4, decimal!(9999.9999), &[]),
        (4, decimal!(10000), &["SPLIT_WEEK"]),
        (40, decimal!(90000), &["SPLIT_WEEK"]),
    ];
    for (week_pieces, week_sum, expected) in table {
        assert_eq!(codes(&Seen { week_pieces, week_sum, ..ONE }, &LIMITS), expected, "{week_pieces}, {week_sum}");
    }
}

#[test]
fn just_under_the_limit_is_allowed_twice() {
    let table: [(Decimal, u64, &[&str]); 5] = [
        (decimal!(9500), 2, &[]),
        (decimal!(9500), 3, &["JUST_UNDER"]),
        (decimal!(9000), 3, &["JUST_UNDER"]),
        (decimal!(9999.9999), 3, &["JUST_UNDER"]),
        // another amount is not told for those before it
        (decimal!(8999.9999), 3, &[]),
    ];
    for (amount, near_limit, expected) in table {
        assert_eq!(codes(&Seen { amount, near_limit, ..ONE }, &LIMITS), expected, "{amount}, {near_limit}");
    }
}

#[test]
fn a_beneficiary_that_many_feed_in_pieces_is_told() {
    let table: [(u64, Decimal, &[&str]); 4] = [
        (2, decimal!(19000), &[]),
        (3, decimal!(9999.9999), &[]),
        (3, decimal!(10000), &["MANY_PAYERS"]),
        (30, decimal!(99000), &["MANY_PAYERS"]),
    ];
    for (payers, received, expected) in table {
        assert_eq!(codes(&Seen { payers, received, ..ONE }, &LIMITS), expected, "{payers}, {received}");
    }
}

#[test]
fn what_is_no_piece_is_not_told_for_those_before_it() {
    let before = Seen {
        day_sum: decimal!(19000),
        day_pieces: 2,
        week_sum: decimal!(90000),
        week_pieces: 9,
        near_limit: 9,
        received: decimal!(90000),
        payers: 9,
        ..ONE
    };
    for amount in [decimal!(-5000), decimal!(4.2), decimal!(999.9999), decimal!(10000), decimal!(250000)] {
        assert_eq!(codes(&Seen { amount, ..before }, &LIMITS), [""; 0], "{amount}");
    }
    let amount = decimal!(9000);
    assert_eq!(codes(&Seen { amount, ..before }, &LIMITS), ["SPLIT_DAY", "SPLIT_WEEK", "JUST_UNDER", "MANY_PAYERS"]);
}

#[test]
fn limits_that_contradict_each_other_let_nothing_through() {
    let table = [
        Limits { piece: decimal!(9000.01), ..LIMITS },
        Limits { near: decimal!(10000), ..LIMITS },
        Limits { limit: decimal!(9000), ..LIMITS },
    ];
    for limits in table {
        assert_eq!(codes(&ONE, &limits), ["LIMITS_CONTRADICT"]);
    }
    assert_eq!(codes(&ONE, &Limits { piece: decimal!(9000), ..LIMITS }), [""; 0]);
}

#[test]
fn the_manifest_counts_by_the_tenants_own_limits() {
    let manifest = structuring::MANIFEST;
    assert_eq!(manifest.matches(r#""below_parameter":"limit""#).count(), 7, "{manifest}");
    assert_eq!(manifest.matches(r#""at_least_parameter":"piece""#).count(), 6, "{manifest}");
    assert_eq!(manifest.matches(r#""at_least_parameter":"near""#).count(), 1, "{manifest}");
}
