//! The least that any such host must do: consume, produce as many bytes, and
//! commit the offsets in the same transaction, with the same settings.

use rdkafka::bindings::rd_kafka_commit_transaction;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// What is copied from where to where.
#[derive(Clone, Copy)]
pub(crate) struct Copied<'a> {
    pub(crate) brokers: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) partitions: i32,
    pub(crate) threads: i32,
    pub(crate) records: u64,
    /// Bytes of a record that is written.
    pub(crate) size: usize,
    /// The commit window.
    pub(crate) window: Duration,
    pub(crate) window_records: u64,
}

/// Copies everything, each thread its share of the partitions.
pub(crate) fn copy(copied: Copied<'_>) {
    let left = std::sync::atomic::AtomicI64::new(copied.records as i64);
    std::thread::scope(|scope| {
        for thread in 0..copied.threads {
            let left = &left;
            scope.spawn(move || share(copied, thread, left));
        }
    });
}

fn share(copied: Copied<'_>, thread: i32, left: &std::sync::atomic::AtomicI64) {
    use std::sync::atomic::Ordering::Relaxed;
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", copied.brokers)
        .set("group.id", format!("bare-{}", copied.to))
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", "50")
        .set("max.partition.fetch.bytes", "4194304")
        .create()
        .expect("a consumer can be made");
    let mut list = TopicPartitionList::new();
    for partition in (0..copied.partitions).filter(|partition| partition % copied.threads == thread) {
        list.add_partition_offset(copied.from, partition, Offset::Beginning).expect("an offset of a partition");
    }
    consumer.assign(&list).expect("partitions can be assigned");
    let producers = [0, 1].map(|turn| producer(copied, thread, turn));
    let payload = vec![b'x'; copied.size];
    let mut turn = producers.iter().cycle();
    while left.load(Relaxed) > 0 {
        let Some(Ok(first)) = consumer.poll(Duration::from_millis(5)).map(|polled| polled.map(|first| first.detach()))
        else {
            continue;
        };
        let producer = turn.next().expect("there are two");
        producer.begin_transaction().expect("a transaction can begin");
        let begin = Instant::now();
        let mut next = vec![None; copied.partitions as usize];
        let mut taken = 1;
        send(producer, copied.to, first.partition(), first.key(), &payload);
        next[first.partition() as usize] = Some(first.offset() + 1);
        while taken < copied.window_records && begin.elapsed() < copied.window {
            let rest = copied.window.saturating_sub(begin.elapsed());
            let Some(message) = consumer.poll(rest.min(Duration::from_millis(1))) else { continue };
            let message = message.expect("the source can be read");
            send(producer, copied.to, message.partition(), message.key(), &payload);
            next[message.partition() as usize] = Some(message.offset() + 1);
            taken += 1;
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in next.into_iter().enumerate() {
            let Some(next) = next else { continue };
            offsets.add_partition_offset(copied.from, partition as i32, Offset::Offset(next)).expect("an offset");
        }
        let group = consumer.group_metadata().expect("a group");
        producer.send_offsets_to_transaction(&offsets, &group, Duration::from_secs(10)).expect("offsets are taken");
        commit(producer);
        left.fetch_sub(taken as i64, Relaxed);
    }
}

fn producer(copied: Copied<'_>, thread: i32, turn: i32) -> ThreadedProducer<DefaultProducerContext> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", copied.brokers)
        .set("transactional.id", format!("bare-{}-{thread}-{turn}", copied.to))
        .set("compression.codec", "lz4")
        .set("retry.backoff.ms", "2")
        .set("linger.ms", (copied.window.as_millis() + 1).to_string())
        .set("queue.buffering.max.messages", "500000")
        .set("transaction.timeout.ms", "10000")
        .set("message.timeout.ms", "10000")
        .create()
        .expect("a producer can be made");
    producer.init_transactions(Duration::from_secs(30)).expect("transactions can be used");
    producer
}

fn send(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    partition: i32,
    key: Option<&[u8]>,
    payload: &[u8],
) {
    let mut record = BaseRecord::to(topic).partition(partition).key(key.unwrap_or_default()).payload(payload);
    while let Err((error, unsent)) = producer.send(record) {
        assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        std::thread::yield_now();
        record = unsent;
    }
}

#[expect(unsafe_code, reason = "rdkafka's own way to commit waits for 100 ms")]
fn commit(producer: &ThreadedProducer<DefaultProducerContext>) {
    // SAFETY: the producer lives as long as the call, which takes nothing else.
    let error = unsafe { rd_kafka_commit_transaction(producer.client().native_ptr(), -1) };
    assert!(error.is_null(), "the bare loop's commits do not fail");
}
