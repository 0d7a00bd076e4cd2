//! Lanes come to a worker and leave it: what it does about its orders.

use super::batch::Batch;
use super::lane::Lane;
use super::orders::{GivingUp, Opening, Order, open};
use super::refusal::LaneError;
use super::worker::{Held, Worker, add};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Instant;

impl Worker {
    pub(super) fn hear_orders(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Take { partition, lost } => self.take(partition, lost),
                Order::GiveUp { partitions, done } => self.give_up(partitions, done),
                Order::Lost(partitions) => self.lose(&partitions),
                Order::Opened { partition, opened, lost } => self.opened(partition, opened, &lost),
                Order::Stop => self.stopping = self.stopping.or(Some(Instant::now())),
            }
        }
    }

    fn take(&mut self, partition: i32, lost: Arc<AtomicBool>) {
        self.ground.counts.opening(partition);
        self.opening.push(Opening { partition, lost: Arc::clone(&lost) });
        let (opener, own) = (Arc::clone(&self.opener), self.own.clone());
        let spawned = std::thread::Builder::new().name(format!("sandgate-open-{partition}")).spawn({
            move || {
                let opened = catch_unwind(AssertUnwindSafe(|| open(&opener, partition, &lost).map(Box::new)));
                let opened =
                    opened.unwrap_or_else(|_| Err(LaneError::Unable("taking it over has panicked".to_owned())));
                // a worker that ended has no use for it
                let _ = own.send(Order::Opened { partition, opened, lost });
            }
        });
        if let Err(error) = spawned {
            self.refused(partition, &LaneError::Unable(format!("no thread can be started: {error}")));
        }
    }

    fn opened(&mut self, partition: i32, opened: Result<Box<Lane>, LaneError>, lost: &Arc<AtomicBool>) {
        self.opening.retain(|opening| !Arc::ptr_eq(&opening.lost, lost));
        if lost.load(Ordering::Acquire) {
            return;
        }
        let lane = match opened {
            Ok(lane) => Arc::new(*lane),
            Err(LaneError::Cancelled) => return,
            Err(error) => return self.refused(partition, &error),
        };
        let positions = lane.kept().last.positions.clone();
        let mut list = TopicPartitionList::new();
        add(&mut list, &self.ground, &lane, &positions);
        if let Err(error) = self.consumer.incremental_assign(&list) {
            return self.refused(partition, &LaneError::Unable(format!("its consumer does not take it: {error}")));
        }
        self.ground.counts.running(&lane);
        let batch = self.spare.pop().unwrap_or_else(Batch::new);
        self.lanes.push(Held {
            lane,
            batch,
            number: 0,
            positions,
            in_flight: 0,
            draining: false,
            refilling: false,
            looked: None,
            waiting: None,
        });
    }

    fn refused(&self, partition: i32, error: &LaneError) {
        self.ground.counts.refused(partition, error);
        tracing::error!(partition, %error, "this lane is refused, and its records wait");
    }

    fn give_up(&mut self, partitions: Vec<i32>, done: SyncSender<()>) {
        self.forget(&partitions);
        for held in self.lanes.iter_mut().filter(|held| partitions.contains(&held.lane.partition)) {
            held.draining = true;
            held.batch.clear();
        }
        self.giving_up.push(GivingUp { partitions, done });
    }

    fn lose(&mut self, partitions: &[i32]) {
        self.forget(partitions);
        for held in self.lanes.iter_mut().filter(|held| partitions.contains(&held.lane.partition)) {
            held.lane.leave();
            held.draining = true;
        }
    }

    /// Nothing more is read of these, and nobody takes them over.
    fn forget(&mut self, partitions: &[i32]) {
        for opening in self.opening.iter().filter(|opening| partitions.contains(&opening.partition)) {
            opening.cancel();
        }
        partitions.iter().for_each(|partition| self.ground.counts.forgotten(*partition));
        let mut list = TopicPartitionList::new();
        let read = |held: &&Held| partitions.contains(&held.lane.partition) && held.waiting.is_none();
        for held in self.lanes.iter().filter(read) {
            add(&mut list, &self.ground, &held.lane, &held.positions);
        }
        self.unassign(&list);
    }

    pub(super) fn unassign(&self, list: &TopicPartitionList) {
        // one by one: the library takes none of a list back where it has not all of them
        for element in list.elements() {
            let mut one = TopicPartitionList::with_capacity(1);
            one.add_partition(element.topic(), element.partition());
            if let Err(error) = self.consumer.incremental_unassign(&one) {
                tracing::debug!(worker = self.index, %error, "the consumer had not this partition");
            }
        }
    }

    /// Lets go of lanes of which nothing is in hand any more, and says so to whoever
    /// waits.
    pub(super) fn finish_leaving(&mut self) {
        let counts = &self.ground.counts;
        let mut refilling = Vec::new();
        self.lanes.retain(|held| {
            let leaves = held.draining && (held.in_flight == 0 || held.lane.is_gone());
            if leaves {
                held.lane.leave();
                // whoever has it next on this host opens its copy on the disk
                held.lane.kept().journal = None;
                counts.left(&held.lane);
                if held.refilling && self.stopping.is_none() {
                    refilling.push((held.lane.partition, Arc::clone(&held.lane.lost)));
                }
            }
            !leaves
        });
        for (partition, lost) in refilling {
            // what the group has taken away meanwhile comes back, if ever, by the group
            let leaves = self.giving_up.iter().any(|giving| giving.partitions.contains(&partition));
            if !leaves && !lost.load(Ordering::Acquire) {
                self.take(partition, lost);
            }
        }
        let lanes = &self.lanes;
        self.giving_up.retain(|giving| {
            let in_hand = lanes.iter().any(|held| giving.partitions.contains(&held.lane.partition));
            if !in_hand {
                // who waited too long is gone
                let _ = giving.done.try_send(());
            }
            in_hand
        });
    }

    /// Lanes whose windows wait for what was before them are finished and taken over anew:
    /// what is kept of them is read back then, and brings it.
    pub(super) fn refill(&mut self) {
        let mut list = TopicPartitionList::new();
        for held in self.lanes.iter_mut().filter(|held| !held.draining && !held.lane.is_gone()) {
            let layout = held.lane.judge.lane().layout();
            if held.looked.as_ref().is_some_and(|looked| Arc::ptr_eq(looked, &layout)) {
                continue;
            }
            held.looked = Some(layout);
            if !held.lane.judge.lane().is_unfilled() {
                continue;
            }
            tracing::info!(
                partition = held.lane.partition,
                "new windows are to be filled with what is kept: the lane is opened anew"
            );
            if held.waiting.is_none() {
                add(&mut list, &self.ground, &held.lane, &held.positions);
            }
            (held.draining, held.refilling) = (true, true);
            // read again by whoever opens it
            held.batch.clear();
        }
        if list.count() > 0 {
            self.unassign(&list);
        }
    }

    /// Lanes that must not be committed any more and are still this host's are taken
    /// over anew.
    pub(super) fn reopen_gone(&mut self) {
        let mut gone = Vec::new();
        let mut list = TopicPartitionList::new();
        for held in self.lanes.iter().filter(|held| held.lane.is_gone() && !held.draining) {
            if held.waiting.is_none() {
                add(&mut list, &self.ground, &held.lane, &held.positions);
            }
            gone.push((held.lane.partition, Arc::clone(&held.lane.lost)));
            // its copy on the disk is opened again by whoever takes it over
            held.lane.kept().journal = None;
            self.ground.counts.left(&held.lane);
        }
        self.unassign(&list);
        self.lanes.retain(|held| !gone.iter().any(|(partition, _)| *partition == held.lane.partition));
        for (partition, lost) in gone {
            // what the group has taken away comes back, if ever, by the group
            if !lost.load(Ordering::Acquire) {
                self.take(partition, lost);
            }
        }
    }
}
