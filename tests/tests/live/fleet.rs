//! Hosts of a fleet that follow a registry in PostgreSQL, while records come all the
//! time. What comes out is held against runs from files, one for each policy set: each
//! decision is what its generation makes of it, windows and all.

use sandgate_control::{Host, Location, New, Registry, State, Who};
use sandgate_model::Digest;
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::servers::database;
use sandgate_tests::stream::payments;
use sandgate_tests::verdict::{Expected, Place, Seen};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// Far more than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// The limit that a generation has, in turn: that of the first one stops nothing.
const LIMITS: [u64; 8] = [5_000, 450, 100, 800, 30, 600, 250, 700];
/// Records that come while somebody waits for a change.
const PORTION: usize = 40;

/// A fleet, and the registry that its hosts follow.
pub(crate) struct Led {
    pub(crate) fleet: Fleet,
    registry: Registry,
    /// What was not sent yet.
    lines: VecDeque<String>,
    /// The newest generation.
    pub(crate) newest: u64,
    /// The tenant's file of each generation, in turn.
    pub(crate) files: Vec<String>,
}

/// The own decisions of generations: those that are no repeats.
pub(crate) type Decided = BTreeMap<Place, u64>;

/// The limit of a generation as its tenant's file has it.
fn limit(generation: u64) -> String {
    format!("\"{}\"", LIMITS[in_turn(generation, LIMITS.len())])
}

/// The place of a generation's own among some that come in turn.
fn in_turn(generation: u64, many: usize) -> usize {
    (generation.saturating_sub(1) % many as u64) as usize
}

/// One policy whose windows grow with every record, and one whose limit changes.
pub(crate) fn plan(partitions: i32, url: &str, poll: &str) -> Plan {
    let limited = format!("parameters = {{ medium = {}, medium_level = 1 }}", limit(1));
    let mut plan = Plan::new(partitions);
    plan.tenant = Plan::tenant("payments", &[("card-windows", ""), ("account-risk", &limited)]);
    let field = "[source.fields]\naccount = { kind = \"text\" }";
    plan.source = plan.source.replace("[source.fields]", field);
    plan.settings = format!("[control]\nsql = {url:?}\npoll = {poll:?}\n");
    plan
}

/// A payment whose account stands in two fields: one is what windows and lanes go by,
/// the other what tags are looked up by.
fn twice(line: &str) -> String {
    let Some((before, behind)) = line.split_once("\"account_id\":") else { return line.to_owned() };
    let account = behind.split(',').next().unwrap_or_default();
    format!("{before}\"account\":{account},\"account_id\":{behind}")
}

impl Led {
    /// A fleet on a new registry, which its first host makes.
    pub(crate) fn new(partitions: i32, poll: &str, seed: u64) -> Led {
        let url = database();
        Led::of(plan(partitions, &url, poll), &url, seed)
    }

    /// The same of another plan, whose registry is at `url`.
    pub(crate) fn of(plan: Plan, url: &str, seed: u64) -> Led {
        let registry = Registry::later(&Location::parse(url).unwrap(), Duration::from_secs(10));
        let lines = payments(seed, 40_000).lines().map(twice).collect();
        let file = |generation| plan.tenant.replace(&limit(1), &limit(generation));
        let files = (1..=LIMITS.len() as u64).map(file).collect();
        Led { fleet: Fleet::new(plan), registry, lines, newest: 1, files }
    }

    /// Sends so many records.
    pub(crate) fn feed(&mut self, count: usize) {
        let portion: Vec<String> = self.lines.drain(..count.min(self.lines.len())).collect();
        self.fleet.feed(portion.iter().map(String::as_str));
    }

    /// Makes the next generation active, and answers its number.
    pub(crate) fn activate(&mut self) -> u64 {
        let generation = self.newest + 1;
        let document = self.document(1).replace(&limit(1), &limit(generation));
        self.put(&document);
        generation
    }

    /// Makes a document the active generation.
    pub(crate) fn put(&mut self, document: &str) {
        let new = New { document, set: Digest::of(document.as_bytes()), from_file: None, expected: None };
        self.registry.activate("payments", &new, &who(), 0).unwrap();
        self.newest += 1;
    }

    pub(crate) fn document(&self, generation: u64) -> String {
        self.registry.generation("payments", generation).unwrap().unwrap().document
    }

    /// What hosts say of themselves.
    pub(crate) fn said(&self) -> Vec<Host> {
        self.registry.hosts().unwrap()
    }

    /// Whether each of these hosts says that it runs a generation.
    pub(crate) fn all_run(&self, hosts: &[&str], generation: u64) -> bool {
        let said = self.said();
        let runs = |host: &Host| host.runs.generation == Some(generation) && host.runs.state == State::Active;
        hosts.iter().all(|host| said.iter().any(|said| said.host == *host && runs(said)))
    }

    /// Sends records until each of these hosts says so; says how long it took.
    pub(crate) fn feed_until_all_run(&mut self, hosts: &[&str], generation: u64) -> Duration {
        let since = Instant::now();
        while !self.all_run(hosts, generation) {
            self.feed(PORTION);
            self.fleet.check_hosts();
            assert!(since.elapsed() < PATIENCE, "generation {generation}: {:?};{}", self.said(), self.fleet.logs());
        }
        since.elapsed()
    }

    /// Sends records until all that was sent until now is decided.
    pub(crate) fn decided(&mut self) {
        self.fleet.wait_for(self.fleet.sent(), PATIENCE);
    }

    /// What `status` says, as JSON; and whether it says that all is well.
    pub(crate) fn status(&self, host: &str) -> (Value, bool) {
        let said = self.fleet.desk().run(["status", "--json", "--config", &format!("{host}.toml")]);
        (serde_json::from_slice(&said.stdout).unwrap(), said.status.success())
    }

    /// Each position has one answer, an account's stand in order, and each decision is
    /// what its generation makes of it.
    pub(crate) fn check(&mut self) -> Decided {
        let seen = self.fleet.wait_until_decided(PATIENCE);
        let (all, own) = generations(&seen);
        let runs = self.files.iter().map(|file| self.fleet.undisturbed_by(file, &["generation"]));
        let runs: Vec<Expected> = runs.collect();
        let run_of = |place: &Place| all.get(place).map_or(0, |generation| in_turn(*generation, runs.len()));
        if let Err(problems) = Expected::chosen(&runs, run_of).check(&seen) {
            panic!("{problems}\n{}", self.fleet.logs());
        }
        own
    }

    /// The same, and within a partition generations go forward only.
    pub(crate) fn check_forward(&mut self) -> Decided {
        let own = self.check();
        let mut last: BTreeMap<i64, u64> = BTreeMap::new();
        for (place, generation) in &own {
            let before = last.insert(place.partition, *generation).unwrap_or(0);
            assert!(before <= *generation, "{place}: generation {generation} behind {before}\n{}", self.fleet.logs());
        }
        own
    }
}

/// How many generations decided something.
pub(crate) fn judged(own: &Decided) -> usize {
    own.values().collect::<BTreeSet<_>>().len()
}

fn who() -> Who {
    Who { actor: "test".to_owned(), origin: String::new(), why: String::new() }
}

/// The generation of each decision, and of those that are no repeats; that of a repeat
/// is the one of the first.
fn generations(seen: &Seen) -> (Decided, Decided) {
    let decisions: Vec<Value> = seen.decisions.iter().map(|record| record.json()).collect();
    let place = |decision: &Value| Place::of(&decision["position"]);
    let of = |decision: &Value| (place(decision), decision["generation"].as_u64().unwrap());
    let all: Decided = decisions.iter().map(of).collect();
    let (repeats, own): (Vec<&Value>, Vec<&Value>) =
        decisions.iter().partition(|decision| decision["repeat_of"].is_object());
    for repeat in repeats {
        let first = Place { offset: repeat["repeat_of"]["offset"].as_i64().unwrap(), ..place(repeat) };
        assert_eq!(all.get(&first), Some(&of(repeat).1), "{repeat}");
    }
    (all, own.into_iter().map(of).collect())
}
