//! The policy that the sandbox is measured with: six inputs, one of them a text
//! read in place, and five rules. [`plain`] is the same logic without a sandbox.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// What is moved.
    #[field]
    pub amount: Decimal,
    /// What kind of trade it is.
    #[field("trade_type")]
    pub kind: &'a str,
    /// Where the order came from: the seconds since the account was opened.
    #[field]
    pub age_s: i64,
    /// A model's estimate.
    #[field]
    pub probability: f64,
    /// The account's risk level.
    #[tag(account, "risk_level", default = 1)]
    pub risk: i64,
    /// Whether the device is new.
    #[field]
    pub new_device: bool,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// The largest amount.
    #[parameter(default = "1000000")]
    pub largest: Decimal,
    /// The largest amount on a new device.
    #[parameter(default = "5000")]
    pub largest_new: Decimal,
    /// The youngest account that may subscribe.
    #[parameter(default = 86400)]
    pub youngest_s: i64,
    /// The highest probability.
    #[parameter(default = 0.9)]
    pub probable: f64,
    /// The highest risk level.
    #[parameter(default = 3)]
    pub level: i64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// Too large.
    #[reason(block, "amount {amount} is over {largest}")]
    Large,
    /// Too large for a new device.
    #[reason(review, weight = 30, "amount {amount} is over {largest_new} on a new device")]
    NewDevice,
    /// A subscription of a young account.
    #[reason(review, weight = 20, "the account is {age_s} s old")]
    Young,
    /// The model says so.
    #[reason(block, "probability {probability}")]
    Probable,
    /// The account is too risky.
    #[reason(block, final, "risk level {risk}")]
    Risky,
}

/// Five rules over six inputs.
#[rules]
pub fn six_inputs(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    hits.when(seen.amount > limits.largest, Reason::Large);
    hits.when(seen.new_device && seen.amount > limits.largest_new, Reason::NewDevice);
    hits.when(seen.kind == "subscribe" && seen.age_s < limits.youngest_s, Reason::Young);
    hits.when(seen.probability > limits.probable, Reason::Probable);
    hits.when(seen.risk > limits.level, Reason::Risky);
}

/// A transaction of the plain function, amounts in units of 10^-4.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a> {
    /// As in [`Seen`], and so are the others.
    pub amount: i64,
    /// What kind of trade it is.
    pub kind: &'a str,
    /// Seconds since the account was opened.
    pub age_s: i64,
    /// A model's estimate.
    pub probability: f64,
    /// The account's risk level.
    pub risk: i64,
    /// Whether the device is new.
    pub new_device: bool,
}

/// The limits of the plain function, amounts in units of 10^-4.
#[derive(Clone, Copy, Debug)]
pub struct PlainLimits {
    /// As in [`Limits`], and so are the others.
    pub largest: i64,
    /// The largest amount on a new device.
    pub largest_new: i64,
    /// The youngest account that may subscribe.
    pub youngest_s: i64,
    /// The highest probability.
    pub probable: f64,
    /// The highest risk level.
    pub level: i64,
}

/// The default limits.
pub const PLAIN_LIMITS: PlainLimits =
    PlainLimits { largest: 10_000_000_000, largest_new: 50_000_000, youngest_s: 86_400, probable: 0.9, level: 3 };

/// The same five rules in plain Rust, as bits: the limit of what a host can reach.
#[inline]
pub fn plain(seen: &Plain<'_>, limits: &PlainLimits) -> u64 {
    u64::from(seen.amount > limits.largest)
        | u64::from(seen.new_device && seen.amount > limits.largest_new) << 1
        | u64::from(seen.kind == "subscribe" && seen.age_s < limits.youngest_s) << 2
        | u64::from(seen.probability > limits.probable) << 3
        | u64::from(seen.risk > limits.level) << 4
}

#[cfg(test)]
mod tests {
    use super::{Limits, PLAIN_LIMITS, Plain, Reason, Seen, plain, six_inputs};
    use sandgate_sdk::prelude::*;

    #[test]
    fn the_plain_function_gives_the_same_answers() {
        let limits = Limits {
            largest: decimal!(1000000),
            largest_new: decimal!(5000),
            youngest_s: 86_400,
            probable: 0.9,
            level: 3,
        };
        let mut seen_bits = 0;
        for number in 0..1_024_i64 {
            let units = [0, 49_999_999, 50_000_001, 10_000_000_001][(number & 3) as usize];
            let kind = ["subscribe", "redeem"][(number >> 2 & 1) as usize];
            let (age_s, probability) =
                ([10, 100_000][(number >> 3 & 1) as usize], [0.1, 0.95][(number >> 4 & 1) as usize]);
            let (risk, new_device) = (number >> 5 & 7, number >> 8 & 1 == 1);
            let mut hits: Hits<Reason> = Hits::new();
            let seen = Seen { amount: Decimal::new(units, 4), kind, age_s, probability, risk, new_device };
            six_inputs(&seen, &limits, &mut hits);
            let bits = plain(&Plain { amount: units, kind, age_s, probability, risk, new_device }, &PLAIN_LIMITS);
            let same = Reason::ALL.iter().map(|reason| hits.iter().any(|hit| std::ptr::eq(hit, reason)));
            assert_eq!(
                same.enumerate().map(|(at, hit)| u64::from(hit) << at).sum::<u64>(),
                bits,
                "{seen_units}",
                seen_units = units
            );
            seen_bits |= bits;
        }
        assert_eq!(seen_bits, 0b11111);
    }
}
