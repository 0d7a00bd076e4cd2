//! Tags: stored attributes of entities (an account's risk level, a blocked
//! device), which the host looks up for a whole batch before its policies run.
//!
//! [`Store`] is the seam. The [`sqlite`] store stands behind it today, with the
//! process [`cache`] before it; a tier between them (Redis) or another database
//! behind them is one more implementation of the same trait. The values are
//! text: this crate does not know what kind a policy reads a tag as.
//!
//! Absent on purpose: defaults (the policy declares them), retries and stale
//! values (a file of this machine needs none), and any async function: look-ups
//! are made by worker threads, which have nothing else to do meanwhile.

pub mod cache;
pub mod error;
pub mod location;
pub mod sqlite;
pub mod tag;

pub use cache::Cached;
pub use error::Error;
pub use location::Location;
pub use tag::{Tag, TagError};

use std::sync::Arc;
use std::time::Duration;

/// Where tags are kept, and how long a process may remember them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the tags are; `sqlite:tags.db` if the configuration does not say.
    pub sql: Location,
    /// How long an answer, also that there is no such tag, is taken from the
    /// cache. A changed tag is seen by a running host after at most this time.
    pub ttl: Duration,
    /// Most answers in the cache. One takes about 250 bytes with short texts,
    /// 1.7 KB at worst.
    pub entries_max: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config { sql: Location::default(), ttl: Duration::from_secs(60), entries_max: 200_000 }
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

/// A place to look tags up in.
pub trait Store: Send + Sync {
    /// Looks up a whole batch: afterwards `found[i]` answers `wanted[i]`, with
    /// `None` where there is no such tag. What `found` held before is dropped.
    ///
    /// May be called by several threads at once, but not from an async task: it
    /// waits for its answer.
    ///
    /// # Errors
    /// Where the store cannot be read; `found` is then empty.
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error>;
}

/// Opens the store of the configuration for reading, with its cache.
///
/// # Errors
/// Where there is no store yet, it is not one of ours, or it cannot be read.
pub fn open(config: &Config) -> Result<Cached<sqlite::Reader>, Error> {
    let Location::Sqlite(path) = &config.sql;
    Ok(Cached::new(sqlite::Reader::open(path)?, config))
}
