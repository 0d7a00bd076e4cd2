//! A host on the broker, with two policies: over six windows by account, and a
//! score.

use crate::machine::Process;
use crate::vitals;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use sandgate_tests::{Desk, PAYMENTS, policies, program};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The topics of one run and how the host commits.
pub(crate) struct Setup<'a> {
    pub(crate) brokers: &'a str,
    pub(crate) source: &'a str,
    /// Begins the names of the topics that the run writes, and is its group.
    pub(crate) name: &'a str,
    pub(crate) delivery: &'a str,
    pub(crate) window: &'a str,
    pub(crate) window_records: u64,
    /// Its folder for the copy of its state.
    pub(crate) state: &'a str,
}

/// A host that runs.
pub(crate) struct Host<'d> {
    desk: &'d Desk,
    child: Child,
    brokers: String,
    source: String,
    group: String,
}

/// Payments whose account is called as one of the policies counts by it.
fn payments() -> String {
    PAYMENTS.replace("account = \"account\"", "account = \"customer\"").replace("account = {", "customer = {")
}

/// A folder with the tenant, the policies and the tags of these payments.
pub(crate) fn desk(records: u64) -> Desk {
    let folder = policies();
    let [windows, matrix] = ["card_windows", "risk_matrix"].map(|name| folder.join(name).with_extension("wasm"));
    let tenant = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\nstop_at = \"block\"\n\
         [[stage.policy]]\nname = \"windows\"\ncomponent = {windows:?}\n\
         [[stage]]\nname = \"model\"\n\
         [[stage.policy]]\nname = \"risk-matrix\"\ncomponent = {matrix:?}\nthresholds = {{ review = 40, block = 70 }}\n"
    );
    let desk = Desk::with_host(&payments(), &tenant);
    let count = records.to_string();
    let profile = ["generate", "--profile", "payments", "--seed", "3", "--to", "in.jsonl", "--tags", "tags.csv"];
    desk.succeed(profile.into_iter().chain(["--count", &count]));
    desk.succeed(["tags", "--config", "sandgate.toml", "load", "tags.csv"]);
    desk
}

impl<'d> Host<'d> {
    /// Starts it; its topics must be there.
    pub(crate) fn start(desk: &'d Desk, setup: &Setup<'_>) -> Host<'d> {
        let Setup { brokers, source, name, delivery, window, window_records, state } = setup;
        let keyed = format!("[[source]]\ntopic = {source:?}\nkey = \"customer\"\n");
        let config = format!(
            "tenants = [\"tenant.toml\"]\n{}\n\
             [sink]\ntopic = \"{name}-decisions\"\ndead_letters = \"{name}-dead-letters\"\nchangelog = \"{name}-changelog\"\n\
             [state]\npath = {state:?}\n\
             [metrics]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
             [kafka]\nbrokers = {brokers:?}\ngroup = {name:?}\ninstance = \"one\"\ndelivery = {delivery:?}\n\
             commit = {{ time = {window:?}, records = {window_records} }}\n\
             settings = {{ \"compression.codec\" = \"lz4\" }}\n",
            payments().replacen("[[source]]", &keyed, 1)
        );
        Host::with(desk, (brokers, source, name), &config)
    }

    /// Starts one with this configuration, of this group, whose commits are looked at in
    /// this topic.
    pub(crate) fn with(desk: &'d Desk, (brokers, source, group): (&str, &str, &str), config: &str) -> Host<'d> {
        let file = format!("{group}.toml");
        desk.write(&file, config);
        let log = std::fs::File::create(desk.path("log")).expect("a file can be made");
        let child = Command::new(program())
            .args(["run", "--config", &file])
            .current_dir(desk.path("."))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Host { desk, child, brokers: brokers.to_owned(), source: source.to_owned(), group: group.to_owned() }
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Waits until it has committed so many records.
    pub(crate) fn wait(&mut self, records: u64, partitions: i32) {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", &self.group)
            .create()
            .expect("a consumer can be made");
        let mut list = TopicPartitionList::new();
        (0..partitions).for_each(|partition| {
            list.add_partition(&self.source, partition);
        });
        let limit = Instant::now() + Duration::from_secs(300);
        loop {
            // a broker that has just begun does not know yet who coordinates a group
            let committed: i64 = match consumer.committed_offsets(list.clone(), Duration::from_secs(10)) {
                Err(_) => 0,
                Ok(offsets) => offsets
                    .elements()
                    .iter()
                    .map(|partition| if let Offset::Offset(offset) = partition.offset() { offset } else { 0 })
                    .sum(),
            };
            if committed >= records as i64 {
                return;
            }
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "the host ended with {ended:?}: {}", self.desk.read("log"));
            assert!(Instant::now() < limit, "only {committed} of {records} records were committed");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Waits until it has taken over so many lanes; says how many events their windows hold.
    pub(crate) fn wait_for_lanes(&self, lanes: usize) -> u64 {
        let limit = Instant::now() + Duration::from_secs(300);
        loop {
            let log = self.desk.read("log");
            let ready = log.lines().filter(|line| line.contains("lane ready"));
            let events = ready.filter_map(|line| line.split_once("\"events\":")?.1.split(',').next()?.parse().ok());
            let events: Vec<u64> = events.collect();
            if events.len() >= lanes {
                return events.iter().sum();
            }
            assert!(Instant::now() < limit, "the lanes are not ready: {log}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// What it counts.
    pub(crate) fn vitals(&self) -> String {
        let log = self.desk.read("log");
        let (_, told) = log.split_once("\"address\":\"").expect("it says where it answers");
        vitals::ask(told.split('"').next().expect("an address"))
    }

    /// Stops it as an operator does.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "it can be asked to stop");
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "it ends well: {ended}");
    }
}

/// A measurement that fails leaves no host behind.
impl Drop for Host<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
