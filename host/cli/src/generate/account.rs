//! An account and its habits.

use super::draw::Draw;

/// Where accounts live: a country and its hours ahead of UTC.
pub(super) const COUNTRIES: [(&str, u32); 8] =
    [("CN", 8), ("DE", 1), ("SG", 8), ("GB", 0), ("JP", 9), ("IN", 5), ("AE", 4), ("FR", 1)];

/// Merchants, or funds, that there are.
pub(super) const MERCHANTS: u32 = 2_000;

/// Usual amounts in cents, from the smallest account to the largest; an account
/// has one between two neighbours.
const USUAL: [u32; 11] = [400, 900, 1_500, 2_500, 4_000, 6_500, 11_000, 22_000, 60_000, 250_000, 800_000];

/// An account.
pub(super) struct Account {
    /// What its tag says: 1 low, 2 medium, 3 high.
    pub(super) risk_level: u8,
    /// Where it lives, of [`COUNTRIES`].
    pub(super) country: u8,
    /// Its devices, by number; the first one is used most.
    pub(super) devices: [u32; 2],
    /// Where it pays most.
    pub(super) merchants: [u16; 4],
    /// What it usually pays, in cents.
    pub(super) usual: u32,
    /// The local hour at which it wakes up, and for how many hours it is awake.
    wakes: u8,
    awake: u8,
}

impl Account {
    /// The account of a number: it depends on that and on the seed alone.
    pub(super) fn new(seed: u64, number: usize) -> Account {
        // stream 0 is that of the transactions
        let mut draw = Draw::new(seed, number as u64 + 1);
        let risk_level = match draw.below(100) {
            0..70 => 1,
            70..90 => 2,
            _ => 3,
        };
        let class = draw.below(USUAL.len() as u32 - 1) as usize;
        Account {
            risk_level,
            country: draw.early(COUNTRIES.len() as u32) as u8,
            devices: [(); 2].map(|()| draw.below(u32::MAX)),
            merchants: [(); 4].map(|()| draw.early(MERCHANTS) as u16),
            usual: draw.between(USUAL[class], USUAL[class + 1]),
            wakes: draw.between(6, 9) as u8,
            awake: draw.between(12, 16) as u8,
        }
    }

    /// Whether the account is awake at an hour of the day in UTC.
    pub(super) fn is_awake(&self, hour: u32) -> bool {
        let local = hour + COUNTRIES[usize::from(self.country)].1;
        (local + 24 - u32::from(self.wakes)) % 24 < u32::from(self.awake)
    }

    /// An amount that it may well pay, in cents.
    pub(super) fn amount(&self, draw: &mut Draw) -> u32 {
        // the product of two is more often small than large: 1/5 to 3 times the usual
        let factor = 200 + draw.below(1_400) * draw.below(2_000) / 1_000;
        let cents = (u64::from(self.usual) * u64::from(factor) / 1_000) as u32;
        // people like whole amounts
        if draw.percent(35) { (cents / 100).max(1) * 100 } else { cents.max(1) }
    }
}
