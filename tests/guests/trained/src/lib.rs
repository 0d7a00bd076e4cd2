//! A policy whose score is that of a model which scikit-learn trained: the one
//! that the SDK's own tests hold to the library's numbers.

use sandgate_sdk::model::Logistic;
use sandgate_sdk::prelude::*;
use std::time::Duration;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// What is moved.
    #[field(scale = 2)]
    pub amount: Decimal,
    /// When.
    #[field]
    pub time: Instant,
    /// The account's payments of the last minute, this one included.
    #[window(count, by = "account", span = "1m")]
    pub last_minute: u64,
    /// How risky the account is, if anybody has said.
    #[tag(account, "risk_level")]
    pub risk: Option<i64>,
}

impl Seen {
    /// A payment of 2026-01-01, for the test that compares.
    pub fn of(cents: i64, minute_of_day: u64, last_minute: u64, risk: Option<i64>) -> Seen {
        let time = Instant::utc(2026, 1, 1, 0, 0, 0) + Duration::from_secs(minute_of_day * 60);
        Seen { amount: Decimal::new(cents, 2), time, last_minute, risk }
    }
}

/// What the model looks at, by the names of its columns.
#[derive(Logistic)]
#[logistic("../../../sdk/tests/logistic/scaled.json")]
struct Features {
    amount: Decimal,
    last_minute: u64,
    hour: f64,
    risk: i64,
    risk_unknown: bool,
}

/// What contributions are added to.
pub const BASE: f64 = Features::BASE;

/// Scores how probable fraud is.
#[scoring(minimum = 0, maximum = 1, risky = "high", contributions)]
pub fn trained(seen: &Seen, moved: &mut Contributions<Seen>) -> f64 {
    let features = Features {
        amount: seen.amount,
        last_minute: seen.last_minute,
        hour: f64::from(seen.time.minute_of_day(0)) / 60.0,
        risk: seen.risk.unwrap_or(1),
        risk_unknown: seen.risk.is_none(),
    };
    let found = features.explain();
    moved.amount = found.contributions.amount;
    moved.last_minute = found.contributions.last_minute;
    moved.time = found.contributions.hour;
    moved.risk = found.contributions.risk + found.contributions.risk_unknown;
    found.probability
}
