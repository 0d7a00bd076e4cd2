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
