//! What leaves for a batch: a message for each decision and each dead letter, with
//! the key that keeps an account in order, the id that tells a repeat of the same
//! decision, and the headers that travel from the record.

use super::batch::{Batch, Origin};
use super::config::Topics;
use super::transaction::Message;
use sandgate_engine::judged::{Line, oversized};
use std::fmt::Write as _;
use std::sync::Arc;

/// Turns batches into messages.
pub(super) struct Sink {
    topics: Arc<Topics>,
    /// The names of the headers that travel.
    travelling: Vec<String>,
    /// The most bytes of a message's content.
    room: usize,
    /// Decisions that were too large, since it was asked last.
    oversized: u64,
    id: String,
}

/// The header that is the same for every copy of a decision.
pub const DECISION_ID: &str = "decision-id";

/// What a message has beside its content, at most, as long as headers are of a
/// usual size.
const BESIDE: usize = 4 << 10;
/// The most bytes of a record's key that its dead letter has too.
const KEY_MAX: usize = 1 << 10;

impl Sink {
    pub(super) fn new(topics: Arc<Topics>, travelling: Vec<String>) -> Sink {
        let most = usize::try_from(topics.message_max()).unwrap_or(usize::MAX);
        Sink { topics, travelling, room: most.saturating_sub(BESIDE), oversized: 0, id: String::new() }
    }

    /// Gives all messages of a batch of this partition to `send`, in the order of its
    /// records.
    ///
    /// # Errors
    /// The first that `send` returns.
    pub(super) fn send<E>(
        &mut self,
        batch: &Batch,
        partition: i32,
        mut send: impl FnMut(&Message<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let topics = Arc::clone(&self.topics);
        let Topics { decisions, dead_letters, .. } = &*topics;
        for (origin, line) in batch.records().zip(batch.judged.lines()) {
            match line {
                Line::Nothing => {}
                Line::DeadLetter { json } => {
                    self.message(dead_letters, &origin, partition, key(&origin), json, &mut send)?;
                }
                Line::Decision { account, json } if json.len() + account.len() > self.room => {
                    self.oversized += 1;
                    let source = self.source(&origin).to_owned();
                    let partition_of = u32::try_from(partition).unwrap_or_default();
                    let letter = oversized(&source, partition_of, &origin.record, json.len(), self.room - BESIDE);
                    self.message(dead_letters, &origin, partition, key(&origin), &letter, &mut send)?;
                }
                Line::Decision { account, json } => {
                    self.message(decisions, &origin, partition, Some(account.as_bytes()), json, &mut send)?;
                }
            }
        }
        Ok(())
    }

    /// How many decisions were too large since it was asked last. They count when their
    /// commit has come about: one that is undone puts them aside again.
    pub(super) fn oversized(&mut self) -> u64 {
        std::mem::take(&mut self.oversized)
    }

    fn source(&self, origin: &Origin<'_>) -> &str {
        self.topics.sources.get(origin.source).map_or("", |source| &source.source)
    }

    fn message<E>(
        &mut self,
        topic: &str,
        origin: &Origin<'_>,
        partition: i32,
        key: Option<&[u8]>,
        payload: &[u8],
        send: &mut impl FnMut(&Message<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut id = std::mem::take(&mut self.id);
        id.clear();
        // a text takes everything that is written to it
        let _ = write!(id, "{}/{partition}/{}", self.source(origin), origin.record.offset);
        let mut travelling = origin.headers().peekable();
        let sent = if travelling.peek().is_none() {
            let headers = [(DECISION_ID, id.as_bytes())];
            send(&Message { topic, partition: None, key, payload, headers: &headers, mark: 0 })
        } else {
            let name = |at: usize| self.travelling.get(at).map_or("", |name| &**name);
            let mut headers = vec![(DECISION_ID, id.as_bytes())];
            headers.extend(travelling.map(|(at, value)| (name(at), value)));
            send(&Message { topic, partition: None, key, payload, headers: &headers, mark: 0 })
        };
        self.id = id;
        sent
    }
}

/// The key of a dead letter: that of its record, where it is of a usual size.
fn key<'b>(origin: &Origin<'b>) -> Option<&'b [u8]> {
    origin.record.key.filter(|key| key.len() <= KEY_MAX)
}

#[cfg(test)]
mod tests;
