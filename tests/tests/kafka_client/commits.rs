//! Messages and offsets together, or not at all.

use crate::{LIMIT, clients, joined, never};
use sandgate_stream::kafka::{Cluster, CommitProducer, Failed, Message, Position};
use sandgate_tests::servers::topic::{Record, Topic};
use sandgate_tests::servers::unique;
use std::time::{Duration, Instant};

fn message<'a>(topic: &'a Topic, payload: &'a [u8]) -> Message<'a> {
    const HEADERS: &[(&str, &[u8])] = &[("decision-id", b"payments/0/0")];
    Message { topic: topic.name(), partition: None, key: Some(b"account7"), payload, headers: HEADERS, mark: 0 }
}

#[test]
fn a_commit_is_seen_with_its_offsets_and_an_aborted_one_never_was() {
    let (source, sink) = (Topic::new("source", 1), Topic::new("sink", 1));
    source.send([Record::new("account7", "{}")]);
    let clients = clients();
    let (group, _) = joined(&clients, source.name(), 1);
    let producer = CommitProducer::new(&clients, &unique("producer")).unwrap();
    producer.init(LIMIT).unwrap();
    let at = |offset| [Position { topic: source.name().to_owned(), partition: 0, offset }];
    let cluster = Cluster::find(&clients, LIMIT, &never()).unwrap();
    assert_eq!(cluster.committed(&[(source.name(), 0)], LIMIT).unwrap(), [None]);

    producer.begin().unwrap();
    producer.send(&message(&sink, b"kept")).unwrap();
    producer.offsets(&at(1), &group.metadata().unwrap()).unwrap();
    producer.commit().unwrap();
    producer.begin().unwrap();
    producer.send(&message(&sink, b"dropped")).unwrap();
    producer.offsets(&at(7), &group.metadata().unwrap()).unwrap();
    producer.abort().unwrap();

    let records = sink.records();
    assert_eq!(records.iter().map(Record::text).collect::<Vec<_>>(), ["kept"]);
    assert_eq!(records[0].header("decision-id").as_deref(), Some("payments/0/0"));
    assert_eq!(records[0].key.as_deref(), Some(&b"account7"[..]));
    assert_eq!(cluster.committed(&[(source.name(), 0)], LIMIT).unwrap(), [Some(1)]);
    assert!(group.leave(true, LIMIT));
}

#[test]
fn who_takes_a_name_fences_whoever_had_it() {
    let sink = Topic::new("sink", 1);
    let (clients, id) = (clients(), unique("producer"));
    let first = CommitProducer::new(&clients, &id).unwrap();
    first.init(LIMIT).unwrap();
    first.begin().unwrap();
    first.send(&message(&sink, b"of the first")).unwrap();
    let second = CommitProducer::new(&clients, &id).unwrap();
    second.init(LIMIT).unwrap();
    let failure = first.commit().unwrap_err();
    assert!(failure.failed != Failed::Abortable && failure.fenced, "{failure:?}");
    assert!(failure.to_string().contains("another host has this one's name"), "{failure}");
    second.begin().unwrap();
    second.send(&message(&sink, b"of the second")).unwrap();
    second.commit().unwrap();
    assert_eq!(sink.records().iter().map(Record::text).collect::<Vec<_>>(), ["of the second"]);
}

#[test]
fn a_commit_does_not_wait_for_the_clock_of_the_crate() {
    let sink = Topic::new("sink", 1);
    let producer = CommitProducer::new(&clients(), &unique("producer")).unwrap();
    producer.init(LIMIT).unwrap();
    let quickest = (0..20).map(|_| {
        producer.begin().unwrap();
        producer.send(&message(&sink, b"{}")).unwrap();
        let begin = Instant::now();
        producer.commit().unwrap();
        begin.elapsed()
    });
    let quickest = quickest.min().unwrap();
    // the crate's own takes 100 ms wherever a message is on its way
    assert!(quickest < Duration::from_millis(90), "{quickest:?}");
}

#[test]
fn a_message_that_is_too_large_fails_its_commit_and_not_the_next() {
    let sink = Topic::new("sink", 1);
    let producer = CommitProducer::new(&clients(), &unique("producer")).unwrap();
    producer.init(LIMIT).unwrap();
    producer.begin().unwrap();
    producer.send(&message(&sink, b"before")).unwrap();
    let failure = producer.send(&message(&sink, &vec![b' '; 1_000_001])).unwrap_err();
    assert_eq!(failure.failed, Failed::Abortable, "{failure}");
    assert!(failure.what.contains(sink.name()) && failure.what.contains("1000001 bytes"), "{failure}");
    producer.abort().unwrap();
    producer.begin().unwrap();
    producer.send(&message(&sink, b"after")).unwrap();
    producer.commit().unwrap();
    assert_eq!(sink.records().iter().map(Record::text).collect::<Vec<_>>(), ["after"]);
}

#[test]
fn a_message_that_a_topic_does_not_take_is_told_with_its_topic() {
    let brokers = sandgate_tests::servers::kafka();
    let small = Topic::on(brokers, &unique("small"), 1, &[("max.message.bytes", "1000")]);
    let producer = CommitProducer::new(&clients(), &unique("producer")).unwrap();
    producer.init(LIMIT).unwrap();
    producer.begin().unwrap();
    producer.send(&message(&small, &[b' '; 2_000])).unwrap();
    let failure = producer.commit().unwrap_err();
    assert_eq!(failure.failed, Failed::Abortable, "{failure}");
    assert!(failure.what.contains(small.name()), "{failure}");
    producer.abort().unwrap();
}

#[test]
fn a_host_that_has_left_commits_nothing() {
    let (source, sink) = (Topic::new("source", 1), Topic::new("sink", 1));
    let clients = clients();
    let (group, _) = joined(&clients, source.name(), 1);
    let producer = CommitProducer::new(&clients, &unique("producer")).unwrap();
    producer.init(LIMIT).unwrap();
    let stale = group.metadata().unwrap();
    assert!(group.leave(true, LIMIT));
    producer.begin().unwrap();
    producer.send(&message(&sink, b"too late")).unwrap();
    let at = [Position { topic: source.name().to_owned(), partition: 0, offset: 1 }];
    let failure = producer.offsets(&at, &stale).unwrap_err();
    assert_eq!(failure.failed, Failed::Abortable, "{failure}");
    producer.abort().unwrap();
    assert!(sink.records().is_empty());
}
