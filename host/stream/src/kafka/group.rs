//! Membership in the consumer group, and nothing else: which partitions of the
//! leading topic are this host's. The partitions are paused at once, no record is
//! ever read here, and a thread of its own polls all the time, so that neither
//! heartbeats nor a rebalance wait for work.
//!
//! It uses the classic protocol: in this version of the C library a static member
//! of the new one that was killed comes back to a fatal error.

use super::client::{ClientError, Clients, Context, Purpose};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Is told what this host owns. All calls come from one thread, one at a time, and
/// the next rebalance waits for them.
pub trait Ownership: Send + Sync + 'static {
    /// These partitions are this host's from now on.
    fn assigned(&self, partitions: &[i32]);

    /// These are to be given up: another host gets them when this returns. It may
    /// take its time to finish and commit, within a limit of its own.
    fn revoked(&self, partitions: &[i32]);

    /// These are gone already, perhaps to another host: nothing of them can be
    /// committed any more.
    fn lost(&self, partitions: &[i32]);

    /// The group does not have this host any more, and will not take it back.
    fn expelled(&self, why: GroupError);
}

/// This host as a member of its group.
pub struct Group {
    /// The thread has it; it ends with the thread.
    consumer: Weak<BaseConsumer<Member>>,
    orders: Arc<Orders>,
    ended: Receiver<()>,
}

/// Why a host is no member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The library does not make the client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The thread that polls cannot be started.
    #[error("the thread of the group cannot be started: {0}")]
    Thread(String),
    /// The topic cannot be subscribed to.
    #[error("topic {topic} cannot be subscribed to: {why}")]
    Subscribe {
        /// The leading topic.
        topic: String,
        /// What the library says.
        why: String,
    },
    /// Another host has the same `instance`.
    #[error("another host came with the instance `{instance}`: give each host of the group its own [kafka] instance")]
    Fenced {
        /// This host's stable name.
        instance: String,
    },
    /// Anything else that this member does not survive.
    #[error("the group has no place for this host any more: {0}; start it again")]
    Fatal(String),
    /// It has left.
    #[error("this host has left the group")]
    Left,
}

/// What the thread is told.
#[derive(Debug, Default)]
struct Orders {
    stop: AtomicBool,
    /// Whether to leave for good, so that others take over at once.
    leave: AtomicBool,
}

/// Listens to the group.
struct Member {
    context: Context,
    ownership: Arc<dyn Ownership>,
    topic: String,
}

impl Group {
    /// How long one poll waits.
    const POLL: Duration = Duration::from_millis(100);

    /// Becomes a member, for this topic. Returns at once; what the host owns is told
    /// as it comes.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn join(clients: &Clients, topic: &str, ownership: Arc<dyn Ownership>) -> Result<Group, GroupError> {
        let settings: ClientConfig = clients.settings(Purpose::Member);
        let context = clients.context(Purpose::Member);
        let member = Member { context, ownership: Arc::clone(&ownership), topic: topic.to_owned() };
        let consumer: BaseConsumer<Member> =
            settings.create_with_context(member).map_err(|error| clients.unmade(error))?;
        let subscribed = consumer.subscribe(&[topic]);
        subscribed.map_err(|error| GroupError::Subscribe { topic: topic.to_owned(), why: error.to_string() })?;
        let consumer = Arc::new(consumer);
        let weak = Arc::downgrade(&consumer);
        let orders = Arc::new(Orders::default());
        let (end, ended) = channel();
        let (told, instance) = (Arc::clone(&orders), clients.config().instance.clone().unwrap_or_default());
        let thread = std::thread::Builder::new().name("sandgate-group".to_owned()).spawn(move || {
            while !told.stop.load(Ordering::Acquire) {
                let Some(Err(error)) = consumer.poll(Group::POLL) else { continue };
                if let Some(why) = expelled(&consumer, &error, &instance) {
                    ownership.expelled(why);
                    break;
                }
            }
            if told.leave.load(Ordering::Acquire) {
                consumer.unsubscribe();
            }
            // closes it, with a last revocation: on this thread, and not on one that asks
            // for the membership at this moment
            let mut shared = consumer;
            while let Err(asked) = Arc::try_unwrap(shared) {
                shared = asked;
                std::thread::yield_now();
            }
            // nobody may wait for it any more
            let _ = end.send(());
        });
        thread.map_err(|error| GroupError::Thread(error.to_string()))?;
        Ok(Group { consumer: weak, orders, ended })
    }

    /// The membership as it is at this moment, for the offsets of a commit. May be
    /// called from any thread.
    ///
    /// # Errors
    /// Where this host has left.
    pub fn metadata(&self) -> Result<ConsumerGroupMetadata, GroupError> {
        self.consumer.upgrade().and_then(|consumer| consumer.group_metadata()).ok_or(GroupError::Left)
    }

    /// Ends the membership: a last `revoked` comes, then nothing more. With a stable
    /// name the place is kept for the session's length, so that this host comes back
    /// to its partitions; `for_good` gives them to others at once. Says whether it
    /// came about within the limit; else the thread is left behind.
    pub fn leave(self, for_good: bool, limit: Duration) -> bool {
        self.orders.leave.store(for_good, Ordering::Release);
        self.orders.stop.store(true, Ordering::Release);
        !matches!(self.ended.recv_timeout(limit), Err(RecvTimeoutError::Timeout))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.orders.stop.store(true, Ordering::Release);
    }
}

/// Whether an error ends the membership. Everything else passes by itself.
fn expelled(consumer: &BaseConsumer<Member>, error: &KafkaError, instance: &str) -> Option<GroupError> {
    let code = match (error, consumer.client().fatal_error()) {
        (_, Some((code, _))) => code,
        (KafkaError::MessageConsumptionFatal(code), None) => *code,
        _ => return None,
    };
    Some(match code {
        RDKafkaErrorCode::FencedInstanceId | RDKafkaErrorCode::UnreleasedInstanceId => {
            GroupError::Fenced { instance: instance.to_owned() }
        }
        code => GroupError::Fatal(code.to_string()),
    })
}

// === impl Member ===

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl Member {
    fn partitions(&self, list: &TopicPartitionList) -> Vec<i32> {
        list.elements_for_topic(&self.topic).iter().map(|element| element.partition()).collect()
    }

    /// Takes partitions without asking where the group stands in them: nothing is
    /// read here, and a commit that is still open would hold the question up.
    fn assign(&self, consumer: &BaseConsumer<Self>, list: &mut TopicPartitionList) {
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let assigned = list
            .set_all_offsets(Offset::End)
            .and_then(|()| if cooperative { consumer.incremental_assign(list) } else { consumer.assign(list) })
            .and_then(|()| consumer.pause(list));
        if let Err(error) = assigned {
            tracing::warn!(%error, "partitions that the group gave cannot be taken");
            return;
        }
        self.ownership.assigned(&self.partitions(list));
    }

    fn unassign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = self.partitions(list);
        if consumer.assignment_lost() {
            self.ownership.lost(&partitions);
        } else {
            self.ownership.revoked(&partitions);
        }
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let unassigned = if cooperative { consumer.incremental_unassign(list) } else { consumer.unassign() };
        if let Err(error) = unassigned {
            tracing::warn!(%error, "partitions cannot be given back to the group");
        }
    }
}

impl ConsumerContext for Member {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, error: RDKafkaRespErr, list: &mut TopicPartitionList) {
        match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, list),
            _ => self.unassign(consumer, list),
        }
    }
}
