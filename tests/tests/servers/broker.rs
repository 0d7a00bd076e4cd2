//! Topics and groups of the shared broker.

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use sandgate_tests::servers::group::Group;
use sandgate_tests::servers::topic::{Record, Topic};
use sandgate_tests::servers::{PATIENCE, eventually, kafka, unique};
use std::collections::BTreeMap;

#[test]
fn record_comes_back_as_it_was_sent() {
    let topic = Topic::new("payments", 3);
    let sent =
        Record::new("A", "{\"n\": 1}").into_partition(2).with_header("correlation-id", "c-1").at(1_774_735_200_123);
    let tombstone = Record { key: Some(b"A".to_vec()), partition: Some(2), ..Record::default() };
    topic.send([sent.clone(), tombstone]);

    let read = topic.records();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0], Record { offset: 0, ..sent });
    assert_eq!(read[0].header("correlation-id").as_deref(), Some("c-1"));
    assert_eq!(read[0].json()["n"], 1);
    assert_eq!((read[1].value.as_deref(), read[1].offset, read[1].partition), (None, 1, Some(2)));
    assert_eq!((topic.end(0), topic.end(2)), (0, 2));
}

#[test]
fn same_key_is_in_one_partition() {
    let topic = Topic::new("payments", 4);
    topic.send((0..200).map(|n| Record::new(&format!("account-{}", n % 10), n.to_string())));
    let records = topic.records();
    assert_eq!(records.len(), 200);
    let mut partitions = BTreeMap::new();
    for record in &records {
        let partition = partitions.entry(record.key.clone()).or_insert(record.partition);
        assert_eq!(*partition, record.partition, "{:?}", record.key);
    }
    let keys_apart: std::collections::BTreeSet<_> = partitions.values().collect();
    assert!(keys_apart.len() > 1, "{partitions:?}");
}

#[test]
fn removed_records_are_not_read() {
    let topic = Topic::new("payments", 1);
    topic.send((0..5).map(|n| Record::new("A", n.to_string())));
    topic.delete_before(0, 3);
    let read: Vec<_> = topic.records().iter().map(Record::text).collect();
    assert_eq!(read, ["3", "4"]);
}

#[test]
fn reader_waits_for_what_comes_later() {
    let topic = Topic::new("payments", 1);
    let mut reader = topic.reader();
    reader.read_to_end();
    assert!(reader.records.is_empty());
    topic.send([Record::new("A", "1")]);
    reader.read_until("the record", PATIENCE, |records| records.len() == 1);
    for count in [2, 3] {
        topic.send([Record::new("A", count.to_string())]);
        reader.read_to_end();
        assert_eq!(reader.records.len(), count);
        // again, where nothing has come
        reader.read_to_end();
        assert_eq!(reader.records.len(), count);
    }
}

/// A producer that commits records together with offsets of a group.
fn committing(id: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("transactional.id", id)
        .set("linger.ms", "0")
        .create()
        .unwrap_or_else(|error| panic!("{error}"));
    producer.init_transactions(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    producer
}

fn put(producer: &BaseProducer, topic: &Topic, value: &str) {
    let record = BaseRecord::<str, str>::to(topic.name()).key("A").payload(value).partition(0);
    assert!(producer.send(record).is_ok());
    producer.flush(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn open_commit_hides_what_follows_and_aborted_one_disappears() {
    let topic = Topic::new("decisions", 1);
    let [open, other] = [unique("open"), unique("other")].map(|id| committing(&id));
    open.begin_transaction().unwrap_or_else(|error| panic!("{error}"));
    put(&open, &topic, "in doubt");
    other.begin_transaction().unwrap_or_else(|error| panic!("{error}"));
    put(&other, &topic, "committed");
    other.commit_transaction(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(topic.records(), []);
    // two records and the marker of the commit, which is written after the answer
    eventually("the marker", PATIENCE, || topic.end(0) == 3);

    open.abort_transaction(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    let read = topic.wait_for("the committed record", PATIENCE, |records| !records.is_empty());
    assert_eq!(read.iter().map(Record::text).collect::<Vec<_>>(), ["committed"]);
    assert_eq!(read[0].offset, 1);
}

#[test]
fn offsets_of_a_commit_are_those_of_its_group() {
    let topic = Topic::new("payments", 3);
    let name = unique("group");
    let group = Group::new(kafka(), &name);
    assert_eq!(group.committed(topic.name(), 3), BTreeMap::new());
    assert_eq!(group.members(), (0, "Dead".to_owned()));

    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("group.id", &name)
        .create()
        .unwrap_or_else(|error| panic!("{error}"));
    consumer.subscribe(&[topic.name()]).unwrap_or_else(|error| panic!("{error}"));
    // joining goes on while it is polled
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let polling = &consumer;
        scope.spawn(move || {
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                polling.poll(std::time::Duration::from_millis(10));
            }
        });
        group.wait_for_members(1, PATIENCE);
        let producer = committing(&unique("offsets"));
        producer.begin_transaction().unwrap_or_else(|error| panic!("{error}"));
        let mut offsets = TopicPartitionList::new();
        offsets.add_partition_offset(topic.name(), 1, Offset::Offset(7)).unwrap_or_else(|error| panic!("{error}"));
        let membership = consumer.group_metadata().unwrap_or_else(|| panic!("a member has metadata"));
        producer.send_offsets_to_transaction(&offsets, &membership, PATIENCE).unwrap_or_else(|error| panic!("{error}"));
        producer.commit_transaction(PATIENCE).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(group.committed(topic.name(), 3), BTreeMap::from([(1, 7)]));
        drop(stop);
    });
}
