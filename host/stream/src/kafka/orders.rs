//! What a worker is told, and the threads that take lanes over for it.

use super::lane::Lane;
use super::rebuild::{Opener, pause};
use super::refusal::LaneError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, SyncSender};
use std::time::Duration;

/// What a worker is told.
pub(super) enum Order {
    /// A partition is this host's.
    Take { partition: i32, lost: Arc<AtomicBool> },
    /// These are to be given up; `done` is told when nothing of them is in hand.
    GiveUp { partitions: Vec<i32>, done: SyncSender<()> },
    /// These are gone already.
    Lost(Vec<i32>),
    /// A lane is there, or will not be.
    Opened { partition: i32, opened: Result<Box<Lane>, LaneError>, lost: Arc<AtomicBool> },
    /// Finish, commit, and end.
    Stop,
}

/// A lane that is being taken over by a thread of its own.
pub(super) struct Opening {
    pub(super) partition: i32,
    /// Whether the group has taken it away again.
    pub(super) lost: Arc<AtomicBool>,
}

/// Partitions that somebody waits for.
pub(super) struct GivingUp {
    pub(super) partitions: Vec<i32>,
    pub(super) done: SyncSender<()>,
}

impl Opening {
    pub(super) fn cancel(&self) {
        self.lost.store(true, Ordering::Release);
    }
}

/// Takes a lane over; what may pass by itself is tried again.
pub(super) fn open(opener: &Opener, partition: i32, cancelled: &Arc<AtomicBool>) -> Result<Lane, LaneError> {
    loop {
        match opener.open(partition, cancelled) {
            Err(error) if error.may_pass() && !cancelled.load(Ordering::Acquire) => {
                tracing::warn!(partition, %error, "the lane cannot be taken over yet; trying on");
                pause(Duration::from_millis(500));
            }
            opened => return opened,
        }
    }
}

/// Tells a worker something. One that ended needs to know nothing.
pub(super) fn tell(worker: &Sender<Order>, order: Order) {
    let _ = worker.send(order);
}
