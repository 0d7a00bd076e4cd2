//! Writing what the database answered into Redis, on a thread of its own: no
//! batch waits for it.
//!
//! What is waiting is bounded; what does not fit is left out, because another
//! host or a later look-up will write it.

use crate::between::{Between, Put};
use crate::database::Name;
use crate::tier::Tier;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Batches that may wait.
const WAITING_MAX: usize = 64;

/// One answer on its way.
pub(crate) struct Answered {
    pub(crate) name: Name,
    pub(crate) value: Option<Arc<str>>,
    /// The last change that was heard of before the database was asked.
    pub(crate) number: i64,
    /// Whether it takes the place of what Redis has.
    pub(crate) over: bool,
}

/// The way to the thread that writes. It ends when this is dropped.
pub(crate) struct WriteBack {
    sender: SyncSender<(Instant, Vec<Answered>)>,
}

impl WriteBack {
    pub(crate) fn start(between: Arc<Between>, tier: Arc<Tier>, ttl: Duration) -> std::io::Result<WriteBack> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let work = move || write(&receiver, &between, &tier, ttl);
        std::thread::Builder::new().name("tags-write-back".to_owned()).spawn(work)?;
        Ok(WriteBack { sender })
    }

    /// Lets a batch be written, if there is room. Its age counts from `asked`.
    pub(crate) fn send(&self, asked: Instant, batch: Vec<Answered>) {
        if !batch.is_empty() {
            // another host, or a later look-up, writes what there is no room for
            let _ = self.sender.try_send((asked, batch));
        }
    }
}

fn write(receiver: &Receiver<(Instant, Vec<Answered>)>, between: &Between, tier: &Tier, ttl: Duration) {
    for (asked, batch) in receiver {
        // what has waited is as much older, and must go as much sooner
        let Some(left) = ttl.checked_sub(asked.elapsed()).filter(|left| !left.is_zero()) else { continue };
        let tags: Vec<Put<'_>> = batch
            .iter()
            .map(|answer| {
                let Answered { name, value, number, over } = answer;
                Put { name: name.wanted(), value: value.as_deref(), number: *number, over: *over }
            })
            .collect();
        // a failure is counted and logged by the tier, and costs nothing but time
        let _ = tier.call(|limit| between.put(&tags, left, limit));
    }
}
