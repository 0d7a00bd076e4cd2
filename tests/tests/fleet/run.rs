//! One run: a fleet, payments in portions, and after each portion a blow.

use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::stream::{Chance, payments};
use std::fmt;
use std::time::Duration;

/// Payments of one run.
const RECORDS: u64 = 3_000;
/// Far more than a host takes to take over what a dead one held.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was done to hosts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Struck {
    kills: u64,
    stops: u64,
    freezes: u64,
    joins: u64,
}

impl Struck {
    pub(crate) fn add(&mut self, other: &Struck) {
        self.kills += other.kills;
        self.stops += other.stops;
        self.freezes += other.freezes;
        self.joins += other.joins;
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.kills > 0 && self.stops > 0 && self.freezes > 0 && self.joins > 0
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Struck { kills, stops, freezes, joins } = self;
        write!(f, "{kills} hosts killed, {stops} stopped, {freezes} frozen, {joins} joined")
    }
}

/// Makes the run of this seed; fails where anything is wrong after it.
pub(crate) fn run(seed: u64) -> Struck {
    let mut chance = Chance(seed);
    let mut plan = Plan::new(1 + chance.below(4) as i32);
    let (time, records) = (["1ms", "5ms", "50ms"][chance.below(3) as usize], [1, 50, 1_000][chance.below(3) as usize]);
    plan.settings =
        format!("[kafka.commit]\ntime = {time:?}\nrecords = {records}\n[engine]\nbatch = {}\n", 1 + chance.below(256));
    let mut fleet = Fleet::new(plan);
    let mut struck = Struck::default();
    let mut next = 0;
    join(&mut fleet, &mut next);
    let lines = payments(seed, RECORDS);
    let mut lines: Vec<&str> = lines.lines().collect();
    while !lines.is_empty() {
        let portion = lines.len().min(100 + chance.below(500) as usize);
        fleet.feed(lines.drain(..portion));
        // in the midst of its work, or after it
        let some = fleet.sent() - chance.below(portion as u64) as usize;
        fleet.wait_for(some, PATIENCE);
        strike(&mut fleet, &mut next, &mut chance, &mut struck);
    }
    let seen = fleet.wait_until_decided(PATIENCE);
    if let Err(problems) = fleet.undisturbed().check(&seen) {
        panic!("seed {seed}, {struck}:\n{problems}");
    }
    struck
}

/// One more host, under a name that none had before.
fn join(fleet: &mut Fleet, next: &mut u64) {
    fleet.start(&format!("host-{next}"));
    *next += 1;
}

/// Does something to a host; afterwards at least one runs.
fn strike(fleet: &mut Fleet, next: &mut u64, chance: &mut Chance, struck: &mut Struck) {
    let hosts = fleet.hosts();
    let host = hosts[chance.below(hosts.len() as u64) as usize].clone();
    match chance.below(8) {
        0..3 => {
            fleet.kill(&host);
            struck.kills += 1;
            // comes back under its name, or is gone for good
            if chance.below(4) > 0 { fleet.start(&host) } else { join(fleet, next) }
        }
        3 => {
            let status = fleet.stop(&host, PATIENCE);
            assert!(status.success(), "{host} was asked to end, and ends with {status}:\n{}", fleet.log(&host));
            struck.stops += 1;
            if hosts.len() == 1 || chance.below(2) == 0 {
                fleet.start(&host);
            }
        }
        4 if hosts.len() > 1 => {
            // its session ends and others take over; then it wants to go on
            fleet.freeze(&host);
            fleet.group().wait_for_members(hosts.len() - 1, PATIENCE);
            fleet.thaw(&host);
            struck.freezes += 1;
        }
        5 | 6 if hosts.len() < 3 => {
            join(fleet, next);
            struck.joins += 1;
        }
        _ => {}
    }
}
