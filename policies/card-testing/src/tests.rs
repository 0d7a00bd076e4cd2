//! Every reason at its edges, what is neither tiny nor large, and what 0 means.

use super::{Limits, Reason, Seen, card_testing};
use sandgate_sdk::prelude::*;

const LIMITS: Limits = Limits {
    tiny: decimal!(2),
    large: decimal!(100),
    tiny_per_hour: 3,
    tiny_before_large: 3,
    cards_per_device: 2,
    cards_per_merchant: 9,
};

/// A tiny amount, by itself.
const ONE: Seen = Seen { amount: decimal!(1), tiny_hour: 1, tiny_day: 1, device_cards: 1, merchant_cards: 1 };
/// As much trying as there can be.
const TRIED: Seen = Seen { tiny_hour: 40, tiny_day: 60, device_cards: 30, merchant_cards: 50, ..ONE };

fn codes(seen: &Seen, limits: &Limits) -> Vec<&'static str> {
    let mut hits: Hits<Reason> = Hits::new();
    card_testing(seen, limits, &mut hits);
    hits.codes()
}

#[test]
fn a_large_amount_is_stopped_after_enough_tiny_ones() {
    let table: [(Decimal, u64, &[&str]); 5] = [
        (decimal!(100), 2, &[]),
        (decimal!(100), 3, &["CASH_OUT"]),
        (decimal!(99.9999), 3, &[]),
        (decimal!(5000), 0, &[]),
        (decimal!(5000), 60, &["CASH_OUT"]),
    ];
    for (amount, tiny_day, expected) in table {
        assert_eq!(codes(&Seen { amount, tiny_day, ..ONE }, &LIMITS), expected, "{amount} after {tiny_day}");
    }
}

#[test]
fn what_is_within_its_limit_is_no_trying() {
    assert_eq!(codes(&ONE, &LIMITS), [""; 0]);
    let most = Seen { tiny_hour: 3, device_cards: 2, merchant_cards: 9, ..ONE };
    assert_eq!(codes(&most, &LIMITS), [""; 0]);
    assert_eq!(codes(&Seen { tiny_hour: 4, ..most }, &LIMITS), ["CARD_TRIED"]);
    assert_eq!(codes(&Seen { device_cards: 3, ..most }, &LIMITS), ["DEVICE_TRIES_CARDS"]);
    assert_eq!(codes(&Seen { merchant_cards: 10, ..most }, &LIMITS), ["MERCHANT_TRIES_CARDS"]);
    assert_eq!(codes(&TRIED, &LIMITS), ["CARD_TRIED", "DEVICE_TRIES_CARDS", "MERCHANT_TRIES_CARDS"]);
}

#[test]
fn only_a_tiny_amount_tries() {
    for amount in [decimal!(-0.01), decimal!(-1), decimal!(2), decimal!(50), decimal!(99.99)] {
        assert_eq!(codes(&Seen { amount, ..TRIED }, &LIMITS), [""; 0], "{amount}");
    }
    for amount in [decimal!(1.9999), decimal!(0)] {
        assert_eq!(codes(&Seen { amount, ..TRIED }, &LIMITS).len(), 3, "{amount}");
    }
}

#[test]
fn any_number_of_cards_is_allowed_where_the_limit_is_zero() {
    let unlimited = Limits { cards_per_device: 0, cards_per_merchant: 0, ..LIMITS };
    assert_eq!(codes(&TRIED, &unlimited), ["CARD_TRIED"]);
    let none = Limits { tiny_per_hour: 0, ..LIMITS };
    assert_eq!(codes(&ONE, &none), ["CARD_TRIED"], "of tiny amounts 0 means none");
}

#[test]
fn limits_that_contradict_each_other_let_nothing_through() {
    let contradicting = Limits { tiny: decimal!(100.01), ..LIMITS };
    assert_eq!(codes(&ONE, &contradicting), ["LIMITS_CONTRADICT"]);
    assert_eq!(codes(&ONE, &Limits { tiny: decimal!(100), ..LIMITS }), [""; 0]);
}

#[test]
fn the_manifest_counts_what_the_tenant_calls_tiny() {
    assert_eq!(card_testing::MANIFEST.matches(r#""below_parameter":"tiny""#).count(), 4);
    assert_eq!(card_testing::MANIFEST.matches(r#""at_least":0"#).count(), 4, "and what is given back is not");
}
