//! Messages that leave before their commit: acknowledged before it, and perhaps
//! sent again after a failure.

use super::client::PlainProducer;
use super::rebuild::pause;
use super::transaction::{CommitFailure, Failed, Message, record};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;
use std::time::{Duration, Instant};

/// How long a message may wait for room, or for its acknowledgement: a little longer
/// than the library does, which then says why.
const LIMIT: Duration = Duration::from_secs(27);

/// Hands a message over.
///
/// # Errors
/// Where the client does not take it.
pub(super) fn send(producer: &PlainProducer, message: &Message<'_>) -> Result<(), KafkaError> {
    let begin = Instant::now();
    let mut record = record(message);
    loop {
        let Err((error, back)) = producer.send(record) else { return Ok(()) };
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) || begin.elapsed() >= LIMIT {
            return Err(error);
        }
        record = back;
        producer.poll(Duration::from_millis(1));
    }
}

/// Waits until all are acknowledged.
///
/// # Errors
/// Where one was not.
pub(super) fn flush(producer: &PlainProducer) -> Result<(), CommitFailure> {
    let begin = Instant::now();
    // the crate's own flush looks once in 100 ms
    while producer.in_flight_count() > 0 && begin.elapsed() < LIMIT {
        pause(Duration::from_micros(200));
    }
    if let Some(what) = producer.client().context().undelivered() {
        return Err(failed(&what));
    }
    if producer.in_flight_count() > 0 { Err(failed("decisions are not acknowledged in time")) } else { Ok(()) }
}

/// A failure before anything was committed.
pub(super) fn failed(what: &str) -> CommitFailure {
    let (step, code) = ("writing decisions", RDKafkaErrorCode::Fail);
    CommitFailure { failed: Failed::Abortable, step, fenced: false, code, what: what.to_owned() }
}
