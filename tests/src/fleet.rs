//! A fleet of hosts on one broker, for runs in which hosts are killed, stopped
//! and started again: seeded payments go in, and what comes out is held against
//! a run of the same lanes from files that nobody disturbed.
//!
//! It looks at a fleet from outside only: topics, files and processes.

pub mod verdict;

use crate::servers::group::Group;
use crate::servers::topic::{Reader, Record, Topic};
use crate::servers::{PATIENCE, eventually, kafka, unique};
use crate::{Desk, policies, program, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use verdict::Expected;

/// What a fleet is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `HOST:PORT` of its broker.
    pub brokers: String,
    /// Of each of its topics.
    pub partitions: i32,
    /// `[[source]]` tables without `path` and `topic`, of one source that is called `payments`.
    pub source: String,
    /// The tenant's file.
    pub tenant: String,
    /// More tables of each host's file, such as `[kafka.commit]`.
    pub settings: String,
    /// More keys of its `[kafka]`.
    pub kafka: String,
    /// More keys of its `[state]`, and of that of runs from files.
    pub state: String,
}

/// Payments as [`payments`](crate::stream::payments) makes them, with no series but those of their account.
const SOURCE: &str = r#"
[[source]]
name = "payments"
id = "id"
account = "customer"
time = "time"
tenant = { name = "payments" }
[source.fields]
id = { path = "transaction_id", kind = "text" }
customer = { path = "account_id", kind = "text" }
time = { path = "timestamp", kind = "instant", unit = "ms" }
amount = { path = "price", kind = "decimal", scale = 2 }
"#;

impl Plan {
    /// A fleet on the shared broker, whose only policy reads windows by account.
    pub fn new(partitions: i32) -> Plan {
        let component = policies().join("card_windows.wasm");
        Plan {
            brokers: kafka().to_owned(),
            partitions,
            source: SOURCE.to_owned(),
            tenant: format!(
                "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"card-windows\"\n\
                 component = {component:?}\nfallback = \"review\"\n"
            ),
            settings: String::new(),
            kafka: String::new(),
            state: String::new(),
        }
    }
}

/// Hosts, their topics, and what was sent to them. Hosts that still run when it
/// is dropped are killed.
pub struct Fleet {
    plan: Plan,
    desk: Desk,
    group: String,
    payments: Topic,
    /// Of the decisions and of the dead letters.
    readers: [Reader; 2],
    hosts: BTreeMap<String, Child>,
    /// Of each partition, what was sent to it, in order.
    sent: Vec<Vec<String>>,
}

/// What a read-committed reader saw.
pub struct Seen {
    /// In the order of each partition of their topic.
    pub decisions: Vec<Record>,
    /// The same.
    pub dead_letters: Vec<Record>,
}

impl Fleet {
    /// Topics and configuration; no host runs yet.
    pub fn new(plan: Plan) -> Fleet {
        let run = unique("fleet");
        let make = |what: &str, settings| Topic::on(&plan.brokers, &format!("{run}-{what}"), plan.partitions, settings);
        let [payments, decisions, dead_letters] = ["payments", "decisions", "dead-letters"].map(|what| make(what, &[]));
        make("changelog", &[("retention.ms", "-1")]);
        let readers = [decisions.reader(), dead_letters.reader()];
        let desk = Desk::with_host(&plan.source, &plan.tenant);
        let sent = vec![Vec::new(); plan.partitions as usize];
        Fleet { plan, desk, group: run, payments, readers, hosts: BTreeMap::new(), sent }
    }

    /// The configuration of a host, written and named.
    fn configured(&self, host: &str) -> PathBuf {
        let Plan { brokers, source, settings, kafka, state, .. } = &self.plan;
        let run = &self.group;
        let source = source.replacen(
            "name = \"payments\"",
            &format!("name = \"payments\"\ntopic = {:?}", self.payments.name()),
            1,
        );
        self.desk.write(
            &format!("{host}.toml"),
            &format!(
                "tenants = [\"tenant.toml\"]\n{source}\n[sink]\ntopic = \"{run}-decisions\"\ndead_letters = \"{run}-dead-letters\"\n\
                 changelog = \"{run}-changelog\"\n[kafka]\nbrokers = {brokers:?}\ngroup = {run:?}\ninstance = {host:?}\n{kafka}\n\
                 [state]\npath = \"state-{host}\"\n{state}\n[metrics]\nlisten = \"\"\n{settings}"
            ),
        );
        self.desk.path(&format!("{host}.toml"))
    }

    /// Starts a host; its name is its `instance`. What it says is kept in a file,
    /// see [`log`](Fleet::log).
    pub fn start(&mut self, host: &str) {
        self.start_with(host, &[]);
    }

    /// The same with more of a command line.
    pub fn start_with(&mut self, host: &str, more: &[&str]) {
        let configuration = self.configured(host);
        let log = std::fs::File::options().create(true).append(true).open(self.desk.path(&format!("{host}.log")));
        let started = Command::new(program())
            .args(["run", "--config"])
            .arg(configuration)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap_or_else(|error| panic!("the log of {host}: {error}")))
            .spawn();
        let started = started.unwrap_or_else(|error| panic!("{host} must start: {error}"));
        assert!(self.hosts.insert(host.to_owned(), started).is_none(), "{host} runs already");
    }

    /// Changes the tenant's file.
    pub fn set_tenant(&mut self, change: &dyn Fn(&str) -> String) {
        self.plan.tenant = change(&self.plan.tenant);
        self.desk.write("tenant.toml", &self.plan.tenant);
    }

    /// The folder where a host keeps its copy of the state.
    pub fn state(&self, host: &str) -> PathBuf {
        self.desk.path(&format!("state-{host}"))
    }

    /// Everything that a host has said on standard error so far.
    pub fn log(&self, host: &str) -> String {
        self.desk.read(&format!("{host}.log"))
    }

    /// Ends a host with `kill -9`.
    pub fn kill(&mut self, host: &str) {
        let mut process = self.take(host);
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Asks a host to end, and waits for it.
    ///
    /// # Panics
    /// Where it takes longer than `within`.
    pub fn stop(&mut self, host: &str, within: Duration) -> ExitStatus {
        let mut process = self.take(host);
        signal(&process, "-TERM");
        let mut status = None;
        eventually(&format!("the end of {host}"), within, || {
            status = process.try_wait().ok().flatten();
            status.is_some()
        });
        status.unwrap_or_else(|| panic!("{host} ended"))
    }

    /// Stops a host where it is, as a machine does that swaps; `thaw` lets it go on.
    pub fn freeze(&self, host: &str) {
        signal(self.running(host), "-STOP");
    }

    /// Lets a frozen host go on.
    pub fn thaw(&self, host: &str) {
        signal(self.running(host), "-CONT");
    }

    /// The hosts that were started and not ended.
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    fn running(&self, host: &str) -> &Child {
        self.hosts.get(host).unwrap_or_else(|| panic!("{host} does not run"))
    }

    fn take(&mut self, host: &str) -> Child {
        self.hosts.remove(host).unwrap_or_else(|| panic!("{host} does not run"))
    }

    /// The consumer group of the hosts.
    pub fn group(&self) -> Group {
        Group::new(&self.plan.brokers, &self.group)
    }

    /// Its name: that of the consumer group, which begins those of the topics.
    pub fn name(&self) -> &str {
        &self.group
    }

    /// Another of its topics: `decisions`, `dead-letters` or `changelog`.
    pub fn topic(&self, what: &str) -> Topic {
        Topic::existing(&self.plan.brokers, &format!("{}-{what}", self.group), self.plan.partitions)
    }

    /// The topic that the hosts read.
    pub fn payments(&self) -> &Topic {
        &self.payments
    }

    /// Sends lines; the field that is called `account_id` says where each goes.
    pub fn feed<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        let mut records = Vec::new();
        for line in lines {
            let parsed: Option<Value> = serde_json::from_str(line).ok();
            let account = parsed.as_ref().and_then(|payment| payment["account_id"].as_str()).unwrap_or("nobody");
            // FNV-1a: the partition is ours to choose, so that it is known here
            let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            let hash = account.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
            let partition = (hash >> 32) % self.plan.partitions as u64;
            self.sent[partition as usize].push(line.to_owned());
            records.push(Record::new(account, line).into_partition(partition as i32));
        }
        self.payments.send(records);
    }

    /// How many records were sent.
    pub fn sent(&self) -> usize {
        self.sent.iter().map(Vec::len).sum()
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

    /// Waits until the group's offsets are the ends of the topic.
    fn wait_until_committed(&self) {
        let ends: BTreeMap<i32, i64> = (0..).zip(&self.sent).map(|(at, lines)| (at, lines.len() as i64)).collect();
        let ends: BTreeMap<i32, i64> = ends.into_iter().filter(|(_, end)| *end > 0).collect();
        let group = self.group();
        eventually("the offsets of all that was decided", PATIENCE, || {
            let committed = group.committed(self.payments.name(), self.plan.partitions);
            ends.iter().all(|(partition, end)| committed.get(partition) == Some(end))
        });
    }

    /// A host that ended without being asked to has failed.
    fn check_hosts(&mut self) {
        for (host, process) in &mut self.hosts {
            if let Ok(Some(status)) = process.try_wait() {
                panic!("{host} ended with {status}; it says\n{}", self.desk.read(&format!("{host}.log")));
            }
        }
    }

    fn logs(&self) -> String {
        let last = |log: &str| log.lines().skip(log.lines().count().saturating_sub(10)).collect::<Vec<_>>().join("\n");
        self.hosts.keys().fold(String::new(), |all, host| format!("{all}\n{host} says last\n{}", last(&self.log(host))))
    }

    /// What a run from files says of the same lanes, each by itself: what a fleet
    /// has to say too, whoever was killed in between.
    pub fn undisturbed(&self) -> Expected {
        let lanes = self.sent.iter().enumerate().map(|(partition, lines)| {
            let (input, output) = (format!("lane-{partition}.jsonl"), format!("lane-{partition}.out.jsonl"));
            let content: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            self.desk.write(&input, &content);
            self.desk.write(
                &format!("lane-{partition}.toml"),
                &format!(
                    "tenants = [\"tenant.toml\"]\n{}\n[state]\npath = \"state-lane-{partition}\"\n{}\n",
                    self.plan.source, self.plan.state
                ),
            );
            let configuration = format!("lane-{partition}.toml");
            let run = ["run", "--config", &configuration, "--from", &input, "--to", &output, "--force"];
            let done = self.desk.run(run);
            assert!(done.status.success(), "partition {partition}: {}", text(&done.stderr));
            let dead = format!("{output}.dead-letters");
            let dead = if self.desk.path(&dead).exists() { self.desk.json_lines(&dead) } else { Vec::new() };
            verdict::Lane::new(lines, &self.desk.json_lines(&output), &dead)
        });
        Expected { lanes: lanes.collect() }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in self.hosts.values_mut() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn signal(process: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &process.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {}", process.id());
}
