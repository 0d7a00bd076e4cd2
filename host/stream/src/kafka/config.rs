//! What a host is told about Kafka: brokers, group, delivery, bounds, topics.
//! It is read from files elsewhere; here it is only typed.

use super::settings::Settings;
use std::time::Duration;

/// How a host works with Kafka.
#[derive(Clone, Debug)]
pub struct Config {
    /// Brokers to begin with: `host:port`, several with commas between them.
    pub brokers: String,
    /// The consumer group of all hosts that share the work.
    pub group: String,
    /// The stable name of this host in the group, if it has one: it comes back
    /// after a restart without a rebalance, and fences what it left behind.
    pub instance: Option<String>,
    /// A name of this process only, for a host without `instance`.
    pub process: String,
    /// What is promised about a decision.
    pub delivery: Delivery,
    /// When a commit closes.
    pub commit: Window,
    /// How long the work in hand may take when the host is told to stop.
    pub shutdown: Duration,
    /// How long a call of a commit may take: then the thread that waits for it is
    /// left behind, new producers fence it, and what was in hand is judged again.
    pub watchdog: Duration,
    /// The headers that travel from a record to its decision, by name.
    pub headers: Vec<String>,
    /// How much may wait for its commit.
    pub waiting: Waiting,
    /// What goes to the C library as it is, secrets among it.
    pub settings: Settings,
}

/// What is promised about a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A read-committed reader sees one decision for each position.
    ExactlyOnce,
    /// A decision leaves before its commit; after a failure it may come again,
    /// with the same `decision-id`.
    AtLeastOnce,
}

/// When a commit closes: at whichever of the two comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How long the first waiting batch waits.
    pub time: Duration,
    /// How many records wait.
    pub records: u64,
}

/// How much may be judged and not yet committed, each worker; beyond it a
/// worker stops polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Records.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// The topics of a host.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Of each source, in the order of the configuration.
    pub sources: Vec<SourceTopic>,
    /// Where decisions go.
    pub decisions: String,
    /// Where records go that cannot be used.
    pub dead_letters: String,
    /// Where the state's events go, with as many partitions as the sources.
    pub changelog: String,
}

/// The topic of a source.
#[derive(Clone, Debug)]
pub struct SourceTopic {
    /// The source's name, which positions carry.
    pub source: String,
    /// Its topic.
    pub topic: String,
    /// The field that keys the topic, by its place in the source's schema.
    pub key: usize,
    /// What becomes of a record whose key says otherwise.
    pub wrong_key: WrongKey,
    /// Whether its records only feed windows, and are not judged.
    pub observe: bool,
    /// The most bytes of a record.
    pub size_max: u64,
}

/// What becomes of a record whose key is not its key field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongKey {
    /// It is counted and put aside.
    DeadLetter,
    /// It is counted and judged all the same.
    Judge,
}

impl Config {
    /// What a tool needs that only reads or writes at these brokers.
    pub fn at(brokers: &str) -> Config {
        Config {
            brokers: brokers.to_owned(),
            group: "sandgate-tools".to_owned(),
            instance: None,
            process: "tool".to_owned(),
            delivery: Delivery::ExactlyOnce,
            commit: Window { time: Duration::from_millis(5), records: 1_000 },
            shutdown: Duration::from_secs(10),
            watchdog: Duration::from_secs(30),
            headers: Vec::new(),
            waiting: Waiting { records: 20_000, bytes: 64 << 20 },
            settings: Settings::default(),
        }
    }

    /// The name that this host's producers begin with: stable where the host has
    /// a stable name, so that a host that comes back fences what it left open.
    pub fn commit_id(&self, worker: usize, turn: usize) -> String {
        let name = self.instance.as_ref().unwrap_or(&self.process);
        format!("{}-{name}-{worker}-{turn}", self.group)
    }
}

impl Topics {
    /// The source whose partitions the group shares out: the first judged one. As
    /// the configuration has at least one, index 0 is only a way out of a panic.
    pub fn leading(&self) -> &SourceTopic {
        self.sources.iter().find(|source| !source.observe).unwrap_or(&self.sources[0])
    }

    /// The most bytes of a message that this host may write, which the topics of
    /// the sink must take: a dead letter holds its record as text, where a byte may
    /// need six.
    pub fn message_max(&self) -> u64 {
        const FRAME: u64 = 8 << 10;
        let largest = self.sources.iter().map(|source| source.size_max).max().unwrap_or(0);
        largest.saturating_mul(6).saturating_add(FRAME).clamp(MESSAGE_LEAST, MESSAGE_MOST)
    }
}

/// What the C library takes without being told, in bytes; every broker takes it too.
const MESSAGE_LEAST: u64 = 1_000_000;
/// The most that the C library can be told, in bytes.
const MESSAGE_MOST: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::{SourceTopic, Topics, WrongKey};

    fn topics(sources: &[(&str, bool, u64)]) -> Topics {
        let source = |(name, observe, size_max): &(&str, bool, u64)| SourceTopic {
            source: (*name).to_owned(),
            topic: (*name).to_owned(),
            key: 0,
            wrong_key: WrongKey::DeadLetter,
            observe: *observe,
            size_max: *size_max,
        };
        Topics {
            sources: sources.iter().map(source).collect(),
            decisions: "decisions".to_owned(),
            dead_letters: "dead-letters".to_owned(),
            changelog: "changelog".to_owned(),
        }
    }

    #[test]
    fn the_first_judged_source_leads() {
        let topics = topics(&[("labels", true, 1), ("payments", false, 1), ("transfers", false, 1)]);
        assert_eq!(topics.leading().source, "payments");
    }

    #[test]
    fn the_largest_record_fits_a_message_as_a_dead_letter() {
        assert_eq!(topics(&[("payments", false, 64 << 10)]).message_max(), 1_000_000);
        assert_eq!(topics(&[("payments", false, 1 << 20), ("labels", true, 9)]).message_max(), (6 << 20) + (8 << 10));
        assert_eq!(topics(&[("payments", false, 256 << 20)]).message_max(), 1_000_000_000);
    }
}
