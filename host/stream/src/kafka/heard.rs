//! What clients said of late, so that a trouble that lasts is told now and then and
//! not for each client and second.

use rdkafka::error::RDKafkaErrorCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was heard of late.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What was said, and when, at most [`Heard::KINDS`].
    said: Mutex<Vec<(RDKafkaErrorCode, Instant)>>,
    /// The last time that a broker turned us away, and why.
    pub(super) refusal: Mutex<Option<(Instant, String)>>,
    /// The last time that anything was wrong, and what.
    pub(super) trouble: Mutex<Option<(Instant, String)>>,
}

impl Heard {
    /// The most kinds of trouble that are remembered.
    const KINDS: usize = 64;
    /// How often a trouble that lasts is told.
    const EVERY: Duration = Duration::from_secs(30);

    /// Whether this trouble is to be told now.
    pub(super) fn news(&self, code: RDKafkaErrorCode, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match said.iter_mut().find(|(known, _)| *known == code) {
            Some((_, when)) if now.duration_since(*when) < Heard::EVERY => false,
            Some((_, when)) => {
                *when = now;
                true
            }
            None => {
                if said.len() < Heard::KINDS {
                    said.push((code, now));
                }
                true
            }
        }
    }
}
