//! Messages that leave before their commit: acknowledged before it, and perhaps
//! sent again after a failure.
//!
//! They are handed over a portion at a time, and sent when the portion is flushed, see
//! [`native::flush`].

use super::client::PlainProducer;
use super::native;
use super::transaction::{CommitFailure, Failed, Message, PORTION, record};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;
use std::time::{Duration, Instant};

/// How long a message may wait for room, or for its acknowledgement: a little longer
/// than the library does, which then says why.
const LIMIT: Duration = Duration::from_secs(27);

/// Sends them.
pub(super) struct Plain {
    producer: PlainProducer,
    /// Bytes of the portion that is being handed over.
    portion: usize,
}

impl Plain {
    pub(super) fn new(producer: PlainProducer) -> Plain {
        Plain { producer, portion: 0 }
    }

    /// Hands a message over.
    ///
    /// # Errors
    /// Where the client does not take it, or does not get rid of those before.
    pub(super) fn send(&mut self, message: &Message<'_>) -> Result<(), CommitFailure> {
        if self.portion > 0 && self.portion + message.payload.len() > PORTION {
            self.flush()?;
        }
        self.portion += message.payload.len();
        self.hand_over(message).map_err(|error| failed(&error.to_string()))
    }

    fn hand_over(&self, message: &Message<'_>) -> Result<(), KafkaError> {
        let begin = Instant::now();
        let mut record = record(message);
        loop {
            let Err((error, back)) = self.producer.send(record) else { return Ok(()) };
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) || begin.elapsed() >= LIMIT {
                return Err(error);
            }
            record = back;
            self.producer.poll(Duration::from_millis(1));
        }
    }

    /// Waits until all are acknowledged.
    ///
    /// # Errors
    /// Where one was not.
    pub(super) fn flush(&mut self) -> Result<(), CommitFailure> {
        if std::mem::take(&mut self.portion) > 0 {
            native::flush(&self.producer, LIMIT);
        }
        // in this order: a message that fails in between is one or the other
        let in_flight = self.producer.in_flight_count();
        if let Some(what) = self.producer.client().context().undelivered() {
            return Err(failed(&what));
        }
        match in_flight {
            0 => Ok(()),
            _ => Err(failed("decisions are not acknowledged in time")),
        }
    }
}

/// A failure before anything was committed.
pub(super) fn failed(what: &str) -> CommitFailure {
    let (step, code) = ("writing decisions", RDKafkaErrorCode::Fail);
    CommitFailure { failed: Failed::Abortable, step, fenced: false, code, what: what.to_owned() }
}
