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
mod tests {
    use super::*;
    use crate::kafka::config::{SourceTopic, WrongKey};
    use sandgate_engine::judged::Made;
    use std::convert::Infallible;

    /// A sink whose topics take decisions of so many bytes.
    fn sink(room: usize) -> Sink {
        let payments = SourceTopic {
            source: "payments".to_owned(),
            topic: "in".to_owned(),
            key: 0,
            wrong_key: WrongKey::DeadLetter,
            observe: false,
            size_max: 1 << 20,
        };
        let [decisions, dead_letters, changelog] = ["decisions", "dead-letters", "changelog"].map(str::to_owned);
        let topics = Topics { sources: vec![payments], decisions, dead_letters, changelog };
        Sink { topics: Arc::new(topics), travelling: Vec::new(), room, oversized: 0, id: String::new() }
    }

    /// A batch of records that all became decisions about the account `a`.
    fn decided(decisions: &[&str]) -> Batch {
        let mut batch = Batch::new();
        for (offset, decision) in decisions.iter().enumerate() {
            batch.add(offset as u64, "the key", "the record");
            batch.judged.decisions.extend_from_slice(decision.as_bytes());
            batch.judged.decisions.push(b'\n');
            batch.judged.accounts.push('a');
            batch.judged.made.push(Made::Decision { account: 1 });
        }
        batch
    }

    /// What is sent for it: topic, key and content.
    fn sent(sink: &mut Sink, batch: &Batch) -> Vec<[String; 3]> {
        let mut sent = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let done = sink.send(batch, 0, |message| {
            let key = message.key.map(text).unwrap_or_default();
            sent.push([message.topic.to_owned(), key, text(message.payload)]);
            Ok::<_, Infallible>(())
        });
        assert!(done.is_ok());
        sent
    }

    #[test]
    fn a_decision_over_the_topics_size_is_a_dead_letter_in_its_place() {
        let mut sink = sink(BESIDE + 60);
        let large = "x".repeat(BESIDE + 60);
        let batch = decided(&["{}", &large, "{\"id\":3}"]);
        let sent = sent(&mut sink, &batch);
        let topics: Vec<&str> = sent.iter().map(|[topic, ..]| &**topic).collect();
        assert_eq!(topics, ["decisions", "dead-letters", "decisions"]);
        let [_, key, letter] = &sent[1];
        assert_eq!(key, "the key", "a dead letter has the key of its record");
        for part in ["\"offset\":1", "\"cause\":\"output\"", "4156 bytes", "\"record\":\"the record\""] {
            assert!(letter.contains(part), "{part}: {letter}");
        }
        assert_eq!((sink.oversized(), sink.oversized()), (1, 0), "counted once");
    }

    #[test]
    fn a_decision_of_just_that_size_leaves() {
        let mut sink = sink(BESIDE + 60);
        // with the account that keys it
        let sent = sent(&mut sink, &decided(&[&"x".repeat(BESIDE + 59)]));
        assert_eq!(sent[0][0], "decisions");
        assert_eq!(sink.oversized(), 0);
    }

    #[test]
    fn a_key_of_an_unusual_size_stays_behind() {
        let mut batch = Batch::new();
        batch.add(0, &"k".repeat(KEY_MAX + 1), "broken");
        batch.judged.dead_letters.extend_from_slice(b"{}\n");
        batch.judged.made.push(Made::DeadLetter);
        assert_eq!(sent(&mut sink(BESIDE), &batch), [["dead-letters", "", "{}"].map(str::to_owned)]);
    }
}
