//! A lane that waits: what its windows need cannot be asked, and its tenant has chosen
//! to wait. Its batch is kept and brought again after a while; nothing more of it is
//! read meanwhile. The worker goes on with its other lanes, hears its orders, and may
//! give the lane up or stop at any moment: what waits was not judged, so that whoever
//! has the lane next reads it again.

use super::batch::Batch;
use super::worker::{Held, Waiting, Worker, add};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use sandgate_engine::judged::Judge as _;
use std::time::{Duration, Instant};

/// When a lane that waits is brought again: after this, then after twice as long,
/// and so on. What is asked has a breaker and a chance of its own.
const FIRST: Duration = Duration::from_millis(50);
/// No pause is longer.
const MOST: Duration = Duration::from_secs(1);
/// How often a lane that waits says so.
const TOLD: Duration = Duration::from_secs(30);

impl Held {
    /// Whether its batch may be judged now. One that was tried before has to be the
    /// first that is not committed, and is taken back then.
    pub(super) fn may_be_judged(&self) -> bool {
        let Some(waiting) = &self.waiting else { return true };
        if self.in_flight > 0 || Instant::now() < waiting.next {
            return false;
        }
        self.lane.judge.abort();
        true
    }
}

impl Worker {
    /// Keeps a batch that cannot be judged yet.
    pub(super) fn wait(&mut self, at: usize, mut batch: Batch, why: &str) {
        let Some(held) = self.lanes.get_mut(at) else { return };
        batch.judged.clear();
        let spare = std::mem::replace(&mut held.batch, batch);
        self.spare.push(spare);
        let (now, partition) = (Instant::now(), held.lane.partition);
        let begins = held.waiting.is_none();
        let waiting = held.waiting.get_or_insert(Waiting { since: now, pause: FIRST, next: now, told: now });
        waiting.next = now + waiting.pause;
        waiting.pause = (waiting.pause * 2).min(MOST);
        if begins || now.duration_since(waiting.told) >= TOLD {
            waiting.told = now;
            let waited = now.duration_since(waiting.since);
            tracing::warn!(partition, ?waited, %why, "shared series cannot be asked: the lane waits");
        }
        self.ground.counts.waits(partition, Some(why));
        if begins {
            let mut list = TopicPartitionList::new();
            add(&mut list, &self.ground, &held.lane, &held.positions);
            self.unassign(&list);
        }
    }

    /// Reads a lane on that has waited.
    pub(super) fn wait_no_more(&mut self, at: usize) {
        let Some(held) = self.lanes.get_mut(at) else { return };
        let Some(waiting) = held.waiting.take() else { return };
        let partition = held.lane.partition;
        self.ground.counts.waits(partition, None);
        tracing::info!(partition, waited = ?waiting.since.elapsed(), "shared series are back: the lane goes on");
        let mut list = TopicPartitionList::new();
        add(&mut list, &self.ground, &held.lane, &held.positions);
        if let Err(error) = self.consumer.incremental_assign(&list) {
            tracing::warn!(partition, %error, "the consumer does not take the lane back; it is assigned anew");
            self.assign_anew();
        }
    }
}
