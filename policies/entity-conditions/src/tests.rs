//! Every condition in every role, at its end, beside the others, and unreadable.

use super::{Direction, Reason, Rules, Seen, entity_conditions};
use sandgate_sdk::prelude::*;
use std::time::Duration;

const NOON: Instant = Instant::utc(2026, 1, 1, 12, 0, 0);
const ONE_IS_ENOUGH: Rules = Rules { one_exemption_is_enough: true };
const EACH_FOR_ITSELF: Rules = Rules { one_exemption_is_enough: false };

const NOTHING: Seen<'static> = Seen {
    debtor: "d",
    creditor: "c",
    time: NOON,
    debtor_hard_block: None,
    debtor_hard_block_until: None,
    debtor_exemption: None,
    debtor_exemption_until: None,
    debtor_block: None,
    debtor_block_until: None,
    creditor_hard_block: None,
    creditor_hard_block_until: None,
    creditor_exemption: None,
    creditor_exemption_until: None,
    creditor_block: None,
    creditor_block_until: None,
};

/// One condition of one party, with its end.
type Set = fn(&mut Seen<'static>, Option<Direction>, Option<Instant>);

/// Each condition with the role that it is looked at in, and its reason.
const CONDITIONS: [(Set, Direction, &str); 6] = [
    (
        |seen, direction, until| (seen.debtor_hard_block, seen.debtor_hard_block_until) = (direction, until),
        Direction::Debtor,
        "DEBTOR_HARD_BLOCKED",
    ),
    (
        |seen, direction, until| (seen.creditor_hard_block, seen.creditor_hard_block_until) = (direction, until),
        Direction::Creditor,
        "CREDITOR_HARD_BLOCKED",
    ),
    (
        |seen, direction, until| (seen.debtor_exemption, seen.debtor_exemption_until) = (direction, until),
        Direction::Debtor,
        "DEBTOR_EXEMPT",
    ),
    (
        |seen, direction, until| (seen.creditor_exemption, seen.creditor_exemption_until) = (direction, until),
        Direction::Creditor,
        "CREDITOR_EXEMPT",
    ),
    (
        |seen, direction, until| (seen.debtor_block, seen.debtor_block_until) = (direction, until),
        Direction::Debtor,
        "DEBTOR_BLOCKED",
    ),
    (
        |seen, direction, until| (seen.creditor_block, seen.creditor_block_until) = (direction, until),
        Direction::Creditor,
        "CREDITOR_BLOCKED",
    ),
];

fn codes(seen: &Seen, rules: &Rules) -> Vec<&'static str> {
    let mut hits: Hits<Reason> = Hits::new();
    entity_conditions(seen, rules, &mut hits);
    hits.codes()
}

#[test]
fn a_condition_holds_in_its_own_role_only() {
    assert_eq!(codes(&NOTHING, &ONE_IS_ENOUGH), [""; 0]);
    for (set, role, code) in CONDITIONS {
        for direction in [Direction::Debtor, Direction::Creditor, Direction::Both, Direction::None] {
            let mut seen = NOTHING;
            set(&mut seen, Some(direction), None);
            let expected: &[&str] = if direction == role || direction == Direction::Both { &[code] } else { &[] };
            assert_eq!(codes(&seen, &ONE_IS_ENOUGH), expected, "{code} as {direction:?}");
        }
    }
}

#[test]
fn a_condition_is_over_at_its_end() {
    for (set, role, code) in CONDITIONS {
        for (until, expected) in [(NOON + Duration::from_millis(1), &[code][..]), (NOON, &[])] {
            let mut seen = NOTHING;
            set(&mut seen, Some(role), Some(until));
            assert_eq!(codes(&seen, &ONE_IS_ENOUGH), expected, "{code} until {until:?}");
        }
    }
}

#[test]
fn an_end_without_a_condition_is_nothing() {
    for (set, _, code) in CONDITIONS {
        let mut seen = NOTHING;
        set(&mut seen, None, Some(NOON + Duration::from_secs(1)));
        assert_eq!(codes(&seen, &ONE_IS_ENOUGH), [""; 0], "{code}");
    }
}

#[test]
fn a_word_that_cannot_be_read_blocks_for_good_until_it_is_over() {
    for (set, _, code) in CONDITIONS {
        let mut seen = NOTHING;
        set(&mut seen, Some(Direction::Unreadable), None);
        assert_eq!(codes(&seen, &ONE_IS_ENOUGH), ["CONDITION_UNREADABLE"], "{code}");
        set(&mut seen, Some(Direction::Unreadable), Some(NOON));
        assert_eq!(codes(&seen, &ONE_IS_ENOUGH), [""; 0], "{code}");
    }
}

#[test]
fn everything_that_holds_is_told_and_the_host_weighs_it() {
    let mut seen = NOTHING;
    for (set, ..) in CONDITIONS {
        set(&mut seen, Some(Direction::Both), None);
    }
    assert_eq!(codes(&seen, &ONE_IS_ENOUGH), CONDITIONS.map(|(.., code)| code));
    assert_eq!(codes(&seen, &EACH_FOR_ITSELF), CONDITIONS.map(|(.., code)| code), "each lifts its own block");
}

#[test]
fn whether_one_exemption_lifts_the_other_partys_block_is_for_the_tenant_to_say() {
    let both = Some(Direction::Both);
    let table: [(Seen, &[&str], &[&str]); 5] = [
        (
            Seen { debtor_exemption: both, creditor_block: both, ..NOTHING },
            &["DEBTOR_EXEMPT", "CREDITOR_BLOCKED"],
            &["EXEMPTION_NOT_ENOUGH", "CREDITOR_BLOCKED"],
        ),
        (
            Seen { creditor_exemption: both, debtor_block: both, ..NOTHING },
            &["CREDITOR_EXEMPT", "DEBTOR_BLOCKED"],
            &["EXEMPTION_NOT_ENOUGH", "DEBTOR_BLOCKED"],
        ),
        (
            Seen { debtor_exemption: both, debtor_block: both, ..NOTHING },
            &["DEBTOR_EXEMPT", "DEBTOR_BLOCKED"],
            &["DEBTOR_EXEMPT", "DEBTOR_BLOCKED"],
        ),
        (Seen { debtor_exemption: both, ..NOTHING }, &["DEBTOR_EXEMPT"], &["DEBTOR_EXEMPT"]),
        (
            Seen { debtor_exemption: both, debtor_block: both, creditor_block: both, ..NOTHING },
            &["DEBTOR_EXEMPT", "DEBTOR_BLOCKED", "CREDITOR_BLOCKED"],
            &["EXEMPTION_NOT_ENOUGH", "DEBTOR_BLOCKED", "CREDITOR_BLOCKED"],
        ),
    ];
    for (seen, enough, each) in table {
        assert_eq!(codes(&seen, &ONE_IS_ENOUGH), enough);
        assert_eq!(codes(&seen, &EACH_FOR_ITSELF), each);
    }
}

#[test]
fn the_manifest_asks_for_both_parties_and_blocks_finally() {
    let manifest = entity_conditions::MANIFEST;
    for by in ["debtor", "creditor"] {
        assert_eq!(manifest.matches(&format!(r#""entity":"party","by":"{by}""#)).count(), 6, "{manifest}");
    }
    assert_eq!(manifest.matches(r#""final":true"#).count(), 3, "{manifest}");
}
