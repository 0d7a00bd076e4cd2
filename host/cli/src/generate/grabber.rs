//! The three scripts that grab at an opening: one in a hurry, one that keeps
//! below the usual limits, and one that spreads its orders over many accounts.

use super::account::Account;
use super::draw::Draw;
use super::event::{Event, Label};
use super::investor::{before, event};
use super::rush::{FUND, OPENS, arrival};

/// 12 to 40 orders of one account, nearly always the same time apart: between
/// 0.2 and 4 seconds. One in three runs for a customer, on his own device.
pub(super) fn burst(draw: &mut Draw, number: usize, account: &Account, out: &mut Vec<Event>) {
    if draw.percent(33) {
        before(draw, number, account, out);
    }
    let apart = draw.between(200, 4_000);
    let (mut time, amount) = (arrival(draw), wanted(draw));
    for _ in 0..draw.between(12, 40) {
        out.push(order(draw, Label::Burst, number, account, time, amount));
        time += u64::from(apart + draw.below(apart / 10));
    }
}

/// 8 to 20 orders of one account, 15 to 60 seconds apart.
pub(super) fn slow(draw: &mut Draw, number: usize, account: &Account, out: &mut Vec<Event>) {
    if draw.percent(50) {
        before(draw, number, account, out);
    }
    let apart = draw.between(15_000, 50_000);
    let (mut time, amount) = (OPENS + u64::from(draw.below(60_000)), wanted(draw));
    for _ in 0..draw.between(8, 20) {
        out.push(order(draw, Label::Slow, number, account, time, amount));
        time += u64::from(apart + draw.below(apart / 5));
    }
}

/// Two or three orders of each of many accounts on one device, in turn: 0.3 to
/// 2 seconds apart, so that every account looks like somebody impatient.
pub(super) fn farm(draw: &mut Draw, number: usize, members: &[Account], out: &mut Vec<Event>) {
    let apart = draw.between(300, 2_000);
    let (mut time, amount) = (arrival(draw), wanted(draw));
    for _ in 0..draw.between(2, 3) {
        for (member, account) in members.iter().enumerate() {
            out.push(order(draw, Label::Farm, number + member, account, time, amount));
            time += u64::from(apart + draw.below(apart / 4));
        }
    }
}

/// What a script orders at a time, in cents: as much as does not stand out.
fn wanted(draw: &mut Draw) -> u64 {
    u64::from(draw.between(5_000, 90_000)) * 100
}

fn order(draw: &mut Draw, label: Label, number: usize, account: &Account, time: u64, amount: u64) -> Event {
    let amount = amount + u64::from(draw.below(5_000));
    Event { time, amount, merchant: FUND, label: Some(label), ..event(number, account) }
}
