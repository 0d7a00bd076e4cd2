//! Honest subscribers of an opening, one or a family: customers of old with a
//! history, new ones, savers who buy every morning, and the impatient, who tap
//! again when the app is slow. Some of them look like scripts.

use super::account::Account;
use super::draw::Draw;
use super::event::{Event, Trade};
use super::rush::{BEGIN, DAYS, FUND, RUSH_MS, arrival};

/// Funds cost more than what is paid by card.
const AMOUNTS_TIMES: u64 = 40;
const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u32 = 3_600_000;

/// What the members of a family do, on the device of the first; or one alone.
pub(super) fn together(draw: &mut Draw, number: usize, members: &[Account], out: &mut Vec<Event>) {
    let known = draw.percent(45);
    let mut time = arrival(draw);
    for (member, account) in members.iter().enumerate() {
        if known {
            before(draw, number + member, account, out);
        }
        // a new telephone, or the other one
        let device = match draw.below(100) {
            0..4 => draw.below(u32::MAX),
            4..12 => account.devices[1],
            _ => account.devices[0],
        };
        orders(draw, Event { device, merchant: FUND, time, ..event(number + member, account) }, account, out);
        time += u64::from(draw.between(5_000, 90_000));
    }
}

/// The history of a customer.
pub(super) fn before(draw: &mut Draw, number: usize, account: &Account, out: &mut Vec<Event>) {
    if draw.percent(3) {
        return saves(draw, number, account, out);
    }
    for _ in 0..draw.between(1, 2) {
        let trade = match draw.below(10) {
            0..6 => Trade::Subscribe,
            6..9 => Trade::Redeem,
            _ => Trade::Switch,
        };
        // between 9 and 21 o'clock in Shanghai
        let time = BEGIN + u64::from(draw.below(DAYS)) * DAY_MS + u64::from(draw.between(HOUR_MS, 13 * HOUR_MS));
        let device = account.devices[usize::from(draw.percent(15))];
        let merchant = account.merchants[draw.below(4) as usize];
        let amount = amount(draw, account);
        out.push(Event { time, trade, device, merchant, amount, ..event(number, account) });
    }
}

/// A saver buys a little at the same time of nearly every day.
fn saves(draw: &mut Draw, number: usize, account: &Account, out: &mut Vec<Event>) {
    let time = BEGIN + u64::from(draw.between(HOUR_MS, 4 * HOUR_MS));
    let amount = amount(draw, account) / 20 + 1_000;
    for day in draw.below(DAYS / 2)..DAYS {
        if draw.percent(80) {
            let time = time + u64::from(day) * DAY_MS + u64::from(draw.below(60_000));
            out.push(Event { time, amount, ..event(number, account) });
        }
    }
}

/// What one subscriber orders on the day, beginning with `first`.
fn orders(draw: &mut Draw, first: Event, account: &Account, out: &mut Vec<Event>) {
    // how many, and how far apart: thinks again, is impatient, is very impatient
    let (count, least, most) = match draw.below(1_000) {
        0..130 => (draw.between(2, 3), 20_000, 240_000),
        130..155 => (2, 2_000, 15_000),
        155..158 => (3, 2_000, 15_000),
        158..160 => (draw.between(4, 6), 1_500, 12_000),
        _ => (1, 0, 0),
    };
    let mut time = first.time;
    let end = first.time + u64::from(RUSH_MS);
    for _ in 0..count {
        // now and then there is a digit too many
        let amount = amount(draw, account) * if draw.once_in(1_000) { 10 } else { 1 };
        out.push(Event { time: time.min(end), amount, ..first.clone() });
        time += u64::from(draw.between(least, most));
    }
}

fn amount(draw: &mut Draw, account: &Account) -> u64 {
    u64::from(account.amount(draw)) * AMOUNTS_TIMES
}

/// A subscription of an account on its own device, all but time and amount.
pub(super) fn event(number: usize, account: &Account) -> Event {
    Event {
        account: number,
        time: BEGIN,
        amount: 0,
        device: account.devices[0],
        merchant: account.merchants[0],
        country: account.country,
        trade: Trade::Subscribe,
        probability: 0,
        label: None,
    }
}
