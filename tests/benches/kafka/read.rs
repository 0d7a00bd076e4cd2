//! What a read-committed reader of decisions sees, and when.

use crate::feed::SENT;
use hdrhistogram::Histogram;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::{Duration, Instant};

fn consumer(brokers: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bench-reader")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "50")
        .set("fetch.queue.backoff.ms", "5")
        .create()
        .expect("a consumer can be made")
}

fn from(consumer: &BaseConsumer, topic: &str, partitions: i32, offset: Offset) {
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, offset).expect("an offset of a partition");
    }
    consumer.assign(&list).expect("partitions can be assigned");
}

/// Everything that a topic got, by the broker's clock.
pub(crate) struct Written {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// From the first record to the last.
    pub(crate) during: Duration,
}

/// Reads a topic whose broker stamps what it appends, until it holds so many records.
pub(crate) fn written(brokers: &str, topic: &str, partitions: i32, records: u64) -> Written {
    let consumer = consumer(brokers);
    from(&consumer, topic, partitions, Offset::Beginning);
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    let (mut seen, mut bytes) = (0, 0);
    while seen < records {
        let message = consumer.poll(Duration::from_secs(30)).expect("the topic holds them").expect("it can be read");
        let at = message.timestamp().to_millis().expect("the broker stamps records");
        (first, last) = (first.min(at), last.max(at));
        seen += 1;
        bytes += message.payload_len() as u64;
    }
    let during = Duration::from_millis(u64::try_from(last - first).expect("time passes").max(1));
    Written { records: seen, bytes, during }
}

/// Reads decisions as they come, and says how long after their record was due each was
/// there, in microseconds, of so many that know it; the first ones do not count.
pub(crate) fn delays(
    brokers: &str,
    topic: &str,
    partitions: i32,
    records: u64,
    warm_up: u64,
    zero: Instant,
    ready: impl FnOnce(),
) -> Histogram<u64> {
    let consumer = consumer(brokers);
    from(&consumer, topic, partitions, Offset::Beginning);
    let mut delays = Histogram::new(3).expect("three digits are possible");
    ready();
    let mut at = 0;
    while at < records {
        let message = consumer.poll(Duration::from_secs(30)).expect("decisions come").expect("they can be read");
        let now = zero.elapsed().as_micros() as u64;
        let headers = message.headers().expect("a decision has headers");
        let sent = headers.iter().find(|header| header.key == SENT).and_then(|header| header.value);
        let Some(sent) = sent else { continue };
        let sent: u64 = std::str::from_utf8(sent).expect("text").parse().expect("a number");
        if at >= warm_up {
            delays.record(now.saturating_sub(sent)).expect("it grows with what it holds");
        }
        at += 1;
    }
    delays
}
