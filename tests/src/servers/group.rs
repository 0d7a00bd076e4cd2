//! What a broker knows of a consumer group.

use super::{PATIENCE, eventually};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::Duration;

/// A consumer group, seen from outside: nobody joins it.
pub struct Group {
    name: String,
    client: BaseConsumer,
}

impl Group {
    /// A group of this broker, which need not exist yet.
    pub fn new(brokers: &str, name: &str) -> Group {
        let client = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", name)
            // an open commit is waited for, and its offsets are not told before
            .set("isolation.level", "read_committed")
            .set("log_level", "0")
            .create();
        let client = client.unwrap_or_else(|error| panic!("a consumer: {error}"));
        Group { name: name.to_owned(), client }
    }

    /// The committed offsets of a topic by partition; partitions without one are left out.
    pub fn committed(&self, topic: &str, partitions: i32) -> BTreeMap<i32, i64> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(topic, 0, partitions - 1);
        let answer = self.client.committed_offsets(asked, PATIENCE);
        let answer = answer.unwrap_or_else(|error| panic!("the offsets of {}: {error}", self.name));
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        answer.elements().iter().filter_map(|known| Some((known.partition(), offset(known.offset())?))).collect()
    }

    /// How many members it has, and its state as the broker calls it: `Stable`,
    /// `Empty`, `PreparingRebalance`, …; a group that nobody knows is `Dead`.
    pub fn members(&self) -> (usize, String) {
        let answer = self.client.fetch_group_list(Some(&self.name), PATIENCE);
        let answer = answer.unwrap_or_else(|error| panic!("the group {}: {error}", self.name));
        let group = answer.groups().iter().find(|group| group.name() == self.name);
        group.map_or((0, "Dead".to_owned()), |group| (group.members().len(), group.state().to_owned()))
    }

    /// Waits until it is stable with so many members.
    pub fn wait_for_members(&self, count: usize, within: Duration) {
        let what = format!("{count} members in the group {}", self.name);
        eventually(&what, within, || self.members() == (count, "Stable".to_owned()));
    }
}
