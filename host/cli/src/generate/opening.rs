//! A fund opens: what its subscribers did in the weeks before, and the ten
//! minutes in which all of them come.
//!
//! Unlike the endless [`Stream`](super::stream::Stream) this is one day with a
//! beginning and an end, so it is made whole and then put in order of time.

use super::account::Account;
use super::draw::Draw;
use super::event::Event;
use super::{grabber, investor};

/// The most subscribers: what is made whole has to fit into memory (about 100 bytes each).
pub(super) const SUBSCRIBERS_MAX: u64 = 1_000_000;
/// The opening of a fund.
pub(super) struct Opening {
    /// Everybody who subscribes, by number.
    pub(super) accounts: Vec<Account>,
    /// What they do, in order of time.
    pub(super) events: Vec<Event>,
}

impl Opening {
    /// An opening with so many subscribers, scripts among them.
    pub(super) fn new(seed: u64, subscribers: u64) -> Opening {
        let mut accounts: Vec<_> = (0..subscribers as usize).map(|number| Account::new(seed, number)).collect();
        let mut events = Vec::with_capacity(accounts.len() * 5 / 2);
        let mut draw = Draw::new(seed, 0);
        let mut number = 0;
        while number < accounts.len() {
            // how many accounts belong together
            let (role, together) = Role::of(&mut draw);
            let members = number..(number + together).min(accounts.len());
            let first = accounts[number].devices;
            for account in &mut accounts[members.clone()] {
                account.devices = first;
            }
            let of = &accounts[members];
            match role {
                Role::Investor => investor::together(&mut draw, number, of, &mut events),
                Role::Burst => grabber::burst(&mut draw, number, &of[0], &mut events),
                Role::Slow => grabber::slow(&mut draw, number, &of[0], &mut events),
                Role::Farm => grabber::farm(&mut draw, number, of, &mut events),
            }
            number += of.len();
        }
        // stable: what was made first stays first among equal times
        events.sort_by_key(|event| event.time);
        Opening { accounts, events }
    }
}

/// Who somebody is at the opening.
enum Role {
    Investor,
    /// One account and a script in a hurry.
    Burst,
    /// One account and a script that takes its time.
    Slow,
    /// One device and a script that has many accounts.
    Farm,
}

impl Role {
    fn of(draw: &mut Draw) -> (Role, usize) {
        match draw.below(2_000) {
            0 => (Role::Farm, draw.between(8, 20) as usize),
            1..5 => (Role::Burst, 1),
            5..7 => (Role::Slow, 1),
            // a family has one device
            7..67 => (Role::Investor, draw.between(2, 4) as usize),
            _ => (Role::Investor, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Opening;
    use crate::generate::event::Label;
    use crate::generate::rush::{BEGIN, OPENS, RUSH_MS};
    use std::collections::{HashMap, HashSet};

    const SUBSCRIBERS: u64 = 20_000;

    fn opening() -> Opening {
        Opening::new(3, SUBSCRIBERS)
    }

    #[test]
    fn everybody_comes_in_the_ten_minutes_and_time_never_runs_backwards() {
        let events = opening().events;
        assert!(events.is_sorted_by_key(|event| event.time));
        assert!(events[0].time >= BEGIN);
        let subscribers: HashSet<_> =
            events.iter().filter(|event| event.time >= OPENS).map(|event| event.account).collect();
        assert_eq!(subscribers.len() as u64, SUBSCRIBERS);
        let on_time = events.iter().filter(|event| (OPENS..OPENS + u64::from(RUSH_MS)).contains(&event.time)).count();
        let after = events.iter().filter(|event| event.time >= OPENS + u64::from(RUSH_MS)).count();
        assert!(after * 20 < on_time, "{after} of {on_time}");
    }

    #[test]
    fn every_kind_of_script_is_there_and_few_are_scripts() {
        let events = opening().events;
        let count = |label| events.iter().filter(|event| event.label == label).count();
        for label in [Label::Burst, Label::Farm, Label::Slow] {
            assert!((50..3_000).contains(&count(Some(label))), "{} of {}", count(Some(label)), label.word());
        }
        assert!(count(None) > events.len() * 9 / 10);
    }

    #[test]
    fn scripts_and_the_honest_are_alike_in_each_single_number() {
        let events = opening().events;
        let mut orders: HashMap<usize, (u64, bool)> = HashMap::new();
        let mut devices: HashMap<u32, HashSet<usize>> = HashMap::new();
        for event in &events {
            let (count, scripted) = orders.entry(event.account).or_default();
            *count += 1;
            *scripted |= event.label.is_some();
            devices.entry(event.device).or_default().insert(event.account);
        }
        let most = |scripted| orders.values().filter(|(_, is)| *is == scripted).map(|(count, _)| *count).max();
        let least = orders.values().filter(|(_, scripted)| *scripted).map(|(count, _)| *count).min();
        assert!(most(false) > least, "a saver orders more often than a farmed account");
        let families = devices.values().filter(|accounts| (2..5).contains(&accounts.len())).count();
        let farms = devices.values().filter(|accounts| accounts.len() >= 8).count();
        assert!(families > 100 * farms / 10 && farms > 0, "{families} families, {farms} farms");
        let large = events.iter().filter(|event| event.amount > 100_000_000);
        assert!(
            large.clone().count() > 0 && large.clone().all(|event| event.label.is_none()),
            "scripts do not stand out"
        );
    }
}
