//! The process cache at made-up times.

use super::{Bounds, Cache};
use crate::Wanted;
use std::sync::Arc;
use std::time::Duration;

const BOUNDS: Bounds =
    Bounds { ttl: Duration::from_secs(60), stale: Duration::from_secs(300), present_max: 10_000, absent_max: 1_000 };

fn level(id: &str) -> Wanted<'_> {
    Wanted { entity: "account", attribute: "level", id }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn value(text: &str) -> Option<Arc<str>> {
    Some(Arc::from(text))
}

#[test]
fn an_answer_is_fresh_for_its_ttl_and_usable_until_it_is_too_stale() {
    // ttl, stale; then now, and whether it is fresh and whether it is usable
    let table = [
        (
            (60, 300),
            &[(0, true, true), (59, true, true), (60, false, true), (299, false, true), (300, false, false)][..],
        ),
        ((60, 0), &[(59, true, true), (60, false, false)]),
        ((0, 300), &[(0, false, true), (299, false, true)]),
        ((u64::MAX, 0), &[(1_000_000_000, true, true)]),
    ];
    for ((ttl, stale), times) in table {
        for answer in [value("1"), None] {
            let cache = Cache::new(Bounds { ttl: at(ttl), stale: at(stale), ..BOUNDS });
            cache.put(&level("a"), answer.clone(), at(0));
            for (now, fresh, usable) in times {
                assert_eq!(cache.get(&level("a"), at(*now)), fresh.then(|| answer.clone()), "{ttl} at {now}");
                assert_eq!(cache.get_old(&level("a"), at(*now)), usable.then(|| answer.clone()), "{stale} at {now}");
            }
        }
    }
}

#[test]
fn names_with_equal_letters_are_not_mixed_up() {
    let cache = Cache::new(BOUNDS);
    let names = [
        Wanted { entity: "known", attribute: "ab", id: "known" },
        Wanted { entity: "knowna", attribute: "b", id: "known" },
        Wanted { entity: "known", attribute: "abk", id: "nown" },
    ];
    cache.put(&names[0], value("first"), at(0));
    cache.put(&names[1], value("second"), at(0));
    assert_eq!(names.map(|name| cache.get(&name, at(1))), [Some(value("first")), Some(value("second")), None]);
}

#[test]
fn what_appears_and_what_goes_take_each_others_place() {
    let cache = Cache::new(BOUNDS);
    for (answer, length) in [(None, (0, 1)), (value("1"), (1, 0)), (value("2"), (1, 0)), (None, (0, 1))] {
        cache.put(&level("a"), answer.clone(), at(0));
        assert_eq!(cache.get(&level("a"), at(1)), Some(answer));
        assert_eq!(cache.len(), length);
    }
}

#[test]
fn what_has_changed_is_forgotten_and_is_not_even_stale() {
    let cache = Cache::new(BOUNDS);
    let names: Vec<String> = (0..100).map(|id| id.to_string()).collect();
    for name in &names {
        cache.put(&level(name), value(name), at(0));
    }
    for name in names.iter().step_by(3) {
        cache.forget(&level(name));
        cache.forget(&level(name));
    }
    for (index, name) in names.iter().enumerate() {
        let expected = (index % 3 != 0).then(|| value(name));
        assert_eq!(cache.get(&level(name), at(1)), expected);
        assert_eq!(cache.get_old(&level(name), at(1)), expected);
    }
    cache.clear();
    assert!(cache.is_empty());
    assert_eq!(cache.get_old(&level("1"), at(1)), None);
}

#[test]
fn no_more_entries_are_kept_than_allowed() {
    for most in [0, 1, 100, 4096, 10_000] {
        let cache = Cache::new(Bounds { present_max: most, absent_max: most, ..BOUNDS });
        for id in 0..20_000 {
            cache.put(&level(&format!("known {id}")), value("1"), at(0));
            cache.put(&level(&format!("unknown {id}")), None, at(0));
        }
        assert_eq!(cache.len(), (most, most));
    }
}

#[test]
fn a_storm_of_unknown_ids_pushes_nothing_known_out() {
    let cache = Cache::new(Bounds { present_max: 200, absent_max: 50, ..BOUNDS });
    let known: Vec<String> = (0..200).map(|id| format!("known {id}")).collect();
    known.iter().for_each(|id| cache.put(&level(id), value("1"), at(0)));
    for id in 0..20_000 {
        cache.put(&level(&format!("unknown {id}")), None, at(1));
    }
    assert!(known.iter().all(|id| cache.get(&level(id), at(2)).is_some()));
    assert_eq!(cache.len(), (200, 50));
}

#[test]
fn ids_that_are_asked_for_once_wear_out_their_own_entries() {
    let cache = Cache::new(Bounds { present_max: 1_000, ..BOUNDS });
    let used: Vec<String> = (0..200).map(|id| format!("used {id}")).collect();
    let mut again = 0;
    for storm in 0..50 {
        for id in &used {
            if cache.get(&level(id), at(storm)).is_none() {
                again += 1;
                cache.put(&level(id), value("1"), at(storm));
            }
        }
        for id in 0..400 {
            cache.put(&level(&format!("once {storm} {id}")), value("1"), at(storm));
        }
    }
    // 10,000 look-ups of those in use beside 20,000 others
    assert!(again < 1_000, "{again} were asked for again");
}
