//! The transactions of all accounts in one stream, honest and not.

use super::Profile;
use super::account::{Account, COUNTRIES, MERCHANTS};
use super::draw::Draw;
use super::event::{Event, Trade};
use super::script;
use std::collections::BTreeMap;

/// When a stream begins: 2026-01-01T00:00:00Z, in milliseconds.
const BEGIN: u64 = 1_767_225_600_000;
/// Accounts at the beginning; one more opens with every [`OPENS_EVERY`] honest transactions.
const ACCOUNTS: usize = 20;
const OPENS_EVERY: u64 = 50;
/// An honest transaction comes every 10 seconds on average.
const APART_MS: u32 = 10_000;
/// After one honest transaction in so many, a fraud begins.
const FRAUD_ONCE_IN: u32 = 150;
/// One honest transaction in so many arrives late, by up to [`LATE_MS`].
const LATE_ONCE_IN: u32 = 100;
const LATE_MS: u32 = 90_000;

/// All transactions, without end.
pub(super) struct Stream {
    seed: u64,
    /// Funds are bought for more than is paid by card.
    amounts_times: u64,
    draw: Draw,
    accounts: Vec<Account>,
    /// Honest transactions so far, and the time of the next one.
    honest: u64,
    next: u64,
    /// Frauds under way, by time and by when they were planned.
    planned: BTreeMap<(u64, u64), Event>,
    plans: u64,
}

impl Stream {
    pub(super) fn new(profile: Profile, seed: u64) -> Stream {
        Stream {
            seed,
            amounts_times: match profile {
                Profile::Payments => 1,
                Profile::Subscriptions => 40,
            },
            draw: Draw::new(seed, 0),
            accounts: (0..ACCOUNTS).map(|number| Account::new(seed, number)).collect(),
            honest: 0,
            next: BEGIN + 250,
            planned: BTreeMap::new(),
            plans: 0,
        }
    }

    /// The accounts that have opened so far.
    pub(super) fn into_accounts(self) -> Vec<Account> {
        self.accounts
    }

    /// The next transaction of the stream.
    pub(super) fn next(&mut self) -> Event {
        let planned = self.planned.first_entry().filter(|first| first.key().0 <= self.next);
        let mut event = match planned {
            Some(first) => first.remove(),
            None => self.next_honest(),
        };
        event.amount *= self.amounts_times;
        event
    }

    fn next_honest(&mut self) -> Event {
        let time = self.next;
        let hour = (time / 3_600_000 % 24) as u32;
        let number = self.find(|account| account.is_awake(hour));
        let (account, draw) = (&self.accounts[number], &mut self.draw);
        let usually = draw.percent(80);
        let travels = draw.percent(3);
        let late = if draw.once_in(LATE_ONCE_IN) { u64::from(draw.below(LATE_MS)) } else { 0 };
        // mostly small; one in 200 looks bad without being so
        let small = draw.below(500) * draw.below(500) / 1_000;
        let probability = if draw.once_in(200) { draw.between(400, 900) } else { small + 1 };
        let event = Event {
            account: number,
            time: (time - late).max(BEGIN),
            amount: u64::from(account.amount(draw)),
            device: account.devices[usize::from(draw.percent(15))],
            merchant: if usually { account.merchants[draw.below(4) as usize] } else { draw.below(MERCHANTS) as u16 },
            country: if travels { draw.below(COUNTRIES.len() as u32) as u8 } else { account.country },
            trade: match draw.below(10) {
                0..6 => Trade::Subscribe,
                6..9 => Trade::Redeem,
                _ => Trade::Switch,
            },
            probability,
            label: None,
        };
        self.honest += 1;
        self.next += u64::from(draw.below(2 * APART_MS));
        if self.draw.once_in(FRAUD_ONCE_IN) {
            self.plan_fraud(time);
        }
        if self.honest.is_multiple_of(OPENS_EVERY) {
            self.accounts.push(Account::new(self.seed, self.accounts.len()));
        }
        event
    }

    fn plan_fraud(&mut self, time: u64) {
        // who is chosen is more often of a high level than not, or the tag would tell nothing
        let least = [1, 2, 3, 3][self.draw.below(4) as usize];
        let number = self.find(|account| account.risk_level >= least);
        let start = time + u64::from(self.draw.below(60_000));
        for event in script::fraud(&mut self.draw, number, &self.accounts[number], start) {
            self.planned.insert((event.time, self.plans), event);
            self.plans += 1;
        }
    }

    /// An account that fits, older ones more often; after some tries any.
    fn find(&mut self, fits: impl Fn(&Account) -> bool) -> usize {
        const TRIES: usize = 12;
        let mut number = 0;
        for _ in 0..TRIES {
            number = self.draw.early(self.accounts.len() as u32) as usize;
            if fits(&self.accounts[number]) {
                break;
            }
        }
        number
    }
}
