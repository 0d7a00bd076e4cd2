//! A thread that works for some lanes: it reads their records, judges them in
//! batches, and hands those to its committer.
//!
//! It reads with a manual assignment, so that nothing that happens to the group
//! happens inside of its reading. What is waiting becomes the next batch. How much
//! may be judged and not committed is bounded; beyond that it reads no more.

use super::batch::Batch;
use super::client::{ClientError, Context};
use super::commits::Ready;
use super::committer::{Answer, Committer, Ground};
use super::lane::Lane;
use super::orders::{GivingUp, Opening, Order};
use super::rebuild::{Opener, pause};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use sandgate_engine::judged::{Judge as _, Unjudged};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// A worker, on its own thread.
pub(super) struct Worker {
    pub(super) ground: Arc<Ground>,
    pub(super) opener: Arc<Opener>,
    pub(super) index: usize,
    /// The most records of a batch.
    pub(super) batch: usize,
    pub(super) consumer: Arc<BaseConsumer<Context>>,
    pub(super) orders: Receiver<Order>,
    /// Where those who open lanes say so.
    pub(super) own: Sender<Order>,
    pub(super) committer: Committer,
    /// Whether the committer has its producers.
    pub(super) begun: bool,
    pub(super) lanes: Vec<Held>,
    pub(super) opening: Vec<Opening>,
    pub(super) giving_up: Vec<GivingUp>,
    pub(super) stopping: Option<Instant>,
    /// What time is counted from for quotas.
    pub(super) began: Instant,
    /// Records and bytes handed over and not answered.
    pub(super) waiting: (u64, u64),
    pub(super) spare: Vec<Batch>,
}

/// A lane in work.
pub(super) struct Held {
    pub(super) lane: Arc<Lane>,
    /// What is being gathered.
    pub(super) batch: Batch,
    /// The number of the next batch.
    pub(super) number: u64,
    /// Of each source, the next offset.
    pub(super) positions: Vec<u64>,
    /// Batches handed over and not answered.
    pub(super) in_flight: usize,
    /// Whether it is finished and then given up.
    pub(super) draining: bool,
    /// Whether it is then taken over anew, because windows wait for what was before them.
    pub(super) refilling: bool,
    /// What it was when it was looked at for such windows.
    pub(super) looked: Option<Arc<sandgate_state::Layout>>,
    /// Set while what its windows need cannot be asked: nothing of it is read then.
    pub(super) waiting: Option<Waiting>,
}

/// Of a lane that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) since: Instant,
    /// How long after the last try the next one is.
    pub(super) pause: Duration,
    pub(super) next: Instant,
    /// When it was told last.
    pub(super) told: Instant,
}

/// How long a quiet worker waits before it looks around.
const IDLE: Duration = Duration::from_millis(5);
/// Most records that are read before batches are judged.
const READ_MAX: usize = 2_048;
/// How long full batches are judged before those of all lanes are: a lane whose policies
/// take long has its turn, and then the others have theirs.
const TURN: Duration = Duration::from_millis(5);
/// Batches that are kept to be used again.
const SPARE_MAX: usize = 64;

impl Worker {
    pub(super) fn new(
        ground: &Arc<Ground>,
        opener: &Arc<Opener>,
        index: usize,
        batch: usize,
        (own, orders): (Sender<Order>, Receiver<Order>),
    ) -> Result<Worker, ClientError> {
        let consumer = Arc::new(ground.clients.reader()?);
        let committer = Committer::start(ground, index)
            .map_err(|error| ClientError::Settings { why: format!("no thread can be started: {error}") })?;
        Ok(Worker {
            ground: Arc::clone(ground),
            opener: Arc::clone(opener),
            index,
            batch,
            consumer,
            orders,
            own,
            committer,
            begun: false,
            lanes: Vec::new(),
            opening: Vec::new(),
            giving_up: Vec::new(),
            stopping: None,
            began: Instant::now(),
            waiting: (0, 0),
            spare: Vec::new(),
        })
    }

    /// Works until it is told to stop and everything in hand is committed, or the
    /// limit for that has passed.
    pub(super) fn run(&mut self) {
        let consumer = Arc::clone(&self.consumer);
        let pulse = self.ground.counts.pulse(format!("worker {}", self.index));
        let mut was_full = false;
        loop {
            pulse.beat();
            self.hear_orders();
            self.hear_answers(Duration::ZERO);
            self.refill();
            self.finish_leaving();
            if self.is_done() {
                break;
            }
            if self.committer.hangs() {
                self.replace_committer();
            }
            let is_full = self.is_full();
            self.ground.counts.full.add(u64::from(is_full && !was_full));
            was_full = is_full;
            if is_full || !self.begun || self.stopping.is_some() {
                self.hear_answers(IDLE);
                continue;
            }
            self.read(&consumer);
            self.judge_all();
        }
        for opening in &self.opening {
            opening.cancel();
        }
        for held in &self.lanes {
            held.lane.leave();
        }
    }

    fn is_full(&self) -> bool {
        let most = self.ground.clients.config().waiting;
        self.waiting.0 >= most.records || self.waiting.1 >= most.bytes
    }

    fn is_done(&self) -> bool {
        let limit = self.ground.clients.config().shutdown;
        self.stopping.is_some_and(|since| self.waiting.0 == 0 || since.elapsed() >= limit)
    }

    /// Reads what is waiting; where nothing is, waits a little.
    fn read(&mut self, consumer: &BaseConsumer<Context>) {
        let mut wait = IDLE;
        let mut judging = Duration::ZERO;
        for _ in 0..READ_MAX {
            match consumer.poll(wait) {
                None => return,
                Some(Ok(message)) => {
                    if let Some(full) = self.push(&message) {
                        let since = Instant::now();
                        let judged = self.judge(full);
                        judging += since.elapsed();
                        if !judged || judging >= TURN || self.is_full() {
                            return;
                        }
                    }
                }
                Some(Err(error)) => self.heard(&error),
            }
            wait = Duration::ZERO;
        }
    }

    /// Puts a record into the batch of its lane. Says which lane's is full then.
    fn push(&mut self, message: &BorrowedMessage<'_>) -> Option<usize> {
        let partition = message.partition();
        let at = self.lanes.iter().position(|held| held.lane.partition == partition)?;
        let sources = &self.ground.topics.sources;
        let topic = message.topic();
        let source = if sources.len() == 1 { 0 } else { sources.iter().position(|source| source.topic == topic)? };
        let (held, size_max) = (self.lanes.get_mut(at)?, sources.get(source)?.size_max);
        let next = held.positions.get_mut(source)?;
        let offset = message.offset().unsigned_abs();
        // what was read before it was gone back, or before it waits: that is read again
        if offset < *next || held.draining || held.waiting.is_some() {
            return None;
        }
        *next = offset + 1;
        held.batch.push(source, message, size_max, &self.ground.clients.config().headers);
        held.batch.is_full(self.batch).then_some(at)
    }

    fn judge_all(&mut self) {
        for at in 0..self.lanes.len() {
            // who asked in vain has taken its time: the others come after a look around
            if !self.judge(at) {
                return;
            }
        }
    }

    /// Judges what was gathered for a lane, and hands it over. `false` where it waits for
    /// shared series that were asked in vain.
    fn judge(&mut self, at: usize) -> bool {
        let Some(held) = self.lanes.get_mut(at) else { return true };
        if held.batch.is_empty() || held.draining || !held.may_be_judged() {
            return true;
        }
        let mut batch = std::mem::replace(&mut held.batch, self.spare.pop().unwrap_or_else(Batch::new));
        batch.ends.clone_from(&held.positions);
        held.lane.judge.at(self.began.elapsed());
        match batch.judge(held.number, &held.lane.judge) {
            Ok(()) => {}
            Err(Unjudged::Waits(why)) => {
                self.wait(at, batch, &why);
                return false;
            }
            Err(Unjudged::Closed(_)) => {
                // one that the group has taken away gives up by itself; else a panic of another thread has closed it
                if !held.lane.is_gone() {
                    tracing::error!(partition = held.lane.partition, "the lane is closed");
                }
                held.lane.leave();
                return true;
            }
        }
        for note in batch.judged.notes.drain(..) {
            tracing::warn!(partition = held.lane.partition, "{note}");
        }
        self.waiting.0 += batch.len() as u64;
        self.waiting.1 += batch.size() as u64;
        self.ground.counts.waiting.fetch_add(batch.len() as u64, Ordering::Relaxed);
        held.in_flight += 1;
        self.committer.commit(Ready { lane: Arc::clone(&held.lane), number: held.number, batch });
        held.number += 1;
        self.wait_no_more(at);
        true
    }

    /// Hears what became of batches; waits for the first so long.
    fn hear_answers(&mut self, wait: Duration) {
        let mut answer = self.committer.answers.recv_timeout(wait);
        loop {
            match answer {
                Ok(Answer::Begun) => {
                    self.begun = true;
                    self.reopen_gone();
                }
                Ok(Answer::Committed(batches)) => batches.into_iter().for_each(|ready| self.committed(ready)),
                Ok(Answer::Undone) => self.go_back(),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => return self.replace_committer(),
            }
            answer = self.committer.answers.recv_timeout(Duration::ZERO);
        }
    }

    fn committed(&mut self, ready: Ready) {
        let Ready { lane, mut batch, .. } = ready;
        self.waiting.0 = self.waiting.0.saturating_sub(batch.len() as u64);
        self.waiting.1 = self.waiting.1.saturating_sub(batch.size() as u64);
        self.ground.counts.waiting.fetch_sub(batch.len() as u64, Ordering::Relaxed);
        if let Some(held) = self.lanes.iter_mut().find(|held| Arc::ptr_eq(&held.lane, &lane)) {
            held.in_flight = held.in_flight.saturating_sub(1);
        }
        if self.spare.len() < SPARE_MAX {
            batch.clear();
            self.spare.push(batch);
        }
    }

    /// Puts all lanes back to their last commit.
    fn go_back(&mut self) {
        self.ground.counts.waiting.fetch_sub(self.waiting.0, Ordering::Relaxed);
        self.waiting = (0, 0);
        let mut list = TopicPartitionList::new();
        let mut anew = false;
        for held in &mut self.lanes {
            // what waited is read again too
            if held.waiting.take().is_some() {
                anew = true;
                self.ground.counts.waits(held.lane.partition, None);
            }
            held.batch.clear();
            held.in_flight = 0;
            held.lane.judge.abort();
            let kept = held.lane.kept();
            held.number = kept.next;
            held.positions.clone_from(&kept.last.positions);
            if !held.draining && !held.lane.is_gone() {
                add(&mut list, &self.ground, &held.lane, &held.positions);
            }
        }
        let sought = if anew { Ok(()) } else { self.seek(list) };
        if let Err(error) = &sought {
            tracing::warn!(worker = self.index, %error, "the consumer does not go back; it is assigned anew");
        }
        if anew || sought.is_err() {
            self.assign_anew();
        }
        self.committer.go_on();
        self.reopen_gone();
    }

    fn seek(&self, list: TopicPartitionList) -> Result<(), KafkaError> {
        if list.count() == 0 {
            return Ok(());
        }
        let sought = self.consumer.seek_partitions(list, Duration::from_secs(5))?;
        sought.elements().iter().try_for_each(|element| element.error())
    }

    /// Gives the consumer all partitions of all lanes, from where they stand.
    pub(super) fn assign_anew(&self) {
        let mut list = TopicPartitionList::new();
        let reads = |held: &&Held| !held.draining && held.waiting.is_none() && !held.lane.is_gone();
        for held in self.lanes.iter().filter(reads) {
            add(&mut list, &self.ground, &held.lane, &held.positions);
        }
        if let Err(error) = self.consumer.unassign().and_then(|()| self.consumer.assign(&list)) {
            tracing::error!(worker = self.index, %error, "the consumer takes no partitions");
        }
    }

    /// Something that the consumer says instead of a record.
    fn heard(&mut self, error: &KafkaError) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset) => {
                tracing::error!(
                    worker = self.index, %error,
                    "records were deleted before they were judged: the lane is looked at again"
                );
                // which one it is the opener finds out
                for held in &self.lanes {
                    held.lane.leave();
                }
                self.replace_committer();
            }
            Some(RDKafkaErrorCode::PartitionEOF) => {}
            // the client goes on trying, and says so itself
            _ => tracing::debug!(worker = self.index, %error, "the consumer reports"),
        }
    }

    /// Leaves the committer behind. The lanes are taken over anew when the next one
    /// has its producers: until these have fenced those before, a commit that hung
    /// may still come about.
    fn replace_committer(&mut self) {
        tracing::warn!(worker = self.index, "the committer is replaced, and the lanes are taken over anew");
        for held in &mut self.lanes {
            held.lane.leave();
            held.lane.judge.close();
            held.in_flight = 0;
            // with the others, and it brings what windows wait for too
            if std::mem::take(&mut held.refilling) {
                held.draining = false;
            }
        }
        self.committer.leave();
        match Committer::start(&self.ground, self.index) {
            Ok(committer) => self.committer = committer,
            Err(error) => {
                tracing::error!(worker = self.index, %error, "no thread can be started; trying on");
                pause(Duration::from_millis(500));
            }
        }
        self.begun = false;
        self.ground.counts.waiting.fetch_sub(self.waiting.0, Ordering::Relaxed);
        self.waiting = (0, 0);
    }
}

/// Adds the partitions of a lane with the next offset of each.
pub(super) fn add(list: &mut TopicPartitionList, ground: &Ground, lane: &Lane, positions: &[u64]) {
    for (source, offset) in ground.topics.sources.iter().zip(positions) {
        // an offset that came from Kafka is one for Kafka
        let _ = list.add_partition_offset(&source.topic, lane.partition, Offset::Offset(offset.cast_signed()));
    }
}
