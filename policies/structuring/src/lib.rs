//! Tells sums that are split into pieces, each just under an amount that would
//! have to be reported. `README.md` is for those who use it.
//!
//! The windows count pieces only: what is under the limit, and not so small that
//! it says nothing. So neither a coffee between two deposits nor a salary that
//! was reported anyway hides the pieces; a mean or a maximum over everything
//! would be moved by both.

use sandgate_sdk::prelude::*;

/// What the policy reads. Each window covers the transaction itself.
#[derive(Inputs)]
pub struct Seen {
    /// What is moved, of this transaction alone.
    #[field]
    pub amount: Decimal,
    /// The account's pieces of the last 24 hours, added up.
    #[window(sum, of = "amount", by = "account", span = "24h", only(amount >= piece, amount < limit))]
    pub day_sum: Decimal,
    /// How many those are.
    #[window(count, by = "account", span = "24h", only(amount >= piece, amount < limit))]
    pub day_pieces: u64,
    /// The account's pieces of the last 7 days, added up.
    #[window(sum, of = "amount", by = "account", span = "7d", only(amount >= piece, amount < limit))]
    pub week_sum: Decimal,
    /// How many those are.
    #[window(count, by = "account", span = "7d", only(amount >= piece, amount < limit))]
    pub week_pieces: u64,
    /// How many of the account's last 30 days were just under the limit.
    #[window(count, by = "account", span = "30d", only(amount >= near, amount < limit))]
    pub near_limit: u64,
    /// What the beneficiary got in pieces within 24 hours, added up over all payers.
    #[window(sum, of = "amount", by = "beneficiary", span = "24h", only(amount >= piece, amount < limit), default = 0)]
    pub received: Decimal,
    /// From how many accounts that came.
    #[window(
        distinct,
        of = "account",
        by = "beneficiary",
        span = "24h",
        only(amount >= piece, amount < limit),
        default = 0
    )]
    pub payers: u64,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// From this amount on a single transaction is reported.
    #[parameter(default = "10000", minimum = "0")]
    pub limit: Decimal,
    /// A transaction from this amount on is just under the limit.
    #[parameter(default = "9000", minimum = "0")]
    pub near: Decimal,
    /// A transaction from this amount on may be a piece of something larger.
    #[parameter(default = "1000", minimum = "0")]
    pub piece: Decimal,
    /// So many just under the limit in 30 days are allowed.
    #[parameter(default = 2)]
    pub near_allowed: u64,
    /// In a week it takes so many pieces to be split on purpose.
    #[parameter(default = 4, minimum = 2)]
    pub week_pieces_least: u64,
    /// A beneficiary is fed in pieces by so many accounts or more.
    #[parameter(default = 3, minimum = 2)]
    pub payers_least: u64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// Pieces of one day reach the limit together.
    #[reason(review, weight = 40, "{day_pieces} pieces under {limit} make {day_sum} in 24 hours")]
    SplitDay,
    /// Pieces of one week reach the limit together.
    #[reason(review, weight = 20, "{week_pieces} pieces under {limit} make {week_sum} in 7 days")]
    SplitWeek,
    /// Again and again just under the limit.
    #[reason(review, weight = 30, "{near_limit} from {near} to under {limit} in 30 days, {near_allowed} allowed")]
    JustUnder,
    /// Several accounts feed one beneficiary in pieces.
    #[reason(
        review,
        weight = 40,
        "{payers} accounts sent one beneficiary {received} in pieces under {limit} in 24 hours"
    )]
    ManyPayers,
    /// The tenant's limits contradict each other, so nothing can be let through.
    #[reason(block, final, "the limits must rise: piece {piece}, near {near}, limit {limit}")]
    LimitsContradict,
}

/// Tells sums that are split to stay under a reporting limit.
#[rules]
pub fn structuring(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    if limits.piece > limits.near || limits.near >= limits.limit {
        hits.add(Reason::LimitsContradict);
        return;
    }
    // What is no piece itself is not told for those before it: they were told,
    // and what reaches the limit by itself is reported anyway.
    if seen.amount < limits.piece || seen.amount >= limits.limit {
        return;
    }
    hits.when(seen.day_pieces >= 2 && seen.day_sum >= limits.limit, Reason::SplitDay);
    let week = seen.week_pieces >= limits.week_pieces_least && seen.week_sum >= limits.limit;
    hits.when(week, Reason::SplitWeek);
    hits.when(seen.amount >= limits.near && seen.near_limit > limits.near_allowed, Reason::JustUnder);
    hits.when(seen.payers >= limits.payers_least && seen.received >= limits.limit, Reason::ManyPayers);
}

#[cfg(test)]
mod tests;
