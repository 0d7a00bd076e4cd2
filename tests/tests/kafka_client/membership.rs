//! Who owns which partitions.

use crate::{LIMIT, joined, member};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use sandgate_stream::kafka::{Group, Ownership, Purpose};
use sandgate_tests::servers::topic::{Record, Topic};
use sandgate_tests::servers::{eventually, unique};
use std::sync::Arc;
use std::time::Duration;

/// What a rebalance may take.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn two_hosts_share_the_partitions_and_one_that_leaves_gives_them_back() {
    let topic = Topic::new("leading", 4);
    topic.send((0..40).map(|at| Record::new(&format!("account{at}"), "{}")));
    let name = unique("group");
    let (first, of_first) = joined(&member(&name, None), topic.name(), 4);
    let (second, of_second) = joined(&member(&name, None), topic.name(), 2);
    eventually("the first gives up two", SOON, || of_first.now().len() == 2);
    let mut all = [of_first.now(), of_second.now()].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
    assert!(of_first.told("revoked") && !of_first.told("lost"), "{:?}", of_first.told.lock().unwrap());
    assert!(second.metadata().is_ok());
    assert!(second.leave(true, LIMIT));
    assert!(of_second.now().is_empty() && of_second.told("revoked"));
    eventually("the first has all again", SOON, || of_first.now().len() == 4);
    assert!(first.leave(true, LIMIT));
}

#[test]
fn a_host_with_a_stable_name_comes_back_to_its_partitions() {
    let topic = Topic::new("leading", 4);
    let name = unique("group");
    let (first, of_first) = joined(&member(&name, Some("first")), topic.name(), 4);
    let (second, of_second) = joined(&member(&name, Some("second")), topic.name(), 2);
    eventually("the first gives up two", SOON, || of_first.now().len() == 2);
    let (held, others) = (of_second.now(), of_first.now());
    assert!(second.leave(false, LIMIT));
    let (second, of_second) = joined(&member(&name, Some("second")), topic.name(), 2);
    assert_eq!((of_second.now(), of_first.now()), (held, others));
    assert!(second.leave(true, LIMIT) && first.leave(true, LIMIT));
}

#[test]
fn of_two_hosts_with_one_name_the_first_is_told_and_stops() {
    let topic = Topic::new("leading", 1);
    let name = unique("group");
    let (_first, of_first) = joined(&member(&name, Some("twin")), topic.name(), 1);
    let second = Arc::new(crate::Owned::default());
    let clients = member(&name, Some("twin"));
    let _second = Group::join(&clients, topic.name(), Arc::clone(&second) as Arc<dyn Ownership>).unwrap();
    // each takes its place back once; who came first is the first to lose it twice
    eventually("the first is expelled", SOON, || of_first.told("expelled: another host came with the instance `twin`"));
    eventually("the second has its place", SOON, || second.now().len() == 1);
    assert!(!second.told("expelled"));
}

#[test]
fn a_host_that_loses_its_place_to_itself_joins_again() {
    let topic = Topic::new("leading", 2);
    let name = unique("group");
    let clients = member(&name, Some("only"));
    let (group, owned) = joined(&clients, topic.name(), 2);
    // as the library does it after a silence of the broker: the same process asks twice
    let again: BaseConsumer = clients.settings(Purpose::Member).create().unwrap();
    again.subscribe(&[topic.name()]).unwrap();
    eventually("the host loses its place", SOON, || {
        let _ = again.poll(Duration::from_millis(10));
        owned.told("lost")
    });
    eventually("the host has its partitions again", SOON, || {
        let _ = again.poll(Duration::from_millis(10));
        owned.now().len() == 2
    });
    assert!(!owned.told("expelled"), "{:?}", owned.told.lock().unwrap());
    assert!(group.metadata().is_ok());
    assert!(group.leave(true, LIMIT));
}
