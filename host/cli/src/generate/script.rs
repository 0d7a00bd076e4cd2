//! The three frauds: what each one does to an account, and when.

use super::account::{Account, COUNTRIES, MERCHANTS};
use super::draw::Draw;
use super::event::{Event, Label, Trade};

/// The transactions of a fraud that begins at `time`, in milliseconds.
pub(super) fn fraud(draw: &mut Draw, number: usize, account: &Account, time: u64) -> Vec<Event> {
    match draw.below(10) {
        0..2 => burst(draw, number, account, time),
        2..7 => vec![oversized(draw, number, account, time)],
        _ => stolen(draw, number, account, time),
    }
}

/// 8 to 24 payments of nearly one amount to one merchant, always the same time
/// apart: between 0.2 and 4 seconds.
fn burst(draw: &mut Draw, number: usize, account: &Account, time: u64) -> Vec<Event> {
    let apart = u64::from(draw.between(20, 400)) * 10;
    let amount = account.usual / 4 + draw.between(100, 5_000);
    let merchant = draw.below(MERCHANTS) as u16;
    (0..u64::from(draw.between(8, 24)))
        .map(|step| Event {
            amount: u64::from(amount + draw.below(20)),
            merchant,
            trade: Trade::Subscribe,
            ..event(draw, Label::Burst, number, account, time + step * apart)
        })
        .collect()
}

/// 10 to 60 times the usual, and at least 10,000.00.
fn oversized(draw: &mut Draw, number: usize, account: &Account, time: u64) -> Event {
    let times = u64::from(account.usual) * u64::from(draw.between(10, 60));
    let amount = times.max(1_000_000) + u64::from(draw.below(500_000));
    Event { amount, trade: Trade::Subscribe, ..event(draw, Label::Oversized, number, account, time) }
}

/// 3 to 8 payments, minutes apart, each larger than the usual: what can be had
/// before the owner notices.
fn stolen(draw: &mut Draw, number: usize, account: &Account, mut time: u64) -> Vec<Event> {
    let device = draw.below(u32::MAX);
    let country = (account.country + draw.between(1, COUNTRIES.len() as u32 - 1) as u8) % COUNTRIES.len() as u8;
    (0..draw.between(3, 8))
        .map(|_| {
            time += u64::from(draw.between(20_000, 400_000));
            let amount = u64::from(account.usual) * u64::from(draw.between(30, 90)) / 10;
            let merchant = draw.below(MERCHANTS) as u16;
            let trade = Trade::Redeem;
            Event { amount, device, country, merchant, trade, ..event(draw, Label::Stolen, number, account, time) }
        })
        .collect()
}

fn event(draw: &mut Draw, label: Label, number: usize, account: &Account, time: u64) -> Event {
    // one in ten is not noticed by the model that gave the probability
    let probability = if draw.percent(10) { draw.between(30, 200) } else { draw.between(350, 990) };
    Event {
        account: number,
        time,
        amount: 0,
        device: account.devices[0],
        merchant: account.merchants[0],
        country: account.country,
        trade: Trade::Subscribe,
        probability,
        label: Some(label),
    }
}
