//! The moment after which an answer is no longer waited for.
//!
//! It is set once, where the work begins, and passed down: what a part leaves of
//! it is what the next part has. A duration for each part would add up.

use std::time::{Duration, Instant};

/// A moment, after which it is too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline of something that begins `now` and may take `limit`. A limit
    /// that no clock can reach is one of about thirty years.
    pub fn after(now: Instant, limit: Duration) -> Deadline {
        const FAR: Duration = Duration::from_secs(1_000_000_000);
        Deadline(now.checked_add(limit.min(FAR)).unwrap_or(now))
    }

    /// What is left of it; nothing once it has come.
    pub fn left(self, now: Instant) -> Option<Duration> {
        self.0.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Whether it has come.
    pub fn has_passed(self, now: Instant) -> bool {
        now >= self.0
    }
}

#[cfg(test)]
mod tests;
