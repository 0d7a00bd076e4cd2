//! A fleet of hosts on one broker, for runs in which hosts are killed, stopped
//! and started again: seeded payments go in, and what comes out is held against
//! a run of the same lanes from files that nobody disturbed.
//!
//! It looks at a fleet from outside only: topics, files and processes.

mod hosts;
mod intruder;
mod plan;
mod undisturbed;

pub use plan::Plan;

use crate::Desk;
use crate::servers::group::Group;
use crate::servers::topic::{Reader, Record, Topic};
use crate::servers::{PATIENCE, eventually, unique};
use crate::verdict::Seen;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

/// Hosts, their topics, and what was sent to them. Hosts that still run when it
/// is dropped are killed.
pub struct Fleet {
    plan: Plan,
    desk: Desk,
    group: String,
    /// The leading one first.
    sources: Vec<Source>,
    /// Of the decisions and of the dead letters.
    readers: [Reader; 2],
    hosts: BTreeMap<String, Child>,
}

/// A source of its hosts, and what was sent to it.
struct Source {
    name: String,
    /// Whether each of its records is answered.
    judged: bool,
    topic: Topic,
    /// Of each partition, in order.
    sent: Vec<Vec<Sent>>,
}

/// A record that was sent.
struct Sent {
    line: String,
    /// Of a record that no file can hold: why it is a dead letter.
    cause: Option<&'static str>,
}

impl Fleet {
    /// Topics and configuration; no host runs yet.
    pub fn new(plan: Plan) -> Fleet {
        let run = unique("fleet");
        let make = |what: &str, settings| Topic::on(&plan.brokers, &format!("{run}-{what}"), plan.partitions, settings);
        let source = |(name, judged): (String, bool)| {
            let sent = (0..plan.partitions).map(|_| Vec::new()).collect();
            Source { topic: make(&name, &[]), judged, sent, name }
        };
        let sources = plan.sources().into_iter().map(source).collect();
        let readers = ["decisions", "dead-letters"].map(|what| make(what, &[]).reader());
        make("changelog", &[("retention.ms", "-1")]);
        let desk = Desk::with_host(&plan.source, &plan.tenant);
        Fleet { plan, desk, group: run, sources, readers, hosts: BTreeMap::new() }
    }

    /// The configuration of a host, written and named.
    fn configured(&self, host: &str) -> PathBuf {
        let Plan { brokers, settings, kafka, state, shared, .. } = &self.plan;
        let run = &self.group;
        let sources = self.plan.with_topics(|name| format!("{run}-{name}"));
        self.desk.write(
            &format!("{host}.toml"),
            &format!(
                "tenants = [\"tenant.toml\"]\n{sources}\n[sink]\ntopic = \"{run}-decisions\"\ndead_letters = \"{run}-dead-letters\"\n\
                 changelog = \"{run}-changelog\"\n[kafka]\nbrokers = {brokers:?}\ngroup = {run:?}\ninstance = {host:?}\n{kafka}\n\
                 [state]\npath = \"state-{host}\"\n{state}\n{shared}\n[metrics]\nlisten = \"\"\n{settings}"
            ),
        );
        self.desk.path(&format!("{host}.toml"))
    }

    /// What it is made of.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Changes the tenant's file.
    pub fn set_tenant(&mut self, change: &dyn Fn(&str) -> String) {
        self.plan.tenant = change(&self.plan.tenant);
        self.desk.write("tenant.toml", &self.plan.tenant);
    }

    /// Changes the tables of hosts that start from now on.
    pub fn set_settings(&mut self, change: &dyn Fn(&str) -> String) {
        self.plan.settings = change(&self.plan.settings);
    }

    /// The folder with the files of its hosts: that of a host is `HOST.toml`.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The folder where a host keeps its copy of the state.
    pub fn state(&self, host: &str) -> PathBuf {
        self.desk.path(&format!("state-{host}"))
    }

    /// The consumer group of the hosts.
    pub fn group(&self) -> Group {
        Group::new(&self.plan.brokers, &self.group)
    }

    /// Its name: that of the consumer group, which begins those of the topics.
    pub fn name(&self) -> &str {
        &self.group
    }

    /// One of its topics: `decisions`, `dead-letters`, `changelog`, or that of a source.
    pub fn topic(&self, what: &str) -> Topic {
        Topic::existing(&self.plan.brokers, &format!("{}-{what}", self.group), self.plan.partitions)
    }

    /// The leading topic.
    pub fn payments(&self) -> &Topic {
        &self.sources[0].topic
    }

    /// Where the records of an account go. It is ours to choose, so that it is known here.
    pub fn partition_of(&self, account: &str) -> i32 {
        // FNV-1a
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = account.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
        ((hash >> 32) % self.plan.partitions as u64) as i32
    }

    /// Whose record a line is, by the fields that lines of tests have; of one that
    /// names nobody it is `nobody`.
    pub fn account_of(line: &str) -> String {
        let parsed: Option<Value> = serde_json::from_str(line).ok();
        let account = parsed
            .as_ref()
            .and_then(|record| ["account_id", "account", "from"].iter().find_map(|field| record[field].as_str()));
        account.unwrap_or("nobody").to_owned()
    }

    /// Sends lines to the leading topic; their account says where each goes.
    pub fn feed<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.feed_source(0, lines);
    }

    /// The same to the topic of another source, by its place in the plan.
    pub fn feed_source<'a>(&mut self, source: usize, lines: impl IntoIterator<Item = &'a str>) {
        let mut records = Vec::new();
        for line in lines {
            let account = Fleet::account_of(line);
            let partition = self.partition_of(&account);
            let sent = Sent { line: line.to_owned(), cause: None };
            self.sources[source].sent[partition as usize].push(sent);
            records.push(Record::new(&account, line).into_partition(partition));
        }
        self.sources[source].topic.send(records);
    }

    /// Sends a record to the leading topic that no file can hold: a dead letter of
    /// this cause is all that may become of it.
    pub fn poison(&mut self, partition: i32, record: Record, cause: &'static str) {
        let leading = &mut self.sources[0];
        leading.sent[partition as usize].push(Sent { line: "{".to_owned(), cause: Some(cause) });
        leading.topic.send([record.into_partition(partition)]);
    }

    /// How many records were sent that are answered.
    pub fn sent(&self) -> usize {
        let judged = self.sources.iter().filter(|source| source.judged);
        judged.flat_map(|source| &source.sent).map(Vec::len).sum()
    }

    /// What was sent to each source, by its place in the plan, in a partition: in
    /// order, and with its cause what no file can hold.
    pub fn lines(&self, partition: i32) -> Vec<Vec<(&str, Option<&'static str>)>> {
        let sent = self.sources.iter().map(|source| &source.sent[partition as usize]);
        sent.map(|sent| sent.iter().map(|sent| (&*sent.line, sent.cause)).collect()).collect()
    }

    /// Waits until so many decisions and dead letters are there.
    ///
    /// # Panics
    /// Where they are not there in time, or a host has ended by itself.
    pub fn wait_for(&mut self, answers: usize, within: Duration) {
        let until = Instant::now() + within;
        loop {
            let there = self.read();
            if there >= answers {
                return;
            }
            self.check_hosts();
            assert!(Instant::now() < until, "{there} of {answers} are decided after {within:?};{}", self.logs());
        }
    }

    /// Waits until all that was sent is decided and committed, and reads on to the
    /// end: one answer too many is seen too.
    ///
    /// # Panics
    /// As [`wait_for`](Fleet::wait_for).
    pub fn wait_until_decided(&mut self, within: Duration) -> Seen {
        self.wait_for(self.sent(), within);
        self.wait_until_committed();
        self.read();
        let seen = self.readers.each_mut().map(|reader| std::mem::take(&mut reader.records));
        let [decisions, dead_letters] = seen;
        Seen { decisions, dead_letters }
    }

    /// Reads what is there; says how much there is by now.
    fn read(&mut self) -> usize {
        self.readers.iter_mut().for_each(Reader::read_to_end);
        self.readers.iter().map(|reader| reader.records.len()).sum()
    }

    /// Waits until the group's offsets are the ends of the topics.
    fn wait_until_committed(&self) {
        let group = self.group();
        for source in &self.sources {
            let ends: BTreeMap<i32, i64> = (0..).zip(&source.sent).map(|(at, sent)| (at, sent.len() as i64)).collect();
            let ends: BTreeMap<i32, i64> = ends.into_iter().filter(|(_, end)| *end > 0).collect();
            let mut committed = BTreeMap::new();
            let holds = || {
                committed = group.committed(source.topic.name(), self.plan.partitions);
                ends.iter().all(|(partition, end)| committed.get(partition) == Some(end))
            };
            eventually(&format!("the offsets of all that was sent to {}", source.name), PATIENCE, holds);
        }
    }
}
