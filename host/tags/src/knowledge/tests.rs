//! What a change takes away, and what is trusted when.

use super::Knowledge;
use crate::Wanted;
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
    Changes { names: ids.iter().map(name).collect(), all, last: 1 }
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
    let now = knowledge.now();
    assert!(knowledge.may_be_old_in_redis(&level("a"), now) && !knowledge.may_be_old_in_redis(&level("b"), now));
    assert!(!knowledge.may_be_old_in_redis(&level("a"), now + Duration::from_secs(66)));
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
    assert!(knowledge.may_be_old_in_redis(&level("b"), knowledge.now()));
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
