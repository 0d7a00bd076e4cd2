//! One run: a fleet, records in portions, and with each portion a blow or an outage.

use crate::blow::Blow;
use crate::condition::{self, Kind, Last};
use crate::interleaved;
use crate::outage::Outage;
use crate::servers::Servers;
use crate::struck::{EMPTY, OWING, QUIET, Struck};
use sandgate_tests::fleet::Fleet;
use sandgate_tests::servers::rest;
use sandgate_tests::stream::Chance;
use std::collections::VecDeque;
use std::time::Duration;

/// Records of one run.
const RECORDS: u64 = 2_400;
/// Portions of them.
const PORTIONS: usize = 6;
/// Far more than a host takes to take over what a dead one held.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A fleet and what is still to be done to it.
pub(crate) struct Run<'s> {
    pub(crate) servers: &'s Servers,
    pub(crate) fleet: Fleet,
    pub(crate) chance: Chance,
    /// Of each source, what was not sent yet.
    lines: Vec<VecDeque<String>>,
    /// Records of a portion, of all sources.
    portion: usize,
    /// What was sent to the leading source last.
    last: Vec<String>,
    /// The number of the next host.
    next: u64,
}

/// Makes the run of this seed; fails where anything is wrong after it.
pub(crate) fn run(seed: u64, servers: &Servers) -> Struck {
    let mut chance = Chance(seed);
    let kind = Kind::ALL[seed as usize % Kind::ALL.len()];
    let plan = condition::plan(kind, Last::of(seed), servers, &mut chance);
    let lines = condition::lines(kind, seed, RECORDS, &mut chance);
    let mut struck = Struck::default();
    struck.count(kind.words());
    match Last::of(seed) {
        Last::Busy => {}
        Last::Quiet => struck.count(QUIET),
        Last::Empty => struck.count(EMPTY),
    }
    let mut run = Run {
        servers,
        fleet: Fleet::new(plan),
        chance,
        portion: lines.iter().map(Vec::len).sum::<usize>() / PORTIONS + 1,
        lines: Vec::new(),
        last: Vec::new(),
        next: 0,
    };
    run.lines = lines.into_iter().map(|lines| run.arranged(kind, lines, Last::of(seed))).collect();
    run.join();
    run.fate(kind, seed, &mut struck);
    let seen = run.fleet.wait_until_decided(PATIENCE);
    let undisturbed = match kind {
        Kind::Topics => interleaved::undisturbed(&run.fleet),
        Kind::Sooner => run.fleet.undisturbed().perhaps_again(),
        _ => run.fleet.undisturbed(),
    };
    match undisturbed.excusing(kind.excuses()).check(&seen) {
        Ok(owing) => struck.add_some(OWING, owing),
        Err(problems) => panic!("seed {seed}, {struck}:\n{problems}{}", run.fleet.logs()),
    }
    struck
}

impl Run<'_> {
    /// All that happens, one after the other: what comes next in turn, so that a
    /// dozen runs see each, and between them whatever chance chooses.
    fn fate(&mut self, kind: Kind, seed: u64, struck: &mut Struck) {
        let outages = Outage::of(kind);
        let turn = seed as usize / Kind::ALL.len();
        for step in 0..PORTIONS - 1 {
            if step % 2 == 1 && !outages.is_empty() {
                let in_turn = turn * 2 + step / 2;
                let at = if step < 4 { in_turn } else { self.chance.below(outages.len() as u64) as usize };
                let outage = outages[at % outages.len()];
                println!("  {}", outage.words());
                outage.strike(self);
                struck.count(outage.words());
            } else {
                let in_turn = seed as usize * 3 + step / 2;
                let at = if step % 2 == 0 { in_turn } else { self.chance.below(Blow::ALL.len() as u64) as usize };
                let blow = Blow::ALL[at % Blow::ALL.len()];
                println!("  {}", blow.words());
                blow.strike(self);
                struck.count(blow.words());
            }
        }
        if kind == Kind::Decides {
            self.wait_for_all();
            Outage::RedisGone.strike_and_wait(self);
            struck.count(Outage::RedisGone.words());
        }
        while self.lines.iter().any(|lines| !lines.is_empty()) {
            self.feed();
        }
    }

    /// The lines of a source as they are sent: those of the last partition late,
    /// or never, where the seed says so; devices of one lane each, where the order
    /// of several would not be known.
    fn arranged(&self, kind: Kind, lines: Vec<String>, last: Last) -> VecDeque<String> {
        let partition = |line: &String| self.fleet.partition_of(&Fleet::account_of(line));
        let device = |line: String| match kind {
            Kind::Waits | Kind::Decides => {
                let partition = partition(&line);
                line.replace("\"device\":\"d-", &format!("\"device\":\"d-{partition}-"))
            }
            _ => line,
        };
        let number = self.fleet.plan().partitions - 1;
        let lines = lines.into_iter().map(device);
        let (late, soon): (Vec<_>, Vec<_>) = lines.partition(|line| last != Last::Busy && partition(line) == number);
        if last == Last::Empty { soon.into() } else { soon.into_iter().chain(late).collect() }
    }

    /// Sends the next portion.
    pub(crate) fn feed(&mut self) {
        self.feed_of(self.portion);
    }

    /// Sends a part of the next portion.
    pub(crate) fn feed_some(&mut self) {
        self.feed_of(self.portion / 4);
    }

    /// Sends so many records, of each source its share of what is left.
    fn feed_of(&mut self, records: usize) {
        let left: usize = self.lines.iter().map(VecDeque::len).sum();
        // the later sources first: what is observed is often there when it is asked for
        for source in (0..self.lines.len()).rev() {
            let share = (self.lines[source].len() * records).div_ceil(left.max(1)).min(self.lines[source].len());
            let lines: Vec<String> = self.lines[source].drain(..share).collect();
            self.fleet.feed_source(source, lines.iter().map(String::as_str));
            if source == 0 {
                self.last = lines;
            }
        }
    }

    /// Sends again what was sent last.
    pub(crate) fn feed_again(&mut self) {
        let again = self.last.len().min(1 + self.chance.below(200) as usize);
        self.fleet.feed(self.last[self.last.len() - again..].iter().map(String::as_str));
    }

    /// Waits until much of what was sent is decided: in the midst of its work, or after it.
    pub(crate) fn wait_for_some(&mut self) {
        let some = self.fleet.sent() - self.chance.below(self.portion.min(self.fleet.sent()) as u64) as usize;
        self.fleet.wait_for(some, PATIENCE);
    }

    /// Waits until all that was sent is decided.
    pub(crate) fn wait_for_all(&mut self) {
        self.fleet.wait_for(self.fleet.sent(), PATIENCE);
    }

    /// Lets less than so many milliseconds pass.
    pub(crate) fn rest_below(&mut self, ms: u64) {
        rest(Duration::from_millis(self.chance.below(ms)));
    }

    /// One of its hosts.
    pub(crate) fn some_host(&mut self) -> String {
        let hosts = self.fleet.hosts();
        hosts[self.chance.below(hosts.len() as u64) as usize].clone()
    }

    /// One of its partitions.
    pub(crate) fn some_partition(&mut self) -> i32 {
        self.chance.below(self.fleet.plan().partitions as u64) as i32
    }

    /// One more host, under a name that none had before.
    pub(crate) fn join(&mut self) {
        self.fleet.start(&format!("host-{}", self.next));
        self.next += 1;
    }

    /// Another host than this one, which joins where there is none.
    pub(crate) fn second(&mut self, first: &str) -> String {
        if self.fleet.hosts().len() == 1 {
            self.join();
            self.fleet.group().wait_for_members(2, PATIENCE);
        }
        let second = self.fleet.hosts().into_iter().find(|host| host != first);
        second.unwrap_or_else(|| panic!("a second host beside {first}"))
    }

    /// A host that was killed comes back under its name, or another takes its place.
    pub(crate) fn back_or_another(&mut self, host: &str) {
        if self.chance.below(4) > 0 { self.fleet.start(host) } else { self.join() }
    }

    /// Kills a host and starts it again, at one of three occasions.
    pub(crate) fn kill_now_and_then(&mut self) {
        if self.chance.below(3) == 0 {
            let host = self.some_host();
            self.fleet.kill(&host);
            self.fleet.start(&host);
        }
    }

    /// Asks a host to end, which it does well.
    pub(crate) fn stop(&mut self, host: &str) {
        let status = self.fleet.stop(host, PATIENCE);
        assert!(status.success(), "{host} was asked to end, and ends with {status}:\n{}", self.fleet.log(host));
    }
}
