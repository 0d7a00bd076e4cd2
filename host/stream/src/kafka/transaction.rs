//! A producer whose messages and offsets become visible together or not at all.
//!
//! The commit itself goes past the crate: its own one waits 100 ms wherever a
//! message is still on its way. The C call flushes by itself, needs only that
//! somebody serves the delivery reports meanwhile (the producer's thread does),
//! and ends within the commit's time limit of 10 s.
//!
//! Nothing here retries what may have happened: who cannot know says so
//! ([`Failed::Unknown`]), and the caller asks the broker.

use super::client::{ClientError, Clients, Context, Purpose};
use super::native;
use super::topics::Position;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// A producer with a name that fences everybody who had it before.
pub struct CommitProducer {
    producer: ThreadedProducer<Context>,
    clients: Clients,
    /// Bytes that were handed over and not flushed.
    portion: Cell<usize>,
}

/// Bytes that are handed over before they are flushed: less than one request to a
/// partition takes.
pub(super) const PORTION: usize = 768 << 10;

/// A message to write.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition; by its key where none is said.
    pub partition: Option<i32>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its content.
    pub payload: &'a [u8],
    /// Its headers.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// By what [`CommitProducer::marks`] tells where it came to stand; 0 where nobody asks.
    pub mark: usize,
}

/// What a failure means for what was to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Nothing was committed: abort, go back, go on with the same producer.
    Abortable,
    /// Nothing was committed, and this producer is of no use any more: go back, and
    /// make another one with the same name.
    Fatal,
    /// Nobody here knows whether it was committed: make another producer with the
    /// same name, and ask for the committed offsets.
    Unknown,
}

/// A step of a commit that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step} failed: {what}{}", if *fenced { "; another host has this one's name" } else { "" })]
pub struct CommitFailure {
    /// What it means.
    pub failed: Failed,
    /// What was being done.
    pub step: &'static str,
    /// Whether somebody else has begun to write with the name of this producer.
    pub fenced: bool,
    /// The library's code.
    pub code: RDKafkaErrorCode,
    /// What the library says.
    pub what: String,
}

impl CommitFailure {
    /// One of our own, in our words: nothing was committed.
    pub(super) fn ours(step: &'static str, what: &str) -> CommitFailure {
        let (failed, code) = (Failed::Abortable, RDKafkaErrorCode::Fail);
        CommitFailure { failed, step, fenced: false, code, what: what.to_owned() }
    }
}

impl CommitProducer {
    /// How long the library is given for a step that it knows how to resume.
    const STEP: Duration = Duration::from_secs(10);
    /// How long a full queue may take to have room again.
    const ROOM: Duration = Duration::from_secs(10);

    /// A producer with this name ([`super::Config::commit_id`]); it is of use after
    /// [`CommitProducer::init`].
    ///
    /// # Errors
    /// Where the library does not make it.
    pub fn new(clients: &Clients, id: &str) -> Result<CommitProducer, ClientError> {
        let mut settings = clients.settings(Purpose::Commit);
        settings.set("transactional.id", id);
        let producer = clients.make(&settings, Purpose::Commit)?;
        Ok(CommitProducer { producer, clients: clients.clone(), portion: Cell::new(0) })
    }

    /// Fences whoever had this name, and ends what that one left open: afterwards
    /// it is either committed or aborted. Goes on trying until `limit`.
    ///
    /// # Errors
    /// Where it did not come about within the limit (never `Abortable`).
    pub fn init(&self, limit: Duration) -> Result<(), CommitFailure> {
        let begin = Instant::now();
        loop {
            let left = limit.saturating_sub(begin.elapsed()).max(Duration::from_millis(1));
            let Err(error) = self.producer.init_transactions(left.min(Duration::from_secs(5))) else { return Ok(()) };
            let failure = self.failure("taking up the name of the producer", error);
            // one that was turned away would be turned away again
            let refused = self.clients.refused(begin);
            if begin.elapsed() >= limit || refused.is_some() || failure.failed != Failed::Unknown {
                let what = refused.unwrap_or(failure.what);
                return Err(CommitFailure { failed: Failed::Fatal, what, ..failure });
            }
        }
    }

    /// Opens a commit.
    ///
    /// # Errors
    /// `Fatal`.
    pub fn begin(&self) -> Result<(), CommitFailure> {
        self.context().take_undelivered();
        self.context().marks().clear();
        self.portion.set(0);
        self.producer.begin_transaction().map_err(|error| {
            let failure = self.failure("opening a commit", error);
            CommitFailure { failed: Failed::Fatal, ..failure }
        })
    }

    /// Hands over a message, and now and then waits until all so far have arrived, up to
    /// 10 s, as where the queue is full.
    ///
    /// # Errors
    /// `Abortable`, also where one message is larger than the library takes; `Fatal`.
    pub fn send(&self, message: &Message<'_>) -> Result<(), CommitFailure> {
        if self.portion.get() > 0 && self.portion.get() + message.payload.len() > PORTION {
            // a message that fails meanwhile fails the commit
            native::flush(&self.producer, Self::ROOM);
            self.portion.set(0);
        }
        self.portion.set(self.portion.get() + message.payload.len());
        hand_over(&self.producer, message, Self::ROOM).map_err(|error| {
            let failure = self.failure("writing a message", error);
            let failed = if failure.failed == Failed::Fatal { Failed::Fatal } else { Failed::Abortable };
            let what = format!("{} (topic {}, {} bytes)", failure.what, message.topic, message.payload.len());
            CommitFailure { failed, what, ..failure }
        })
    }

    /// Adds offsets: of each partition the next one to be read. `group` is taken from
    /// the group at this moment, so that a host that is no longer a member is fenced.
    ///
    /// # Errors
    /// `Abortable` where the group has moved on; `Fatal`.
    pub fn offsets(&self, positions: &[Position], group: &ConsumerGroupMetadata) -> Result<(), CommitFailure> {
        let step = "adding offsets to a commit";
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for Position { topic, partition, offset } in positions {
            let added = list.add_partition_offset(topic, *partition, Offset::Offset(*offset));
            added.map_err(|error| self.failure(step, error))?;
        }
        let added = self.producer.send_offsets_to_transaction(&list, group, Self::STEP);
        added.map_err(|error| {
            let failure = self.failure(step, error);
            // nothing is decided before the commit itself
            let failed = if failure.failed == Failed::Fatal { Failed::Fatal } else { Failed::Abortable };
            CommitFailure { failed, ..failure }
        })
    }

    /// Commits. It ends within the commit's time limit of 10 s, unless the library
    /// hangs, for which the caller has a watchdog of its own.
    ///
    /// # Errors
    /// `Abortable`, or `Unknown`; never `Fatal`, because a request may have arrived
    /// whose answer was lost.
    pub fn commit(&self) -> Result<(), CommitFailure> {
        let Err(refused) = native::commit(&self.producer) else { return Ok(()) };
        let native::Refused { is_abortable, is_fatal, code, what } = refused;
        let failed = meaning(is_abortable, is_fatal);
        let failure = self.told("committing", failed, code, what);
        let failed = if failure.failed == Failed::Abortable { Failed::Abortable } else { Failed::Unknown };
        // the commit says that a message failed; which one and why it does not
        let what = match self.context().take_undelivered() {
            Some(lost) => format!("{} (topic {}: {})", failure.what, lost.topic, lost.code),
            None => failure.what,
        };
        Err(CommitFailure { failed, what, ..failure })
    }

    /// Where the messages with a mark came to stand since the commit was opened.
    pub fn marks(&self) -> Vec<(usize, i64)> {
        std::mem::take(&mut self.context().marks())
    }

    /// Takes everything back since the commit was opened.
    ///
    /// # Errors
    /// `Unknown` where even that failed: what was opened ends one way or the other,
    /// and after a failed commit nobody here knows which.
    pub fn abort(&self) -> Result<(), CommitFailure> {
        self.producer.abort_transaction(Self::STEP).map_err(|error| {
            let failure = self.failure("taking a commit back", error);
            CommitFailure { failed: Failed::Unknown, ..failure }
        })
    }

    fn context(&self) -> &Context {
        self.producer.client().context()
    }

    /// What the crate says, with what it means.
    fn failure(&self, step: &'static str, error: KafkaError) -> CommitFailure {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        match &error {
            KafkaError::Transaction(error) => {
                let failed = meaning(error.txn_requires_abort(), error.is_fatal());
                self.told(step, failed, code, error.string())
            }
            error => self.told(step, Failed::Unknown, code, error.to_string()),
        }
    }

    fn told(&self, step: &'static str, mut failed: Failed, code: RDKafkaErrorCode, mut what: String) -> CommitFailure {
        let mut fenced = fences(code);
        // a fatal error may have happened earlier, and in the background
        if let Some((first, why)) = self.producer.client().fatal_error() {
            failed = Failed::Fatal;
            fenced |= fences(first);
            what = why;
        }
        CommitFailure { failed, step, fenced, code, what: self.clients.config().settings.masked(&what) }
    }
}

/// What the library's own classes mean. What it calls neither abortable nor fatal
/// is either retriable (a time limit) or unheard of.
fn meaning(is_abortable: bool, is_fatal: bool) -> Failed {
    if is_abortable {
        Failed::Abortable
    } else if is_fatal {
        Failed::Fatal
    } else {
        Failed::Unknown
    }
}

/// Whether an error says that somebody else has the name of this producer.
fn fences(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::Fenced | RDKafkaErrorCode::InvalidProducerEpoch | RDKafkaErrorCode::ProducerFenced)
}

/// Hands a message to the library. Where its queue is full it waits for room, for so long.
pub(super) fn hand_over(
    producer: &ThreadedProducer<Context>,
    message: &Message<'_>,
    limit: Duration,
) -> Result<(), KafkaError> {
    let begin = Instant::now();
    let mut record = record(message);
    loop {
        let Err((error, back)) = producer.send(record) else { return Ok(()) };
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) || begin.elapsed() >= limit {
            return Err(error);
        }
        record = back;
        // serves delivery reports, which is what makes room
        producer.poll(Duration::from_millis(1));
    }
}

fn record<'a>(message: &Message<'a>) -> BaseRecord<'a, [u8], [u8], usize> {
    let mut record = BaseRecord::with_opaque_to(message.topic, message.mark).payload(message.payload);
    record.key = message.key;
    record.partition = message.partition;
    if !message.headers.is_empty() {
        let headers = OwnedHeaders::new_with_capacity(message.headers.len());
        let insert = |all: OwnedHeaders, (key, value): &(&str, &[u8])| all.insert(Header { key, value: Some(*value) });
        record.headers = Some(message.headers.iter().fold(headers, insert));
    }
    record
}
