//! A policy that declares a window of every aggregate and every span, over judged
//! and observed sources. What it says is of no interest; its inputs are.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// How many in a minute.
    #[window(count, by = "account", span = "1m")]
    pub count: u64,
    /// The sum of an hour that ended a minute ago, both edges included.
    #[window(sum, of = "amount", by = "account", span = "1h", delay = "1m", closed)]
    pub sum: Decimal,
    /// The mean of the running half hour.
    #[window(mean, of = "amount", by = "account", tumbling = "30m", offset = "7m", default = 0)]
    pub mean: f64,
    /// The least of the day in Shanghai.
    #[window(minimum, of = "amount", by = "account", calendar(day, "Asia/Shanghai"))]
    pub least: Option<Decimal>,
    /// The greatest of the week in Berlin.
    #[window(maximum, of = "amount", by = "account", calendar(week, "Europe/Berlin"))]
    pub greatest: Option<Decimal>,
    /// The spread of 30 days, to the hour.
    #[window(deviation, of = "amount", by = "account", span = "30d", resolution = "1h", default = 0)]
    pub spread: f64,
    /// How many accounts a device has served without a pause.
    #[window(distinct, of = "account", by = "device", session("30m", longest = "1d"), default = 0)]
    pub accounts: u64,
    /// When the account was first seen.
    #[window(first_seen, by = "account", span = "365d")]
    pub first: Instant,
    /// When the pair was last seen.
    #[window(last_seen, by("account", "device"), span = "90d", previous)]
    pub last: Option<Instant>,
    /// The newest price that was observed.
    #[window(latest, of = "price", by = "account", span = "1d", sources("prices"))]
    pub price: Option<Decimal>,
    /// Large ones of an hour.
    #[window(count, by = "account", span = "1h", only(amount >= from, device != known))]
    pub large: u64,
    /// The device of the one before.
    #[window(latest, of = "device", by = "account", span = "1d", previous)]
    pub device: Option<&'a str>,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits<'a> {
    /// So many in a minute are allowed.
    #[parameter(default = 3)]
    pub per_minute: u64,
    /// What is large; only the window reads it.
    #[parameter(default = 500)]
    pub from: i64,
    /// Devices on which nothing is large; only the window reads them.
    #[parameter(default = ["d-1"])]
    pub known: Vec<&'a str>,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// Too many in a minute.
    #[reason(block, "{count} in a minute")]
    Burst,
    /// Somebody new.
    #[reason(note, "first seen {first}, last {last} from {device}, price {price}")]
    New,
    /// Much moved.
    #[reason(
        review,
        "{sum} in an hour, {mean} at a time, {least} to {greatest}, spread {spread}, {large} large, {accounts} accounts"
    )]
    Moved,
}

/// Reads everything.
#[rules]
pub fn every_window(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    hits.when(seen.count > limits.per_minute, Reason::Burst);
    hits.when(seen.last.is_none(), Reason::New);
    hits.when(seen.large > 1, Reason::Moved);
}
