//! What is there, what is wrong with it, and what can be made.

use crate::{LIMIT, clients, never};
use sandgate_stream::kafka::{
    Cluster, CommitProducer, Ends, From, Message, Position, Severity, SourceTopic, Tail, Topics, Writer, WrongKey,
};
use sandgate_tests::servers::topic::{Record, Topic};
use sandgate_tests::servers::{kafka, unique};
use std::time::Duration;

/// The topics of a host that judges one source and observes another.
fn topics() -> Topics {
    let source = |name: &str, observe| SourceTopic {
        source: name.to_owned(),
        topic: unique(name),
        key: 0,
        wrong_key: WrongKey::DeadLetter,
        observe,
        size_max: 64 << 10,
    };
    Topics {
        sources: vec![source("payments", false), source("labels", true)],
        decisions: unique("decisions"),
        dead_letters: unique("dead-letters"),
        changelog: unique("changelog"),
    }
}

fn cluster() -> Cluster {
    Cluster::find(&clients(), LIMIT, &never()).unwrap()
}

#[test]
fn what_is_missing_is_told_made_and_then_right() {
    let (cluster, topics) = (cluster(), topics());
    assert!(cluster.id().is_some_and(|id| !id.is_empty()));
    let missing = topics.examine(&cluster.states(&topics, LIMIT).unwrap());
    assert_eq!(missing.len(), 5, "{missing:?}");
    assert!(missing.iter().all(|found| found.to_string().contains("`sandgate topics --create` makes it")));
    cluster.create(&topics.wanted(3), Some(1), LIMIT).unwrap();
    // a second time it is as it was
    cluster.create(&topics.wanted(3), Some(1), LIMIT).unwrap();
    let states = cluster.states(&topics, LIMIT).unwrap();
    assert!(states.iter().all(|state| state.partitions == 3 && state.copies == 1), "{states:?}");
    assert_eq!(topics.examine(&states), []);
}

#[test]
fn what_is_wrong_with_topics_is_told_all_at_once() {
    let (cluster, topics) = (cluster(), topics());
    let (payments, labels) = (&topics.sources[0].topic, &topics.sources[1].topic);
    Topic::on(kafka(), payments, 4, &[]);
    Topic::on(kafka(), labels, 3, &[("cleanup.policy", "compact")]);
    Topic::on(kafka(), &topics.decisions, 2, &[("max.message.bytes", "10000")]);
    Topic::on(kafka(), &topics.dead_letters, 1, &[]);
    Topic::on(kafka(), &topics.changelog, 5, &[("cleanup.policy", "compact,delete"), ("retention.ms", "1000")]);
    let found = topics.examine(&cluster.states(&topics, LIMIT).unwrap());
    let told: Vec<String> = found.iter().map(|found| format!("{:?} {found}", found.severity)).collect();
    let has = |severity: Severity, topic: &str, what: &str| {
        let all = found.iter().filter(|found| found.severity == severity && found.topic == topic);
        assert!(all.clone().any(|found| found.what.contains(what)), "{topic}: {what}\n{told:#?}");
    };
    has(Severity::Problem, labels, "has 3 partitions");
    has(Severity::Problem, &topics.changelog, "has 5 partitions");
    has(Severity::Problem, &topics.changelog, "set cleanup.policy=delete");
    has(Severity::Problem, &topics.changelog, "set retention.ms=-1");
    has(Severity::Problem, &topics.decisions, "set max.message.bytes=1000000");
    has(Severity::Note, &topics.decisions, "has 2 partitions, fewer than the 4");
    has(Severity::Note, labels, "is compacted");
    assert_eq!(found.len(), 7, "{told:#?}");
}

#[test]
fn the_ends_of_a_partition_tell_what_is_open() {
    let (cluster, topic) = (cluster(), Topic::new("changelog", 1));
    topic.send((0..3).map(|at| Record::new("key", at.to_string())));
    let ends = || cluster.ends(topic.name(), 0, LIMIT).unwrap();
    assert_eq!(ends(), Ends { low: 0, stable: 3, high: 3 });
    let producer = CommitProducer::new(&clients(), &unique("producer")).unwrap();
    producer.init(LIMIT).unwrap();
    producer.begin().unwrap();
    let message =
        Message { topic: topic.name(), partition: Some(0), key: None, payload: b"open", headers: &[], mark: 0 };
    producer.send(&message).unwrap();
    sandgate_tests::servers::eventually("the message arrives", LIMIT, || ends().high == 4);
    assert_eq!(ends(), Ends { low: 0, stable: 3, high: 4 });
    producer.commit().unwrap();
    // behind it stands the mark of its commit
    sandgate_tests::servers::eventually("the commit is seen", LIMIT, || ends().stable == 5);
    let before = Position { topic: topic.name().to_owned(), partition: 0, offset: 2 };
    cluster.delete_before(&[before], LIMIT).unwrap();
    assert_eq!(ends().low, 2);
}

#[test]
fn a_tail_reads_all_that_was_there_and_what_comes() {
    let (cluster, topic) = (cluster(), Topic::new("decisions", 3));
    let clients = clients();
    let mut writer = Writer::new(&clients).unwrap();
    let payloads: Vec<String> = (0..30).map(|at| at.to_string()).collect();
    let mut send = |payload: &str, headers: &[(&str, &[u8])]| {
        let (key, payload) = (Some(payload.as_bytes()), payload.as_bytes());
        writer.send(&Message { topic: topic.name(), partition: None, key, payload, headers, mark: 0 }).unwrap();
        writer.finish().unwrap();
    };
    payloads.iter().for_each(|payload| send(payload, &[]));
    let mut all = Tail::open(&clients, &cluster, topic.name(), From::Beginning, LIMIT).unwrap();
    let mut news = Tail::open(&clients, &cluster, topic.name(), From::Now, LIMIT).unwrap();
    let mut read = Vec::new();
    while !all.ended() {
        read.extend(all.next(Duration::from_millis(50)).unwrap());
    }
    let mut texts: Vec<String> = read.iter().map(|told| String::from_utf8(told.payload.clone()).unwrap()).collect();
    texts.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(texts, payloads);
    send("new", &[("correlation-id", b"c")]);
    let told = (0..1_000).find_map(|_| news.next(Duration::from_millis(20)).unwrap()).unwrap();
    assert_eq!((told.payload, told.key), (b"new".to_vec(), Some(b"new".to_vec())));
    assert_eq!(told.headers, [("correlation-id".to_owned(), b"c".to_vec())]);
    let absent = Tail::open(&clients, &cluster, &unique("absent"), From::Now, LIMIT).map(drop).unwrap_err();
    assert!(absent.to_string().starts_with("there is no topic absent-"), "{absent}");
}
