//! What lies between a host's lanes and Kafka, against a real broker: commits,
//! membership, topics, and how failures are told.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod commits;
mod membership;
mod refusals;
mod topics;

use sandgate_stream::kafka::{Clients, Config, Group, GroupError, Ownership, Setting, Settings};
use sandgate_tests::servers::{eventually, kafka, unique};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a question may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Clients of a group of their own.
fn clients() -> Clients {
    member(&unique("group"), None)
}

/// Clients of a host of this group.
fn member(group: &str, instance: Option<&str>) -> Clients {
    let instance = instance.map(str::to_owned);
    Clients::new(Config { group: group.to_owned(), instance, ..Config::at(kafka()) }, 1_000_000)
}

/// Clients with these settings, some of them secrets.
fn with(brokers: &str, plain: &[(&str, &str)], secrets: &[(&str, &str)]) -> Clients {
    let plain = plain.iter().map(|(name, value)| Setting::plain(name, value).unwrap());
    let secrets = secrets.iter().map(|(name, value)| Setting::secret(name, value).unwrap());
    let settings = Settings::new(plain.chain(secrets).collect());
    Clients::new(Config { settings, ..Config::at(brokers) }, 1_000_000)
}

/// Nobody stops anything here.
fn never() -> AtomicBool {
    AtomicBool::new(false)
}

/// Remembers what a host owns, and what it was told.
#[derive(Default)]
struct Owned {
    now: Mutex<BTreeSet<i32>>,
    told: Mutex<Vec<String>>,
}

impl Owned {
    fn now(&self) -> Vec<i32> {
        self.now.lock().unwrap().iter().copied().collect()
    }

    fn told(&self, what: &str) -> bool {
        self.told.lock().unwrap().iter().any(|told| told.contains(what))
    }
}

impl Ownership for Owned {
    fn assigned(&self, partitions: &[i32]) {
        self.now.lock().unwrap().extend(partitions);
        self.told.lock().unwrap().push(format!("assigned {partitions:?}"));
    }

    fn revoked(&self, partitions: &[i32]) {
        self.now.lock().unwrap().retain(|partition| !partitions.contains(partition));
        self.told.lock().unwrap().push(format!("revoked {partitions:?}"));
    }

    fn lost(&self, partitions: &[i32]) {
        self.now.lock().unwrap().retain(|partition| !partitions.contains(partition));
        self.told.lock().unwrap().push(format!("lost {partitions:?}"));
    }

    fn expelled(&self, why: GroupError) {
        self.told.lock().unwrap().push(format!("expelled: {why}"));
    }
}

/// A member that owns so many partitions.
fn joined(clients: &Clients, topic: &str, partitions: usize) -> (Group, Arc<Owned>) {
    let owned = Arc::new(Owned::default());
    let group = Group::join(clients, topic, Arc::clone(&owned) as Arc<dyn Ownership>).unwrap();
    eventually("the partitions come", Duration::from_secs(60), || owned.now().len() == partitions);
    (group, owned)
}
