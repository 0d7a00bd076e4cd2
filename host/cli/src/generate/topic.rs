//! Records into a topic, keyed by their account, as fast as they are taken or at
//! a pace. At a pace each happens when it is sent; everything else about it is what
//! the seed gives, so only the times of two such streams differ.

use crate::address::Address;
use crate::topics::LIMIT;
use anyhow::bail;
use sandgate_stream::kafka::{Cluster, Message, Writer};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A topic that records go to.
pub(super) struct Topic {
    writer: Writer,
    topic: String,
    pace: Option<Pace>,
}

/// So many a second.
struct Pace {
    begin: Instant,
    apart: Duration,
    sent: u32,
}

impl Topic {
    /// Looks whether the topic is there.
    ///
    /// # Errors
    /// Where it is not, or nobody answers.
    pub(super) fn open(address: &Address, config: Option<&Path>, rate: Option<u32>) -> anyhow::Result<Topic> {
        let clients = address.clients(config)?;
        let cluster = Cluster::find(&clients, LIMIT, &AtomicBool::new(false))?;
        let Address { brokers, topic } = address;
        if cluster.partitions(topic, LIMIT)? == 0 {
            bail!("there is no topic {topic} at {brokers}: `sandgate topics --create` makes those of a host");
        }
        let pace = rate.map(|rate| Pace { begin: Instant::now(), apart: Duration::from_secs(1) / rate, sent: 0 });
        Ok(Topic { writer: Writer::new(&clients)?, topic: topic.clone(), pace })
    }

    /// When the next record happens, in milliseconds since 1970, if that is not what
    /// the seed says; waits until then.
    pub(super) fn time(&mut self) -> Option<u64> {
        let pace = self.pace.as_mut()?;
        // a pace that was lost is taken up again, so that the mean is right
        let due = pace.begin + pace.apart * pace.sent;
        pace.sent = pace.sent.saturating_add(1);
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        Some(now())
    }

    /// Sends a line.
    pub(super) fn take(&mut self, key: &[u8], line: &[u8]) -> io::Result<()> {
        let payload = line.trim_ascii_end();
        let message = Message { topic: &self.topic, partition: None, key: Some(key), payload, headers: &[], mark: 0 };
        self.writer.send(&message).map_err(io::Error::other)
    }

    /// Waits until everything has arrived.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.writer.finish().map_err(io::Error::other)
    }
}

#[expect(clippy::disallowed_methods, reason = "a record that is sent at a pace happens when it is sent")]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
