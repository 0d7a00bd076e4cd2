//! How long to wait before asking again: exponential with full jitter, so that
//! hosts which failed together do not come back together.
//!
//! A wait is drawn evenly from nothing to a bound that doubles with each try.
//! Both the number of tries and the time for all of them are bounded. Only for
//! what may be asked twice: a read, or a write that is idempotent.

use std::time::{Duration, Instant};

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait before the second try.
    pub first: Duration,
    /// No wait is longer, however often it was doubled.
    pub most: Duration,
    /// Tries in all, the first one among them; none and one both mean one.
    pub tries: u32,
    /// No try begins later than this after the first.
    pub within: Duration,
}

/// The tries of one piece of work under a [`Backoff`].
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    rule: Backoff,
    began: Instant,
    made: u32,
}

impl Backoff {
    /// The first try begins `now`.
    pub fn begin(self, now: Instant) -> Tries {
        Tries { rule: self, began: now, made: 1 }
    }
}

impl Tries {
    /// How long to wait before the next try, after one has failed `now`; nothing
    /// when it is time to give up. `chance` is any random number: its bits say
    /// where between nothing and the bound the wait is.
    pub fn again(&mut self, now: Instant, chance: u32) -> Option<Duration> {
        if self.made >= self.rule.tries {
            return None;
        }
        let doubled = 1_u32.checked_shl(self.made - 1).map(|times| self.rule.first.saturating_mul(times));
        let bound = doubled.unwrap_or(self.rule.most).min(self.rule.most);
        let wait = part(bound, chance);
        let begins = now.saturating_duration_since(self.began).saturating_add(wait);
        if begins > self.rule.within {
            return None;
        }
        self.made += 1;
        Some(wait)
    }

    /// Tries so far, the first one among them.
    pub fn made(&self) -> u32 {
        self.made
    }
}

/// `chance` of 2^32 parts of a duration, rounded down.
fn part(whole: Duration, chance: u32) -> Duration {
    let nanos = (whole.as_nanos() * u128::from(chance)) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
