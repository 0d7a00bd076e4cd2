//! Reads all partitions of a topic, as people's tools want it: from its beginning
//! or from now on, only what was committed, without a group and without moving
//! anybody's offsets. Hosts do not read like this.

use super::client::{ClientError, Clients, Context};
use super::reader;
use super::topics::{Cluster, Position, TopicError};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use std::collections::BTreeSet;
use std::time::Duration;

/// A topic that is being read.
pub struct Tail {
    consumer: BaseConsumer<Context>,
    topic: String,
    partitions: usize,
    /// The partitions whose end was seen.
    ended: BTreeSet<i32>,
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With the oldest message that is there.
    Beginning,
    /// With the next one that comes.
    Now,
}

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its content; empty where it has none.
    pub payload: Vec<u8>,
    /// Its headers.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Reading that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailError {
    /// The library does not make the client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The topic cannot be asked for.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// There is no such topic.
    #[error("there is no topic {topic} at {brokers}")]
    Absent {
        /// The topic.
        topic: String,
        /// Who was asked.
        brokers: String,
    },
    /// Reading itself failed.
    #[error("topic {topic} cannot be read: {why}")]
    Read {
        /// The topic.
        topic: String,
        /// What the library says.
        why: String,
    },
}

impl Tail {
    /// Begins to read.
    ///
    /// # Errors
    /// Where the topic is not there, or nobody answers.
    pub fn open(
        clients: &Clients,
        cluster: &Cluster,
        topic: &str,
        from: From,
        limit: Duration,
    ) -> Result<Tail, TailError> {
        let partitions = cluster.partitions(topic, limit)?;
        if partitions == 0 {
            return Err(TailError::Absent { topic: topic.to_owned(), brokers: clients.config().brokers.clone() });
        }
        let mut begin = Vec::with_capacity(partitions);
        for partition in 0..i32::try_from(partitions).unwrap_or(i32::MAX) {
            let ends = cluster.ends(topic, partition, limit)?;
            // what is committed from now on may lie before the end of what is open
            let offset = if from == From::Beginning { ends.low } else { ends.stable };
            begin.push(Position { topic: topic.to_owned(), partition, offset });
        }
        let consumer = reader::open(clients, &begin)?;
        Ok(Tail { consumer, topic: topic.to_owned(), partitions, ended: BTreeSet::new() })
    }

    /// The next message, if one comes within this time.
    ///
    /// # Errors
    /// Where reading cannot go on; a broker that is away for a while is no reason.
    pub fn next(&mut self, wait: Duration) -> Result<Option<Told>, TailError> {
        let message = match self.consumer.poll(wait) {
            None => return Ok(None),
            Some(Ok(message)) => message,
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.ended.insert(partition);
                return Ok(None);
            }
            Some(Err(error)) if reader::ends(&error) => return Err(self.failed(&error)),
            Some(Err(_)) => return Ok(None),
        };
        let headers = message.headers().map(|all| {
            let owned = |header: rdkafka::message::Header<'_, &[u8]>| {
                (header.key.to_owned(), header.value.unwrap_or_default().to_vec())
            };
            all.iter().map(owned).collect()
        });
        Ok(Some(Told {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().unwrap_or_default().to_vec(),
            headers: headers.unwrap_or_default(),
        }))
    }

    /// Whether everything was read that was there when reading began.
    pub fn ended(&self) -> bool {
        self.ended.len() == self.partitions
    }

    fn failed(&self, error: &KafkaError) -> TailError {
        TailError::Read { topic: self.topic.clone(), why: error.to_string() }
    }
}
