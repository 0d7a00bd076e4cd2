//! What is there: topics and their settings, committed offsets, the ends of
//! partitions; and the few things that are changed there: topics are made, and
//! records deleted that nobody needs any more. Every question has a limit.

use super::client::{ClientError, Clients, Context, Purpose};
use super::config::Topics;
use super::wanted::{TopicState, Wanted};
use rdkafka::admin::{AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// The cluster, as it can be asked.
pub struct Cluster {
    clients: Clients,
    /// Sees open commits.
    ends: BaseConsumer<Context>,
    /// Sees what is committed.
    stable: BaseConsumer<Context>,
}

/// A place in a partition: of offsets the next one to be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// Where a partition begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The first offset that is there.
    pub low: i64,
    /// The offset behind the last that a read-committed reader can see.
    pub stable: i64,
    /// The offset behind the last, open commits with it.
    pub high: i64,
}

/// A question that got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// The library does not make a client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A broker turned this host away.
    #[error("{0}")]
    Refused(String),
    /// No broker answered.
    #[error(
        "no broker answers at {brokers} within {limit:?}: {why}; is it running, and is `brokers` in [kafka] right?"
    )]
    Away {
        /// Who was asked.
        brokers: String,
        /// For how long.
        limit: Duration,
        /// What the library says.
        why: String,
    },
    /// Somebody wants this host to stop.
    #[error("stopped while it waited for a broker")]
    Stopped,
    /// The question itself failed.
    #[error("{what} failed: {why}")]
    Asked {
        /// The question.
        what: String,
        /// What the library says.
        why: String,
    },
}

impl Cluster {
    /// One try of a question that is repeated.
    const TRY: Duration = Duration::from_millis(1_000);
    /// How often a wait is told.
    const TELL: Duration = Duration::from_secs(5);

    /// Finds the cluster. Where no broker answers it says so every few seconds and
    /// goes on trying until `limit`, or until `stop`; where one turns this host away
    /// (user, password, TLS) it says so within seconds.
    ///
    /// # Errors
    /// `Refused`, `Away`, `Stopped`, or where no client can be made.
    pub fn find(clients: &Clients, limit: Duration, stop: &AtomicBool) -> Result<Cluster, TopicError> {
        let cluster = Cluster {
            ends: clients.consumer(Purpose::Ends)?,
            stable: clients.consumer(Purpose::Read)?,
            clients: clients.clone(),
        };
        let begin = Instant::now();
        let mut told = begin;
        loop {
            // of a topic that nobody has, so that the answer is short wherever it comes from
            let answer = cluster.ends.fetch_metadata(Some("sandgate-is-anybody-there"), Cluster::TRY);
            let Err(error) = answer else { return Ok(cluster) };
            drain(&cluster.ends);
            drain(&cluster.stable);
            if let Some(why) = clients.refused(begin) {
                return Err(TopicError::Refused(why));
            }
            if stop.load(Ordering::Acquire) {
                return Err(TopicError::Stopped);
            }
            let brokers = &clients.config().brokers;
            if begin.elapsed() >= limit {
                let why = clients.trouble(begin).unwrap_or_else(|| plain(&error));
                return Err(TopicError::Away { brokers: brokers.clone(), limit, why });
            }
            if told.elapsed() >= Cluster::TELL {
                told = Instant::now();
                let why = clients.trouble(begin).unwrap_or_else(|| plain(&error));
                tracing::warn!(%brokers, waited = ?begin.elapsed(), %why, "no broker answers yet; trying on");
            }
        }
    }

    /// The id of the cluster, which brokers agree on; none where they say nothing.
    pub fn id(&self) -> Option<String> {
        self.ends.client().fetch_cluster_id(Cluster::TRY)
    }

    /// How these topics are, in the same order.
    ///
    /// # Errors
    /// Where nobody answers, or this user may not ask.
    pub fn topics(&self, names: &[&str], limit: Duration) -> Result<Vec<TopicState>, TopicError> {
        let mut states = Vec::with_capacity(names.len());
        for name in names {
            states.push(self.topic(name, limit)?);
        }
        let there: Vec<ResourceSpecifier<'_>> = states
            .iter()
            .filter(|state| state.partitions > 0)
            .map(|state| ResourceSpecifier::Topic(&state.name))
            .collect();
        if there.is_empty() {
            return Ok(states);
        }
        let admin = self.clients.admin()?;
        let asked = wait(admin.describe_configs(&there, &options(limit)));
        let all = asked.map_err(|error| self.failed("asking for the settings of topics", &error))?;
        let mut settings = BTreeMap::new();
        for resource in all.into_iter().flatten() {
            let rdkafka::admin::OwnedResourceSpecifier::Topic(name) = resource.specifier else { continue };
            let entries = resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?)));
            settings.insert(name, entries.collect::<BTreeMap<_, _>>());
        }
        for state in &mut states {
            state.settings = settings.remove(&state.name).unwrap_or_default();
        }
        Ok(states)
    }

    /// How many partitions a topic has; 0 where there is no such topic.
    ///
    /// # Errors
    /// Where nobody answers, or this user may not ask.
    pub fn partitions(&self, topic: &str, limit: Duration) -> Result<usize, TopicError> {
        Ok(self.topic(topic, limit)?.partitions)
    }

    fn topic(&self, name: &str, limit: Duration) -> Result<TopicState, TopicError> {
        let begin = Instant::now();
        loop {
            let answer = self.ends.fetch_metadata(Some(name), limit.min(Cluster::TRY * 5));
            drain(&self.ends);
            let (partitions, copies, error) = match answer {
                Ok(metadata) => {
                    let topic = metadata.topics().iter().find(|topic| topic.name() == name);
                    let partitions = topic.map_or(&[][..], |topic| topic.partitions());
                    let copies = partitions.first().map_or(0, |partition| partition.replicas().len());
                    (partitions.len(), copies, topic.and_then(|topic| topic.error()).map(RDKafkaErrorCode::from))
                }
                Err(error) => return Err(self.failed(&format!("asking for topic {name}"), &error)),
            };
            let absent = matches!(
                error,
                None | Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)
            );
            // without a leader yet: it is being made, or moves
            if absent || begin.elapsed() >= limit {
                return match error {
                    Some(error) if !absent => {
                        Err(self.failed(&format!("asking for topic {name}"), &KafkaError::MetadataFetch(error)))
                    }
                    _ => Ok(TopicState { name: name.to_owned(), partitions, copies, settings: BTreeMap::new() }),
                };
            }
            // one round trip is waited for anyway; this one is answered from far away
            let _ = self.ends.fetch_metadata(Some(name), Cluster::TRY);
        }
    }

    /// Makes topics. Those that are there already stay as they are.
    ///
    /// # Errors
    /// Where one of them cannot be made.
    pub fn create(&self, wanted: &[Wanted], copies: Option<i32>, limit: Duration) -> Result<(), TopicError> {
        // -1: as many copies as the broker thinks right
        let copies = copies.unwrap_or(-1);
        let mut topics = Vec::with_capacity(wanted.len());
        for Wanted { name, partitions, settings, .. } in wanted {
            let partitions = i32::try_from(*partitions).unwrap_or(i32::MAX);
            let new = NewTopic::new(name, partitions, TopicReplication::Fixed(copies));
            topics.push(settings.iter().fold(new, |new, (key, value)| new.set(key, value)));
        }
        let admin = self.clients.admin()?;
        let what = "making topics";
        let options = options(limit).operation_timeout(Some(limit));
        let made = wait(admin.create_topics(&topics, &options)).map_err(|error| self.failed(what, &error))?;
        for result in made {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    return Err(TopicError::Asked { what: format!("making topic {name}"), why: code.to_string() });
                }
            }
        }
        Ok(())
    }

    /// Deletes what lies before these positions.
    ///
    /// # Errors
    /// Where a partition keeps it.
    pub fn delete_before(&self, positions: &[Position], limit: Duration) -> Result<(), TopicError> {
        let what = "deleting records";
        let list = list(positions.iter().map(|position| (&*position.topic, position.partition, position.offset)))
            .map_err(|error| self.failed(what, &error))?;
        let admin = self.clients.admin()?;
        let options = options(limit).operation_timeout(Some(limit));
        let deleted = wait(admin.delete_records(&list, &options)).map_err(|error| self.failed(what, &error))?;
        deleted.elements().iter().try_for_each(|element| {
            element.error().map_err(|error| {
                self.failed(&format!("deleting records of {}/{}", element.topic(), element.partition()), &error)
            })
        })
    }

    /// The committed offsets of the group, in the order of the partitions; none where
    /// nothing was committed. Waits for commits that are open.
    ///
    /// # Errors
    /// Where nobody answers, or a commit stays open.
    pub fn committed(&self, partitions: &[(&str, i32)], limit: Duration) -> Result<Vec<Option<i64>>, TopicError> {
        let what = "asking for committed offsets";
        let begin = Instant::now();
        loop {
            let asked = list(partitions.iter().map(|(topic, partition)| (*topic, *partition, -1)));
            let left = limit.saturating_sub(begin.elapsed()).clamp(Duration::from_millis(1), Cluster::TRY * 5);
            let answer = asked.and_then(|list| self.stable.committed_offsets(list, left));
            drain(&self.stable);
            let answer = answer.and_then(|list| {
                let offset = |(topic, partition): &(&str, i32)| {
                    let Some(element) = list.find_partition(topic, *partition) else { return Ok(None) };
                    element.error()?;
                    Ok(match element.offset() {
                        Offset::Offset(offset) => Some(offset),
                        _ => None,
                    })
                };
                partitions.iter().map(offset).collect::<KafkaResult<Vec<_>>>()
            });
            match answer {
                Ok(offsets) => return Ok(offsets),
                Err(error) if begin.elapsed() >= limit => return Err(self.failed(what, &error)),
                Err(error) => tracing::debug!(%error, "{what}: trying again"),
            }
        }
    }

    /// Where a partition begins and ends.
    ///
    /// # Errors
    /// Where nobody answers.
    pub fn ends(&self, topic: &str, partition: i32, limit: Duration) -> Result<Ends, TopicError> {
        let ask = |consumer: &BaseConsumer<Context>| {
            let answer = consumer.fetch_watermarks(topic, partition, limit);
            drain(consumer);
            answer.map_err(|error| self.failed(&format!("asking for the ends of {topic}/{partition}"), &error))
        };
        // in this order, so that `stable` is never beyond `high`
        let (low, stable) = ask(&self.stable)?;
        let (_, high) = ask(&self.ends)?;
        Ok(Ends { low, stable, high })
    }

    /// What is there of the topics of a host, sources first, then the sink's.
    ///
    /// # Errors
    /// As [`Cluster::topics`].
    pub fn states(&self, topics: &Topics, limit: Duration) -> Result<Vec<TopicState>, TopicError> {
        self.topics(&topics.names(), limit)
    }

    /// Who turned this host away comes first: the library only says that time was up.
    fn failed(&self, what: &str, error: &KafkaError) -> TopicError {
        let why = self.clients.config().settings.masked(&plain(error));
        match self.clients.refused(Instant::now().checked_sub(Cluster::TELL).unwrap_or_else(Instant::now)) {
            Some(why) => TopicError::Refused(why),
            None => TopicError::Asked { what: what.to_owned(), why },
        }
    }
}

/// Serves what the library has to say on a client that is only asked. A poll that
/// does not wait would end at the first line of its log.
fn drain(consumer: &BaseConsumer<Context>) {
    const MOST: usize = 1_000;
    const MOMENT: Duration = Duration::from_millis(2);
    for _ in 0..MOST {
        if consumer.poll(MOMENT).is_none() {
            break;
        }
    }
}

/// The library's words without the crate's frame around them.
fn plain(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
}

fn options(limit: Duration) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(limit))
}

fn list<'a>(all: impl Iterator<Item = (&'a str, i32, i64)>) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (topic, partition, offset) in all {
        let offset = if offset < 0 { Offset::Invalid } else { Offset::Offset(offset) };
        list.add_partition_offset(topic, partition, offset)?;
    }
    Ok(list)
}

/// Waits for an answer of the library, which has a limit of its own.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    struct Thread(std::thread::Thread);
    impl Wake for Thread {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Thread(std::thread::current())));
    let mut answer = std::pin::pin!(answer);
    loop {
        match answer.as_mut().poll(&mut Task::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}
