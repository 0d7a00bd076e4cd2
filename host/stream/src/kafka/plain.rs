//! Messages that need no commit: decisions that leave before theirs, and perhaps again
//! after a failure, and what people's tools write.
//!
//! They are handed over a portion at a time, and sent when the portion is flushed, see
//! [`native::flush`].

use super::client::PlainProducer;
use super::native;
use super::transaction::{CommitFailure, Message, PORTION, hand_over};
use rdkafka::producer::Producer as _;
use std::time::Duration;

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
        hand_over(&self.producer, message, LIMIT).map_err(|error| failed(&error.to_string()))
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
            _ => Err(failed("messages are not acknowledged in time")),
        }
    }
}

/// A failure before anything was committed.
pub(super) fn failed(what: &str) -> CommitFailure {
    CommitFailure::ours("writing messages before their commit", what)
}
