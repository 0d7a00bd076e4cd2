//! Commits of somebody else in the topics of a fleet.

use super::Fleet;
use crate::servers::PATIENCE;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

impl Fleet {
    /// A producer with this transactional id: whoever had it is fenced, and what
    /// was open is aborted.
    ///
    /// # Panics
    /// Where the broker gives none.
    pub fn intruder(&self, id: &str) -> BaseProducer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.plan.brokers).set("transactional.id", id).set("log_level", "0");
        let made = config.create().and_then(|producer: BaseProducer| {
            producer.init_transactions(PATIENCE)?;
            Ok(producer)
        });
        made.unwrap_or_else(|error| panic!("the producer {id}: {error}"))
    }

    /// A commit of nobody's that has begun in a partition of the changelog, and is
    /// open until it is aborted.
    ///
    /// # Panics
    /// Where the broker does not take it.
    pub fn open_commit(&self, partition: i32) -> BaseProducer {
        let intruder = self.intruder(&format!("{}-intruder-{partition}", self.group));
        let changelog = self.topic("changelog");
        let record = BaseRecord::<[u8], [u8]>::to(changelog.name()).partition(partition).payload(b"of nobody");
        let begun = intruder.begin_transaction();
        begun.unwrap_or_else(|error| panic!("a commit in {}: {error}", changelog.name()));
        intruder.send(record).unwrap_or_else(|(error, _)| panic!("a record for {}: {error}", changelog.name()));
        intruder.flush(PATIENCE).unwrap_or_else(|error| panic!("a record for {}: {error}", changelog.name()));
        intruder
    }
}
