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
