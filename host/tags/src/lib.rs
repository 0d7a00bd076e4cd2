//! Tags: stored attributes of entities (an account's risk level, a blocked
//! device), which the host looks up for a whole batch before its policies run.
//!
//! [`Store`] is the seam. Behind it stands the [`cascade`]: the process [`cache`],
//! then Redis where there is one, then the database ([`sqlite`] or [`postgres`]),
//! each asked in one round trip for what the tiers before it did not know. What a
//! database says of its changes reaches the host through the [`feed`]. The values
//! are text: this crate does not know what kind a policy reads a tag as.
//!
//! Absent on purpose: defaults (the policy declares them) and any async function
//! at the seam: look-ups are made by worker threads, which have nothing else to do.

pub mod between;
pub mod cache;
pub mod cascade;
pub mod database;
pub mod error;
pub mod feed;
mod filter;
mod flights;
mod knowledge;
pub mod meters;
pub mod postgres;
pub mod sqlite;
pub mod tag;
pub mod tier;
mod write_back;
pub mod writer;

pub use cascade::Cascade;
pub use error::Error;
pub use sandgate_redis::{Url, UrlError};
pub use sandgate_sql::{Address, Location, LocationError};
pub use tag::{Tag, TagError};
pub use tier::{Rank, Trouble, Why};
pub use writer::Writer;

use std::sync::Arc;
use std::time::Duration;

/// Where tags are kept, how long a process may remember them, and what it does
/// when a tier does not answer.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the tags are; `sqlite:tags.db` if the configuration does not say.
    pub sql: Location,
    /// The Redis between the process cache and the database: none, a server, or
    /// some nodes of a cluster.
    pub redis: Vec<Url>,
    /// How long an answer, also that there is no such tag, is taken from a cache
    /// without asking again.
    pub ttl: Duration,
    /// How old an answer may be that is taken because no tier can be asked.
    pub stale: Duration,
    /// Most tags in the process cache. One takes about 250 bytes with short texts,
    /// 1.7 KB at worst.
    pub entries_max: u64,
    /// Most names in the process cache for which there is no tag.
    pub absent_max: u64,
    /// How long one batch waits for Redis.
    pub redis_deadline: Duration,
    /// How long one batch waits for the database.
    pub sql_deadline: Duration,
    /// When a tier is left alone, and for how long.
    pub breaker: sandgate_remote::breaker::Config,
    /// Most bytes of the filter of known ids; none without any.
    pub filter_max: u64,
    /// Most tags that are read into the cache at start.
    pub warm_max: u64,
    /// How often the database is asked for its changes.
    pub poll: Duration,
}

impl Default for Config {
    fn default() -> Config {
        let (second, ms) = (Duration::from_secs(1), Duration::from_millis(1));
        Config {
            sql: Location::Sqlite("tags.db".into()),
            redis: Vec::new(),
            ttl: 60 * second,
            stale: 300 * second,
            entries_max: 200_000,
            absent_max: 50_000,
            redis_deadline: 50 * ms,
            sql_deadline: 250 * ms,
            breaker: sandgate_remote::breaker::Config::default(),
            filter_max: 16 << 20,
            warm_max: 10_000,
            poll: 250 * ms,
        }
    }
}

/// The name of a tag that a batch wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted<'a> {
    /// What is tagged: `account`.
    pub entity: &'a str,
    /// Which attribute of it: `risk_level`.
    pub attribute: &'a str,
    /// Which one of the entity's kind: `account123`.
    pub id: &'a str,
}

/// What became of one name that a batch wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is a tag with this value.
    Found(Arc<str>),
    /// There is no such tag.
    Absent,
    /// No tier could be asked. This is what was known before, not longer ago than
    /// is allowed: a value, or that there was no tag.
    Stale(Option<Arc<str>>, Trouble),
    /// No tier could be asked, and nothing is known that is young enough.
    Missing(Trouble),
}

impl Answer {
    /// The answer of a tier that was asked.
    pub fn of(value: Option<Arc<str>>) -> Answer {
        value.map_or(Answer::Absent, Answer::Found)
    }

    /// The value, also a stale one.
    pub fn value(&self) -> Option<&Arc<str>> {
        match self {
            Answer::Found(value) | Answer::Stale(Some(value), _) => Some(value),
            Answer::Absent | Answer::Stale(None, _) | Answer::Missing(_) => None,
        }
    }
}

/// A place to look tags up in.
pub trait Store: Send + Sync {
    /// Looks up a whole batch: afterwards `found[i]` answers `wanted[i]`, each
    /// saying by itself how good it is. What `found` held before is dropped.
    ///
    /// May be called by several threads at once, but not from an async task: it
    /// waits for its answers, no longer than the deadlines of its tiers together.
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Answer>);
}

/// Opens the cascade of the configuration for a host that judges.
///
/// # Errors
/// Where there is no store yet, it is not one of ours, or a server refuses us. A
/// server that cannot be reached is no error: the host starts and says so.
pub fn open(config: &Config) -> Result<Cascade, Error> {
    Cascade::open(config)
}
