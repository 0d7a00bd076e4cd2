//! What stands around each call of a tier: its deadline, another try where the
//! first one failed at once, and its breaker; and what there is to see of it.
//!
//! All that is asked of a tier here is idempotent, so that asking again is safe.
//! Tries and the waits between them share one deadline, so that a tier never
//! costs a batch more than that. A change of the breaker is logged once, by the
//! thread that brought it about.

use crate::Error;
use sandgate_remote::breaker::{self, Breaker, Change, State};
use sandgate_remote::{Backoff, Deadline};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A tier behind the process cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rank {
    /// Redis, between the process cache and the database.
    Redis,
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL database.
    Postgres,
}

/// Why a tier gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// It took too long.
    Late,
    /// Its breaker is open, so that it was not asked.
    Open,
    /// It failed.
    Failed,
}

/// A tier that gave no answer, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trouble {
    /// Which one: the last that could have known.
    pub tier: Rank,
    /// Why.
    pub why: Why,
}

/// What a tier was asked since the process started.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that were made, also again.
    pub calls: AtomicU64,
    /// Calls that failed, or were answered too late.
    pub failures: AtomicU64,
    /// Microseconds that all calls took.
    pub micros: AtomicU64,
}

/// The guard around one tier.
#[derive(Debug)]
pub struct Tier {
    rank: Rank,
    limit: Duration,
    backoff: Backoff,
    breaker: Breaker,
    counts: Counts,
}

impl Rank {
    /// The word for it in decisions, metrics and the log.
    pub fn word(self) -> &'static str {
        match self {
            Rank::Redis => "redis",
            Rank::Sqlite => "sqlite",
            Rank::Postgres => "postgres",
        }
    }
}

impl Why {
    /// What a decision says of it, behind the name of the tier.
    pub fn words(self) -> &'static str {
        match self {
            Why::Late => "did not answer in time",
            Why::Open => "is left alone after failures",
            Why::Failed => "could not be read",
        }
    }
}

impl Tier {
    /// A guard whose calls may take `limit` each.
    pub fn new(rank: Rank, limit: Duration, config: breaker::Config) -> Tier {
        let ms = Duration::from_millis;
        let backoff = Backoff { first: ms(10), most: ms(50), tries: 2, within: limit / 2 };
        Tier { rank, limit, backoff, breaker: Breaker::new(config), counts: Counts::default() }
    }

    /// A guard around a server that was looked for at start. One that was not there
    /// is left alone for a while, as if it had failed now.
    ///
    /// # Errors
    /// Where it will be the same the next time, until somebody does something.
    pub(crate) fn starting(
        rank: Rank,
        limit: Duration,
        config: breaker::Config,
        there: Result<(), Error>,
    ) -> Result<Tier, Error> {
        let tier = Tier::new(rank, limit, config);
        match there {
            Ok(()) => Ok(tier),
            Err(error) if error.lasts() => Err(error),
            Err(error) => {
                tracing::warn!(tier = rank.word(), %error, "tags: the host starts without this tier and tries it again");
                Ok(Tier { breaker: Breaker::opened(config, Instant::now()), ..tier })
            }
        }
    }

    /// Which tier it is.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// What its breaker does.
    pub fn state(&self) -> State {
        self.breaker.state()
    }

    /// How often its breaker has opened.
    pub fn times_opened(&self) -> u64 {
        self.breaker.times_opened()
    }

    /// What it was asked.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Makes a call, which is told how long it may take.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn call<T>(&self, mut call: impl FnMut(Duration) -> Result<T, Error>) -> Result<T, Why> {
        let start = Instant::now();
        let deadline = Deadline::after(start, self.limit);
        let mut tries = self.backoff.begin(start);
        loop {
            let began = Instant::now();
            let Some(left) = deadline.left(began) else { return Err(Why::Late) };
            let Ok(permit) = self.breaker.admit(began) else { return Err(Why::Open) };
            self.told(permit.change(), None);
            self.counts.calls.fetch_add(1, Ordering::Relaxed);
            let answer = call(left);
            let now = Instant::now();
            let micros = u64::try_from((now - began).as_micros()).unwrap_or(u64::MAX);
            self.counts.micros.fetch_add(micros, Ordering::Relaxed);
            let error = match answer {
                Ok(answer) => {
                    // an answer that came late is used, but a tier that is slow is as bad as one that fails
                    let late = deadline.has_passed(now);
                    self.counts.failures.fetch_add(u64::from(late), Ordering::Relaxed);
                    let change = if late { permit.failed(now) } else { permit.succeeded(now) };
                    self.told(change, None);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.counts.failures.fetch_add(1, Ordering::Relaxed);
            self.told(permit.failed(now), Some(&error));
            let why = if matches!(error, Error::Late { .. }) { Why::Late } else { Why::Failed };
            let wait = tries.again(now, chance()).filter(|_| !error.lasts());
            let (Some(wait), Some(left)) = (wait, deadline.left(now)) else { return Err(why) };
            pause(wait.min(left));
        }
    }

    /// Logs a change of the breaker, and the failure behind it.
    fn told(&self, change: Option<Change>, error: Option<&Error>) {
        let tier = self.rank.word();
        match (change.map(|change| change.to), error) {
            (Some(State::Open), Some(error)) => {
                tracing::warn!(tier, %error, "tags: this tier fails and is left alone for a while");
            }
            (Some(State::Open), None) => {
                tracing::warn!(tier, "tags: this tier is too slow and is left alone for a while")
            }
            (Some(State::HalfOpen), _) => tracing::info!(tier, "tags: this tier is tried again"),
            (Some(State::Closed), _) => tracing::info!(tier, "tags: this tier answers again"),
            (None, _) => {}
        }
    }
}

/// Chance for jitter; no decision depends on it.
fn chance() -> u32 {
    (RandomState::new().build_hasher().finish() >> 32) as u32
}

#[expect(clippy::disallowed_methods, reason = "a wait with jitter before asking again is a wait for time itself")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests;
