//! Topics of a test's own: made, written to, and read as a read-committed
//! consumer sees them.

use super::{PATIENCE, kafka, unique};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A topic, and the broker that has it.
#[derive(Clone, Debug)]
pub struct Topic {
    brokers: String,
    name: String,
    partitions: i32,
}

/// A record to be sent, or one that was read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Record {
    /// What it is keyed by.
    pub key: Option<Vec<u8>>,
    /// What it holds; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// To be sent: `None` leaves it to the hash of the key.
    pub partition: Option<i32>,
    /// Only of a record that was read.
    pub offset: i64,
    /// Milliseconds since 1970; to be sent: `None` is now.
    pub timestamp: Option<i64>,
    /// In their order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Record {
    /// A record to be sent.
    pub fn new(key: &str, value: impl Into<Vec<u8>>) -> Record {
        Record { key: Some(key.as_bytes().to_vec()), value: Some(value.into()), ..Record::default() }
    }

    /// The same into this partition.
    pub fn into_partition(mut self, partition: i32) -> Record {
        self.partition = Some(partition);
        self
    }

    /// The same with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Record {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// The same at this time, in milliseconds since 1970.
    pub fn at(mut self, timestamp: i64) -> Record {
        self.timestamp = Some(timestamp);
        self
    }

    /// The value as text.
    pub fn text(&self) -> String {
        crate::text(self.value.as_deref().unwrap_or_default())
    }

    /// The value as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text()).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The first header of this name as text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| crate::text(value))
    }

    fn read(message: &impl Message) -> Record {
        let header = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.unwrap_or_default().to_vec());
        Record {
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            partition: Some(message.partition()),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            headers: message.headers().map(|all| all.iter().map(header).collect()).unwrap_or_default(),
        }
    }
}

impl Topic {
    /// A new topic of the shared broker, with a name of its own.
    pub fn new(name: &str, partitions: i32) -> Topic {
        Topic::on(kafka(), &unique(name), partitions, &[])
    }

    /// A new topic of a broker, with settings such as `max.message.bytes`.
    pub fn on(brokers: &str, name: &str, partitions: i32, settings: &[(&str, &str)]) -> Topic {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        topic = settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        let made = wait(admin(brokers).create_topics([&topic], &AdminOptions::new()));
        let made = made.unwrap_or_else(|error| panic!("the topic {name}: {error}"));
        assert!(made.iter().all(Result::is_ok), "the topic {name}: {made:?}");
        Topic::existing(brokers, name, partitions)
    }

    /// A topic that somebody else has made.
    pub fn existing(brokers: &str, name: &str, partitions: i32) -> Topic {
        Topic { brokers: brokers.to_owned(), name: name.to_owned(), partitions }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many partitions it has.
    pub fn partitions(&self) -> i32 {
        self.partitions
    }

    /// Sends records in their order, and waits until the broker has all of them.
    ///
    /// # Panics
    /// Where one of them cannot be sent.
    pub fn send(&self, records: impl IntoIterator<Item = Record>) {
        let producer: BaseProducer = self
            .client()
            .set("enable.idempotence", "true")
            .set("linger.ms", "1")
            .set("message.timeout.ms", "60000")
            .create()
            .unwrap_or_else(|error| panic!("a producer: {error}"));
        for record in records {
            let mut next = Some(self.outgoing(&record));
            // a full queue is emptied by waiting
            while let Some(message) = next.take() {
                if let Err((error, message)) = producer.send(message) {
                    assert!(queue_is_full(&error), "a record for {}: {error}", self.name);
                    producer.poll(Duration::from_millis(10));
                    next = Some(message);
                }
            }
            producer.poll(Duration::ZERO);
        }
        producer.flush(PATIENCE).unwrap_or_else(|error| panic!("records for {}: {error}", self.name));
    }

    fn outgoing<'a>(&'a self, record: &'a Record) -> BaseRecord<'a, [u8], [u8]> {
        let mut message = BaseRecord::<[u8], [u8]>::to(&self.name);
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        message.partition = record.partition;
        message.timestamp = record.timestamp;
        let headers = record.headers.iter();
        message.headers = (!record.headers.is_empty()).then(|| {
            headers.fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }))
        });
        message
    }

    /// Everything that a read-committed consumer sees now, partition by partition
    /// in the order of the offsets.
    pub fn records(&self) -> Vec<Record> {
        let mut reader = self.reader();
        reader.read_to_end();
        let mut records = reader.records;
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// Reads until what was read is enough, in the order of arrival.
    ///
    /// # Panics
    /// Where it is not enough in time.
    pub fn wait_for(&self, what: &str, within: Duration, enough: impl Fn(&[Record]) -> bool) -> Vec<Record> {
        let mut reader = self.reader();
        reader.read_until(what, within, enough);
        reader.records
    }

    /// The offset after the last record of a partition, of open commits too.
    pub fn end(&self, partition: i32) -> i64 {
        let consumer: BaseConsumer = self
            .client()
            .set("isolation.level", "read_uncommitted")
            .create()
            .unwrap_or_else(|error| panic!("a consumer: {error}"));
        let marks = consumer.fetch_watermarks(&self.name, partition, PATIENCE);
        marks.unwrap_or_else(|error| panic!("the end of {}: {error}", self.name)).1
    }

    /// Removes everything before this offset, as retention does.
    pub fn delete_before(&self, partition: i32, offset: i64) {
        let mut offsets = TopicPartitionList::new();
        let added = offsets.add_partition_offset(&self.name, partition, Offset::Offset(offset));
        added.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let deleted = wait(admin(&self.brokers).delete_records(&offsets, &AdminOptions::new()));
        deleted.unwrap_or_else(|error| panic!("records of {}: {error}", self.name));
    }

    /// A consumer of all of it, from its beginning.
    pub fn reader(&self) -> Reader {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reader")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "20")
            .set("fetch.queue.backoff.ms", "5")
            .set("auto.offset.reset", "earliest")
            .create()
            .unwrap_or_else(|error| panic!("a consumer: {error}"));
        let next = vec![Offset::Beginning; self.partitions as usize];
        let reader = Reader { consumer, topic: self.name.clone(), next, records: Vec::new() };
        reader.assign();
        reader
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("log_level", "0");
        config
    }
}

/// A read-committed consumer that keeps what it has read.
pub struct Reader {
    consumer: BaseConsumer,
    topic: String,
    /// Of each partition, where reading goes on.
    next: Vec<Offset>,
    /// In the order of arrival: within a partition in that of the offsets.
    pub records: Vec<Record>,
}

impl Reader {
    /// Reads what there is, up to the first commit that is still open.
    ///
    /// # Panics
    /// Where the broker does not answer in time.
    pub fn read_to_end(&mut self) {
        let until = Instant::now() + PATIENCE;
        let mut ended = BTreeSet::new();
        // an end is told once; to be told it again, begin anew where we are
        self.assign();
        while ended.len() < self.next.len() {
            assert!(Instant::now() < until, "the ends of {} partitions only: {ended:?}", ended.len());
            if let Some(partition) = self.step() {
                ended.insert(partition);
            }
        }
    }

    /// Reads until what was read so far, in the order of arrival, is enough.
    ///
    /// # Panics
    /// Where it is not enough in time.
    pub fn read_until(&mut self, what: &str, within: Duration, enough: impl Fn(&[Record]) -> bool) {
        let until = Instant::now() + within;
        let mut seen = usize::MAX;
        loop {
            if seen != self.records.len() && enough(&self.records) {
                return;
            }
            seen = self.records.len();
            assert!(Instant::now() < until, "{what}: not within {within:?}, {seen} records until then");
            // what is there already, before the next question
            while self.step().is_none() && self.records.len() > seen && Instant::now() < until {
                if self.records.len() - seen >= 1_000 {
                    break;
                }
            }
        }
    }

    fn assign(&self) {
        let mut all = TopicPartitionList::new();
        for (partition, next) in (0..).zip(&self.next) {
            let added = all.add_partition_offset(&self.topic, partition, *next);
            added.unwrap_or_else(|error| panic!("{}: {error}", self.topic));
        }
        self.consumer.assign(&all).unwrap_or_else(|error| panic!("{}: {error}", self.topic));
    }

    /// One event: a record is kept; the answer is the partition whose end was reached.
    fn step(&mut self) -> Option<i32> {
        match self.consumer.poll(Duration::from_millis(20)) {
            Some(Ok(message)) => {
                let next = &mut self.next[message.partition() as usize];
                // after a broker was away the client may begin at the beginning again
                if !matches!(*next, Offset::Offset(next) if message.offset() < next) {
                    *next = Offset::Offset(message.offset() + 1);
                    self.records.push(Record::read(&message));
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => return Some(partition),
            // a broker that is being restarted, or a topic that it does not know yet
            Some(Err(_)) | None => {}
        }
        None
    }
}

fn queue_is_full(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageProduction(rdkafka::error::RDKafkaErrorCode::QueueFull))
}

fn admin(brokers: &str) -> AdminClient<DefaultClientContext> {
    let admin = ClientConfig::new().set("bootstrap.servers", brokers).set("log_level", "0").create();
    admin.unwrap_or_else(|error| panic!("the broker {brokers}: {error}"))
}

/// Waits for the answer of a client that has threads of its own.
fn wait<F: Future>(answer: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
