//! Events that could not be sent while Redis was gone and decisions were made
//! without it. They are sent before anything else when it is back.
//!
//! They are in memory alone, and bounded: what is lost here, by the bound or because
//! the host ends, is missing in the series, and is counted.

use crate::answer::Wanted;
use crate::server::Ask;
use std::collections::VecDeque;

/// The most bytes of events that wait.
const BYTES_MAX: usize = 16 << 20;
/// Events that are sent in one call.
const SENT_AT_ONCE: usize = 2_000;

/// Events that wait, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    events: VecDeque<Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    name: Vec<u8>,
    ttl: i64,
    time: i64,
    member: Vec<u8>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.name.len() + self.member.len() + size_of::<Waiting>()
    }
}

impl Behind {
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Has the events of a batch wait, and says how many older ones were lost for that.
    pub(crate) fn keep(&mut self, wanted: &[Wanted]) -> u64 {
        for series in wanted {
            for (time, member) in &series.adds {
                let (name, member) = (series.name.clone(), member.clone());
                let waiting = Waiting { name, ttl: series.ttl, time: *time, member };
                self.bytes += waiting.bytes();
                self.events.push_back(waiting);
            }
        }
        let mut lost = 0;
        while self.bytes > BYTES_MAX {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.bytes();
            lost += 1;
        }
        lost
    }

    /// What is to be sent next, and how many events that is.
    pub(crate) fn next(&self) -> (Vec<Ask>, usize) {
        let asks = self.events.iter().take(SENT_AT_ONCE).map(|waiting| {
            let mut ask = Ask::of(&waiting.name);
            let time = waiting.time.to_string();
            ask.command([&b"ZADD"[..], &waiting.name, time.as_bytes(), &waiting.member]);
            ask.command([&b"PEXPIRE"[..], &waiting.name, waiting.ttl.to_string().as_bytes()]);
            ask
        });
        let asks: Vec<Ask> = asks.collect();
        let many = asks.len();
        (asks, many)
    }

    /// Forgets the first events: they were sent.
    pub(crate) fn sent(&mut self, many: usize) {
        for waiting in self.events.drain(..many.min(self.events.len())) {
            self.bytes -= waiting.bytes();
        }
    }
}
