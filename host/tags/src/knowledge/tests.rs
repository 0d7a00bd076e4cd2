//! What a change takes away, and what is trusted when.

use super::Knowledge;
use crate::Wanted;
use crate::between::Entry;
use crate::cache::Bounds;
use crate::database::{Changes, Name};
use crate::filter::Filter;
use std::sync::Arc;
use std::time::Duration;

fn knowledge() -> Knowledge {
    let ttl = Duration::from_secs(60);
    Knowledge::new(Bounds { ttl, stale: ttl, present_max: 100, absent_max: 100 }, Duration::from_millis(500))
}

fn level(id: &str) -> Wanted<'_> {
    Wanted { entity: "account", attribute: "level", id }
}

fn changes(ids: &[&str], all: bool) -> Changes {
    let name = |id: &&str| Name { entity: "account".into(), attribute: "level".into(), id: (*id).into() };
    Changes { names: ids.iter().map(name).collect(), all, after: 0, last: 1 }
}

/// Whether entries of Redis with these numbers are believed.
fn believed(knowledge: &Knowledge, entries: &[(&str, i64)], now: Duration) -> Vec<bool> {
    let names: Vec<Wanted<'_>> = entries.iter().map(|(id, _)| level(id)).collect();
    let entries: Vec<_> = entries.iter().map(|(_, number)| Some(Entry { number: *number, value: None })).collect();
    knowledge.believed(&names, &entries, now)
}

fn known(knowledge: &Knowledge, id: &str) -> bool {
    knowledge.cache.get(&level(id), knowledge.now()).is_some()
}

#[test]
fn a_named_change_takes_that_name_alone() {
    let knowledge = knowledge();
    let filter = Arc::new(Filter::new(100, 1_000));
    knowledge.set_filter(Some(Arc::clone(&filter)));
    for id in ["a", "b"] {
        knowledge.cache.put(&level(id), Some(Arc::from("1")), knowledge.now());
    }
    knowledge.take_in(&changes(&["a"], false), knowledge.now());
    assert_eq!((known(&knowledge, "a"), known(&knowledge, "b")), (false, true));
    let entries = [("a", 0), ("a", 1), ("a", 2), ("b", 0)];
    assert_eq!(believed(&knowledge, &entries, knowledge.now()), [false, true, true, true]);
    assert!(filter.may_know(&level("a")), "an id that came is known");
}

#[test]
fn a_change_of_everything_takes_all_of_it() {
    let knowledge = knowledge();
    knowledge.set_filter(Some(Arc::new(Filter::new(100, 1_000))));
    knowledge.cache.put(&level("a"), None, knowledge.now());
    knowledge.take_in(&changes(&[], true), knowledge.now());
    assert!(!known(&knowledge, "a"));
    assert!(knowledge.filter().is_none());
    assert_eq!(believed(&knowledge, &[("b", 0), ("b", 1)], knowledge.now()), [false, true]);
}

#[test]
fn an_entry_that_misses_a_change_is_never_believed_however_late_it_comes() {
    let knowledge = knowledge();
    knowledge.take_in(&changes(&["a"], false), knowledge.now());
    // the name is forgotten by then, and the floor has risen instead
    let late = knowledge.now() + Duration::from_secs(66);
    assert_eq!(believed(&knowledge, &[("a", 0), ("a", 1), ("b", 0), ("b", 1)], late), [false, true, false, true]);
    assert!(knowledge.changed().names.is_empty());
    assert_eq!(knowledge.number(), 1);
}

#[test]
fn what_changed_before_the_start_is_known_by_its_number() {
    let knowledge = knowledge();
    assert_eq!(believed(&knowledge, &[("a", 0)], knowledge.now()), [true], "nothing has been heard yet");
    knowledge.take_in(&Changes { after: 7, last: 7, ..Changes::default() }, knowledge.now());
    assert_eq!(believed(&knowledge, &[("a", 6), ("a", 7)], knowledge.now()), [false, true]);
}

#[test]
fn numbers_that_begin_anew_say_nothing_of_what_was_written_before() {
    let knowledge = knowledge();
    knowledge.take_in(&Changes { after: 70, last: 70, ..Changes::default() }, knowledge.now());
    knowledge.take_in(&Changes { all: true, after: 70, last: 3, ..Changes::default() }, knowledge.now());
    assert_eq!(believed(&knowledge, &[("a", 70), ("a", 3)], knowledge.now()), [false, false]);
    // by then what was written before has expired
    let late = knowledge.now() + Duration::from_secs(66);
    assert_eq!(believed(&knowledge, &[("a", 2), ("a", 3)], late), [false, true]);
}

#[test]
fn more_changes_than_are_remembered_raise_the_floor() {
    let knowledge = knowledge();
    for number in 1..=2_000 {
        let change = Changes { last: number, ..changes(&[&number.to_string()], false) };
        knowledge.take_in(&change, knowledge.now());
    }
    let entries = [("1", 0), ("x", 900), ("x", 1_000), ("1999", 1_998), ("1999", 1_999)];
    assert_eq!(believed(&knowledge, &entries, knowledge.now()), [false, false, true, false, true]);
    assert!(knowledge.changed().rising.len() <= super::RISING_MAX);
}

#[test]
fn a_no_is_trusted_only_while_the_feed_is_fresh() {
    let knowledge = knowledge();
    knowledge.set_filter(Some(Arc::new(Filter::new(100, 1_000))));
    assert!(knowledge.trusted_filter(knowledge.now()).is_none(), "nothing has been heard yet");
    let began = knowledge.now();
    knowledge.take_in(&changes(&[], false), began);
    assert!(knowledge.trusted_filter(began + Duration::from_millis(1_999)).is_some());
    assert!(knowledge.trusted_filter(began + Duration::from_millis(2_001)).is_none());
}
