//! Payments on their way into a source topic: all at once, or at a pace.

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use sandgate_tests::Desk;
use std::time::{Duration, Instant};

/// A record and the account that keys it.
pub(crate) struct Payment {
    account: String,
    bytes: String,
}

/// The header that holds when a record was sent; it travels to the decision.
pub(crate) const SENT: &str = "correlation-id";

/// The payments of a file on the desk.
pub(crate) fn payments(desk: &Desk, file: &str) -> Vec<Payment> {
    let payment = |bytes: &str| {
        let (_, rest) = bytes.split_once("\"account_id\":\"").expect("a payment has an account");
        let (account, _) = rest.split_once('"').expect("it is a text");
        Payment { account: account.to_owned(), bytes: bytes.to_owned() }
    };
    desk.read(file).lines().map(payment).collect()
}

fn producer(brokers: &str, linger: &str) -> ThreadedProducer<DefaultProducerContext> {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("compression.codec", "lz4")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", linger)
        .create()
        .expect("a producer can be made")
}

/// Sends everything as fast as the broker takes it, and waits until it has it.
pub(crate) fn backlog(brokers: &str, topic: &str, payments: &[Payment]) {
    let producer = producer(brokers, "20");
    for payment in payments {
        let mut record = BaseRecord::to(topic).key(&payment.account).payload(&payment.bytes);
        while let Err((error, unsent)) = producer.send(record) {
            assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            std::thread::park_timeout(Duration::from_millis(1));
            record = unsent;
        }
    }
    producer.flush(Duration::from_secs(60)).expect("the broker takes them");
}

/// Sends at a pace (records a second), each with the time at which it was due, in
/// microseconds since `zero`: a producer that is late makes nobody look faster. Without
/// `zero` nobody will ask.
pub(crate) fn paced(brokers: &str, topic: &str, payments: &[Payment], rate: f64, zero: Option<Instant>) {
    let producer = producer(brokers, "0");
    let begin = Instant::now();
    for (at, payment) in payments.iter().enumerate() {
        let due = begin + Duration::from_secs_f64(at as f64 / rate);
        while Instant::now() < due {
            std::thread::park_timeout(due.duration_since(Instant::now()).max(Duration::from_micros(200)));
        }
        let mut record = BaseRecord::to(topic).key(&payment.account).payload(&payment.bytes);
        if let Some(zero) = zero {
            let sent = due.duration_since(zero).as_micros().to_string();
            record = record.headers(OwnedHeaders::new().insert(Header { key: SENT, value: Some(&sent) }));
        }
        assert!(producer.send(record).is_ok(), "the queue has room for a paced load");
    }
    producer.flush(Duration::from_secs(60)).expect("the broker takes them");
}
