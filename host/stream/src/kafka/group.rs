//! Membership in the consumer group, and nothing else: which partitions of the
//! leading topic are this host's. The partitions are paused at once, no record is
//! ever read here, and a thread of its own polls all the time, so that neither
//! heartbeats nor a rebalance wait for work.
//!
//! It uses the classic protocol: in this version of the C library a static member
//! of the new one that was killed comes back to a fatal error.

use super::client::{ClientError, Clients, Context, Purpose};
use super::native;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

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

/// The client that is a member now. The thread has it; it ends with the thread.
type Now = Arc<Mutex<Weak<BaseConsumer<Member>>>>;

/// This host as a member of its group.
pub struct Group {
    now: Now,
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

/// The thread's own side: the host's place in the group.
struct Seat {
    clients: Clients,
    topic: String,
    ownership: Arc<dyn Ownership>,
    orders: Arc<Orders>,
    now: Now,
    /// When it last lost its place to somebody with its name.
    fenced: Option<Instant>,
    /// When the library last said that the broker was silent for a session.
    silence: Arc<Mutex<Option<Instant>>>,
}

/// Listens to the group.
struct Member {
    context: Context,
    ownership: Arc<dyn Ownership>,
    topic: String,
    silence: Arc<Mutex<Option<Instant>>>,
    /// By which name the group knew this host when it gave it what it holds.
    holder: Mutex<Option<String>>,
}

/// Why a client is no member any more.
enum Ended {
    /// The group knows this host by another name than when it gave it what it holds: it
    /// was thrown out and let in again. The library notices that in one of several
    /// places only, and holds on to partitions that may be another host's by now.
    Renamed,
    Why(GroupError),
}

impl Group {
    /// Becomes a member, for this topic. Returns at once; what the host owns is told
    /// as it comes.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn join(clients: &Clients, topic: &str, ownership: Arc<dyn Ownership>) -> Result<Group, GroupError> {
        let mut seat = Seat {
            clients: clients.clone(),
            topic: topic.to_owned(),
            ownership,
            orders: Arc::default(),
            now: Arc::default(),
            fenced: None,
            silence: Arc::default(),
        };
        let (now, orders) = (Arc::clone(&seat.now), Arc::clone(&seat.orders));
        let consumer = seat.sit()?;
        let (end, ended) = channel();
        let thread = std::thread::Builder::new().name("sandgate-group".to_owned()).spawn(move || {
            seat.keep(consumer);
            // nobody may wait for it any more
            let _ = end.send(());
        });
        thread.map_err(|error| GroupError::Thread(error.to_string()))?;
        Ok(Group { now, orders, ended })
    }

    /// The membership as it is at this moment, for the offsets of a commit. May be
    /// called from any thread.
    ///
    /// # Errors
    /// Where this host has left, or was thrown out and let in again meanwhile: the broker
    /// would take the offsets of what another host may have by now.
    pub fn metadata(&self) -> Result<ConsumerGroupMetadata, GroupError> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let consumer = now.upgrade().ok_or(GroupError::Left)?;
        let metadata = consumer.group_metadata().ok_or(GroupError::Left)?;
        // a name is never used again, so it was the same before
        if consumer.context().is_renamed(&consumer) { Err(GroupError::Left) } else { Ok(metadata) }
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

// === impl Seat ===

impl Seat {
    /// How long one poll waits.
    const POLL: Duration = Duration::from_millis(100);
    /// A rival that was fenced comes back within this time.
    const RIVAL: Duration = Duration::from_secs(30);

    /// A client that becomes a member.
    fn sit(&mut self) -> Result<Arc<BaseConsumer<Member>>, GroupError> {
        let settings: ClientConfig = self.clients.settings(Purpose::Member);
        let (context, ownership) = (self.clients.context(Purpose::Member), Arc::clone(&self.ownership));
        let (topic, silence) = (self.topic.clone(), Arc::clone(&self.silence));
        let member = Member { context, ownership, topic, silence, holder: Mutex::default() };
        let consumer: BaseConsumer<Member> =
            settings.create_with_context(member).map_err(|error| self.clients.unmade(error))?;
        let subscribed = consumer.subscribe(&[&self.topic]);
        subscribed.map_err(|error| GroupError::Subscribe { topic: self.topic.clone(), why: error.to_string() })?;
        let consumer = Arc::new(consumer);
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&consumer);
        Ok(consumer)
    }

    /// Polls until it is told to stop, or the group has no place for this host.
    fn keep(&mut self, mut consumer: Arc<BaseConsumer<Member>>) {
        while let Some(ended) = self.poll(&consumer) {
            match ended {
                Ended::Renamed => tracing::warn!(
                    "the group has thrown this host out and let it in again, and what it held may be another's by now; it joins anew"
                ),
                Ended::Why(GroupError::Fenced { .. }) if self.is_own() => tracing::warn!(
                    "somebody joined the group under the name of this host, perhaps itself after a silence of the broker; it joins again"
                ),
                Ended::Why(why) => {
                    self.ownership.expelled(why);
                    break;
                }
            }
            if let Ok(list) = consumer.assignment() {
                let partitions: Vec<i32> = list.elements().iter().map(|element| element.partition()).collect();
                self.ownership.lost(&partitions);
            }
            close(consumer);
            consumer = match self.sit() {
                Ok(consumer) => consumer,
                Err(why) => return self.ownership.expelled(why),
            };
        }
        if self.orders.leave.load(Ordering::Acquire) {
            consumer.unsubscribe();
        }
        close(consumer);
    }

    /// Why this client is no member any more; nothing where it is told to stop.
    fn poll(&self, consumer: &BaseConsumer<Member>) -> Option<Ended> {
        while !self.is_stopped() {
            let polled = consumer.poll(Seat::POLL);
            if consumer.context().is_renamed(consumer) {
                return Some(Ended::Renamed);
            }
            let Some(Err(error)) = polled else { continue };
            let code = match (error, consumer.client().fatal_error()) {
                (_, Some((code, _))) => code,
                (KafkaError::MessageConsumptionFatal(code), None) => code,
                // everything else passes by itself
                _ => continue,
            };
            return Some(Ended::Why(match code {
                RDKafkaErrorCode::FencedInstanceId | RDKafkaErrorCode::UnreleasedInstanceId => {
                    GroupError::Fenced { instance: self.clients.config().instance.clone().unwrap_or_default() }
                }
                code => GroupError::Fatal(code.to_string()),
            }));
        }
        None
    }

    fn is_stopped(&self) -> bool {
        self.orders.stop.load(Ordering::Acquire)
    }

    /// Whether it was this process itself that took its place: after a silence of the
    /// broker the library joins again under its stable name, and takes what becomes of
    /// its first attempt for the work of a rival. A true rival comes without a silence,
    /// and comes back.
    fn is_own(&mut self) -> bool {
        let now = Instant::now();
        let recently = |then: &Option<Instant>| then.is_some_and(|then| now - then < Seat::RIVAL);
        let again = recently(&self.fenced);
        self.fenced = Some(now);
        !again || recently(&self.silence.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Closes a member, with a last revocation: on this thread, and not on one that asks
/// for the membership at this moment.
fn close(mut consumer: Arc<BaseConsumer<Member>>) {
    while let Err(asked) = Arc::try_unwrap(consumer) {
        consumer = asked;
        std::thread::yield_now();
    }
}

// === impl Member ===

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "SESSTMOUT" {
            *self.silence.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
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

    /// Whether the group knows this host by another name than when it gave it what it
    /// holds; a member that is joining has no name.
    fn is_renamed(&self, consumer: &BaseConsumer<Self>) -> bool {
        let holder = self.holder().clone();
        holder.is_some_and(|holder| {
            let now = native::member_id(consumer);
            !now.is_empty() && now != holder
        })
    }

    fn holder(&self) -> MutexGuard<'_, Option<String>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
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
            // the group would see a member that is well, and nobody would work for them
            let why = format!("partitions that it gave cannot be taken ({error})");
            return self.ownership.expelled(GroupError::Fatal(why));
        }
        let partitions = self.partitions(list);
        if !partitions.is_empty() {
            // one that held some before keeps the name that it had then
            self.holder().get_or_insert_with(|| native::member_id(consumer));
        }
        self.ownership.assigned(&partitions);
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
        if consumer.assignment().is_ok_and(|left| left.count() == 0) {
            *self.holder() = None;
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
