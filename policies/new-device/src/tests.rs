//! How old a known device and a known beneficiary are, what makes a takeover of
//! the two, and how many devices and accounts are too many.

use super::{Limits, Reason, Seen, new_device};
use sandgate_sdk::prelude::*;
use std::time::Duration;

const NOON: Instant = Instant::utc(2026, 1, 1, 12, 0, 0);
const LIMITS: Limits = Limits {
    device_known_after: 72,
    beneficiary_known_after: 24,
    first_device_is_new: false,
    high: decimal!(1000),
    devices_allowed: 4,
    accounts_allowed: 5,
};

/// A settled account that pays 10 on a device and to a beneficiary that it has
/// used for years.
fn settled() -> Seen {
    let years_ago = Some(Instant::utc(2025, 2, 1, 0, 0, 0));
    Seen {
        time: NOON,
        account_first_seen: Instant::utc(2025, 1, 1, 13, 0, 0),
        device_first_seen: years_ago,
        beneficiary_first_seen: years_ago,
        devices: 1,
        accounts: 1,
        moved: decimal!(10),
    }
}

fn ago(hours: u64) -> Option<Instant> {
    Some(NOON - Duration::from_secs(hours * 3_600))
}

fn codes(seen: &Seen, limits: &Limits) -> Vec<&'static str> {
    let mut hits: Hits<Reason> = Hits::new();
    new_device(seen, limits, &mut hits);
    hits.codes()
}

#[test]
fn a_settled_account_on_its_own_device_may_move_what_it_likes() {
    assert_eq!(codes(&settled(), &LIMITS), [""; 0]);
    let stranger = Seen { beneficiary_first_seen: Some(NOON), moved: decimal!(1000000), ..settled() };
    assert_eq!(codes(&stranger, &LIMITS), [""; 0]);
}

#[test]
fn a_takeover_is_a_new_device_a_new_beneficiary_and_a_high_amount() {
    const BOTH: [&str; 2] = ["NEW_BENEFICIARY_ON_NEW_DEVICE", "NEW_DEVICE"];
    const ALL: [&str; 3] = ["ACCOUNT_TAKEOVER", "NEW_BENEFICIARY_ON_NEW_DEVICE", "NEW_DEVICE"];
    let table: [(u64, u64, Decimal, &[&str]); 7] = [
        // hours since the device, since the beneficiary was first seen, and moved
        (0, 0, decimal!(1000), &BOTH),
        (0, 0, decimal!(1000.0001), &ALL),
        (71, 23, decimal!(5000), &ALL),
        (72, 0, decimal!(5000), &[]),
        (71, 24, decimal!(5000), &["NEW_DEVICE"]),
        (200, 200, decimal!(5000), &[]),
        (0, 0, decimal!(-5000), &BOTH),
    ];
    for (device, beneficiary, moved, expected) in table {
        let seen =
            Seen { device_first_seen: ago(device), beneficiary_first_seen: ago(beneficiary), moved, ..settled() };
        assert_eq!(codes(&seen, &LIMITS), expected, "{device} h, {beneficiary} h, {moved}");
    }
}

#[test]
fn a_millisecond_before_its_hours_a_device_is_still_new() {
    let known = ago(72).map(|at| at + Duration::from_millis(1));
    assert_eq!(codes(&Seen { device_first_seen: known, ..settled() }, &LIMITS), ["NEW_DEVICE"]);
    let never = Limits { device_known_after: 0, ..LIMITS };
    assert_eq!(codes(&Seen { device_first_seen: Some(NOON), ..settled() }, &never), [""; 0]);
}

#[test]
fn the_first_device_of_an_account_is_new_only_where_the_tenant_says_so() {
    let first = Seen {
        account_first_seen: NOON,
        device_first_seen: Some(NOON),
        beneficiary_first_seen: Some(NOON),
        moved: decimal!(1000.5),
        ..settled()
    };
    assert_eq!(codes(&first, &LIMITS), [""; 0]);
    let strict = Limits { first_device_is_new: true, ..LIMITS };
    assert_eq!(codes(&first, &strict), ["ACCOUNT_TAKEOVER", "NEW_BENEFICIARY_ON_NEW_DEVICE", "NEW_DEVICE"]);
}

#[test]
fn devices_and_accounts_are_counted_up_to_their_limits() {
    let table: [(u64, u64, &[&str]); 4] = [
        (4, 5, &[]),
        (5, 5, &["MANY_DEVICES"]),
        (4, 6, &["SHARED_DEVICE"]),
        (50, 60, &["MANY_DEVICES", "SHARED_DEVICE"]),
    ];
    let unlimited = Limits { devices_allowed: 0, accounts_allowed: 0, ..LIMITS };
    for (devices, accounts, expected) in table {
        let seen = Seen { devices, accounts, ..settled() };
        assert_eq!(codes(&seen, &LIMITS), expected, "{devices}, {accounts}");
        assert_eq!(codes(&seen, &unlimited), [""; 0]);
    }
}

#[test]
fn a_transaction_without_a_device_or_a_beneficiary_is_no_takeover() {
    let nameless = Seen {
        device_first_seen: None,
        beneficiary_first_seen: Some(NOON),
        accounts: 0,
        moved: decimal!(0),
        ..settled()
    };
    assert_eq!(codes(&nameless, &LIMITS), ["NO_DEVICE"]);
    let cash = Seen { beneficiary_first_seen: None, device_first_seen: Some(NOON), moved: decimal!(9000), ..settled() };
    assert_eq!(codes(&cash, &LIMITS), ["NEW_DEVICE"]);
}

#[test]
fn the_manifest_looks_at_an_account_and_its_device_together() {
    let manifest = new_device::MANIFEST;
    assert_eq!(manifest.matches(r#""by":["account","device"]"#).count(), 2, "{manifest}");
    assert!(!manifest.contains(r#""current":false"#), "{manifest}");
}
