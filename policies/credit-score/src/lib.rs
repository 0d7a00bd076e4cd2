//! Scores an account by the balances that it kept: their sum over 30 days, so
//! many a point. `README.md` is for those who use it.
//!
//! The balances come from a source of their own, one record a day. Were they
//! read from the transactions, whoever pays often in small amounts would add up
//! the same balance again and again, and buy a score with nothing.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// The account's balances of the last 30 days, added up.
    #[window(sum, of = "balance", by = "account", span = "30d", sources("balances"))]
    pub balances: Decimal,
    /// How many balances those are.
    #[window(count, by = "account", span = "30d", sources("balances"))]
    pub days: u64,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Scale {
    /// So much of balances is a point.
    #[parameter(default = "1000", minimum = "0.0001")]
    pub per_point: Decimal,
    /// A score up to this is very poor.
    #[parameter(default = 20, maximum = 1000)]
    pub very_poor: u32,
    /// A score up to this is poor.
    #[parameter(default = 50, maximum = 1000)]
    pub poor: u32,
    /// A score up to this is fair.
    #[parameter(default = 100, maximum = 1000)]
    pub fair: u32,
    /// With fewer balances than this there is too little to judge by.
    #[parameter(default = 10)]
    pub least_days: u64,
    /// The score of an account with too few balances.
    #[parameter(default = 0, minimum = 0, maximum = 1000)]
    pub thin_score: f64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// The lowest band.
    #[reason(block, "very poor: {balances} in {days} balances is at most {very_poor} points of {per_point}")]
    VeryPoor,
    /// The band above it.
    #[reason(review, "poor: {balances} in {days} balances is at most {poor} points of {per_point}")]
    Poor,
    /// The band that is told and nothing more.
    #[reason(note, "fair: {balances} in {days} balances is at most {fair} points of {per_point}")]
    Fair,
    /// Too little is known of the account.
    #[reason(review, "{days} balances in 30 days, {least_days} are needed for a score")]
    ThinFile,
    /// The tenant's bands contradict each other, so nothing can be let through.
    #[reason(block, final, "the bands must rise: very poor {very_poor}, poor {poor}, fair {fair}")]
    BandsContradict,
}

/// The highest score.
pub const HIGHEST: f64 = 1000.0;

/// Scores an account by the balances that it kept.
#[scoring(
    minimum = 0,
    maximum = 1000,
    risky = "low",
    contributions,
    summary = "points: the balances of 30 days, so many a point"
)]
pub fn credit_score(seen: &Seen, scale: &Scale, hits: &mut Hits<Reason>, moved: &mut Contributions<Seen>) -> f64 {
    if scale.very_poor > scale.poor || scale.poor > scale.fair {
        hits.add(Reason::BandsContradict);
        return 0.0;
    }
    if seen.days < scale.least_days {
        hits.add(Reason::ThinFile);
        moved.days = scale.thin_score;
        return scale.thin_score;
    }
    let score = (seen.balances.to_f64() / scale.per_point.to_f64()).clamp(0.0, HIGHEST);
    moved.balances = score;
    let band = [(scale.very_poor, Reason::VeryPoor), (scale.poor, Reason::Poor), (scale.fair, Reason::Fair)];
    if let Some((_, reason)) = band.into_iter().find(|(limit, _)| score <= f64::from(*limit)) {
        hits.add(reason);
    }
    score
}

#[cfg(test)]
mod tests;
