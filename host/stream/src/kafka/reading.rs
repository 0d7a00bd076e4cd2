//! Reading a changelog partition to its end, into a lane and into what follows it.

use super::client::{Clients, Context};
use super::reader;
use super::refusal::LaneError;
use super::topics::Position;
use rdkafka::Message as _;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use sandgate_state::Restoring;
use sandgate_state::changelog::Trim;
use sandgate_state::replay::{Malformed, Restore};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A reader of one partition, up to what is decided when it is opened.
pub(super) struct Log {
    consumer: BaseConsumer<Context>,
}

/// A record of a changelog.
pub(super) struct Found {
    pub(super) offset: i64,
    pub(super) payload: Vec<u8>,
}

/// How long a reader may hear nothing before that is a failure.
const SILENCE: Duration = Duration::from_secs(30);

impl Log {
    pub(super) fn open(clients: &Clients, topic: &str, partition: i32, from: i64) -> Result<Log, LaneError> {
        let from = Position { topic: topic.to_owned(), partition, offset: from };
        Ok(Log { consumer: reader::open(clients, &[from])? })
    }

    /// The next record; none at the end.
    pub(super) fn next(&self, cancelled: &AtomicBool) -> Result<Option<Found>, LaneError> {
        let begin = Instant::now();
        loop {
            match self.consumer.poll(Duration::from_millis(50)) {
                Some(Ok(message)) => {
                    let payload = message.payload().unwrap_or_default().to_vec();
                    return Ok(Some(Found { offset: message.offset(), payload }));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(None),
                // such as a beginning that its former owner has deleted meanwhile
                Some(Err(error)) if reader::ends(&error) || begin.elapsed() >= SILENCE => {
                    return Err(LaneError::Reading(error.to_string()));
                }
                None if begin.elapsed() >= SILENCE => {
                    return Err(LaneError::Reading(format!("nothing came for {SILENCE:?}")));
                }
                Some(Err(_)) | None => {}
            }
            if cancelled.load(Ordering::Acquire) {
                return Err(LaneError::Cancelled);
            }
        }
    }

    /// Whether a record is the first of its commit.
    pub(super) fn begins(found: &Found) -> bool {
        sandgate_state::changelog::begins(&found.payload)
    }
}

/// Restores a lane, and tells who follows its log.
pub(super) struct Tee<'l> {
    restoring: Restoring<'l>,
    pub(super) trim: Trim,
    /// The front and the entries that a log without its beginning began with.
    pub(super) begun: Option<(Vec<u8>, Vec<u8>)>,
    any: bool,
}

impl<'l> Tee<'l> {
    pub(super) fn new(lane: &'l sandgate_state::Lane, trim: Trim) -> Tee<'l> {
        Tee { restoring: lane.restore(1), trim, begun: None, any: false }
    }

    /// Whether anything was restored.
    pub(super) fn has_any(&self) -> bool {
        self.any
    }

    /// Ends the restore.
    pub(super) fn finish(self) -> Trim {
        self.restoring.finish();
        self.trim
    }
}

impl Restore for Tee<'_> {
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed> {
        self.any = true;
        self.begun = Some((front.to_vec(), Vec::new()));
        self.restoring.front(front)?;
        self.restoring.deleted();
        Ok(())
    }

    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        if let Some((_, kept)) = &mut self.begun {
            kept.extend_from_slice(entries);
        }
        let count = self.restoring.kept(entries)?;
        self.trim.entries(entries, self.restoring.clock())?;
        Ok(count)
    }

    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        self.any = true;
        let count = self.restoring.entries(entries)?;
        self.trim.entries(entries, self.restoring.clock())?;
        Ok(count)
    }
}
