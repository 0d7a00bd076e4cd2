//! The circuit breaker: after too many failures a remote part is left alone for
//! a while, so that its callers do not wait for it and it can recover.
//!
//! *Closed*, calls go through, and of the last ones within a window so many may
//! fail. *Open*, none go through, for a time. Then it is *half-open*: a few go
//! through on trial; if all of them succeed it closes, if one fails it opens
//! again. An answer that was asked for before the last change no longer counts:
//! it says how things were.
//!
//! Of the last calls and not only in a row: a part that fails every second time
//! would never fail often enough in a row, and is no use either.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// It opens when so many of the last calls have failed; at least one.
    pub failures: u32,
    /// How many of the last calls are looked at; at least `failures`.
    pub calls: u32,
    /// What was longer ago is forgotten.
    pub window: Duration,
    /// How long it stays open before the first trial.
    pub open: Duration,
    /// So many trials at once, all of which must succeed; at least one.
    pub trials: u32,
}

impl Default for Config {
    fn default() -> Config {
        let seconds = Duration::from_secs;
        Config { failures: 5, calls: 20, window: seconds(10), open: seconds(2), trials: 1 }
    }
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// They go through.
    Closed = 0,
    /// A few go through, on trial.
    HalfOpen = 1,
    /// None go through.
    Open = 2,
}

/// A change of state, told to one caller alone: whoever brought it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub from: State,
    /// What it is now.
    pub to: State,
}

/// Why a call does not go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it failed too often and is left alone for another {} ms", again_in.as_millis())]
pub struct Refused {
    /// How long until the next trial, as far as is known; nothing while one runs.
    pub again_in: Duration,
}

/// A circuit breaker, shared by all who call the same part.
#[derive(Debug)]
pub struct Breaker {
    config: Config,
    inner: Mutex<Inner>,
    /// The state once more, to be read without waiting.
    state: AtomicU8,
    opened: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    /// The last calls, whether each failed, oldest first; only while closed.
    last: VecDeque<(Instant, bool)>,
    failed: u32,
    /// From when on there may be trials; only while open.
    until: Option<Instant>,
    /// Trials that run, and those that have succeeded; only while half-open.
    running: u32,
    succeeded: u32,
    /// Rises with each change of state.
    era: u64,
}

/// Leave for one call. Say how it ended; dropped without that (the call was
/// given up for a reason that says nothing about the part) it does not count.
#[derive(Debug)]
#[must_use = "say whether the call succeeded or failed"]
pub struct Permit<'b> {
    breaker: &'b Breaker,
    era: u64,
    /// The change that this call brought about: the first trial makes it half-open.
    change: Option<Change>,
    over: bool,
}

impl State {
    /// The word for it in a log and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::HalfOpen => "half-open",
            State::Open => "open",
        }
    }
}

impl Breaker {
    /// A closed breaker.
    pub fn new(config: Config) -> Breaker {
        Breaker::starting(config, None)
    }

    /// A breaker that is open from `now` on: of a part that was not there when
    /// it was first looked for.
    pub fn opened(config: Config, now: Instant) -> Breaker {
        Breaker::starting(config, Some(now))
    }

    fn starting(config: Config, opened: Option<Instant>) -> Breaker {
        let failures = config.failures.max(1);
        let config = Config { failures, calls: config.calls.max(failures), trials: config.trials.max(1), ..config };
        let until = opened.map(|now| after(now, config.open));
        let state = if opened.is_some() { State::Open } else { State::Closed };
        let inner = Inner { last: VecDeque::new(), failed: 0, until, running: 0, succeeded: 0, era: 0 };
        Breaker {
            config,
            inner: Mutex::new(inner),
            state: AtomicU8::new(state as u8),
            opened: AtomicU64::new(u64::from(opened.is_some())),
        }
    }

    /// Asks for leave to call.
    ///
    /// # Errors
    /// While it is open, and half-open while as many trials run as are allowed.
    pub fn admit(&self, now: Instant) -> Result<Permit<'_>, Refused> {
        let mut inner = self.lock();
        let mut change = None;
        if self.state() == State::Open {
            let left = inner.until.and_then(|until| until.checked_duration_since(now));
            if let Some(again_in) = left.filter(|left| !left.is_zero()) {
                return Err(Refused { again_in });
            }
            change = Some(self.become_state(&mut inner, State::HalfOpen));
        }
        if self.state() == State::HalfOpen {
            if inner.running + inner.succeeded >= self.config.trials {
                return Err(Refused { again_in: Duration::ZERO });
            }
            inner.running += 1;
        }
        Ok(Permit { breaker: self, era: inner.era, change, over: false })
    }

    /// The state as it is known: an open breaker becomes half-open with the first
    /// call after its time, not by itself.
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Closed,
            1 => State::HalfOpen,
            _ => State::Open,
        }
    }

    /// How often it has opened.
    pub fn times_opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn become_state(&self, inner: &mut Inner, to: State) -> Change {
        let from = self.state();
        inner.era += 1;
        inner.last.clear();
        (inner.failed, inner.running, inner.succeeded) = (0, 0, 0);
        self.state.store(to as u8, Ordering::Release);
        Change { from, to }
    }

    fn open(&self, inner: &mut Inner, now: Instant) -> Change {
        inner.until = Some(after(now, self.config.open));
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.become_state(inner, State::Open)
    }

    fn ended(&self, era: u64, now: Instant, failed: bool) -> Option<Change> {
        let mut inner = self.lock();
        if inner.era != era {
            return None;
        }
        match (self.state(), failed) {
            (State::Closed, _) => {
                inner.note(&self.config, now, failed);
                (inner.failed >= self.config.failures).then(|| self.open(&mut inner, now))
            }
            (State::HalfOpen, true) => Some(self.open(&mut inner, now)),
            (State::HalfOpen, false) => {
                inner.running = inner.running.saturating_sub(1);
                inner.succeeded += 1;
                (inner.succeeded >= self.config.trials).then(|| self.become_state(&mut inner, State::Closed))
            }
            (State::Open, _) => None,
        }
    }
}

impl Inner {
    /// Notes how a call ended, and forgets what no longer counts.
    fn note(&mut self, config: &Config, now: Instant, failed: bool) {
        self.last.push_back((now, failed));
        self.failed += u32::from(failed);
        while let Some((at, failed)) = self.last.front() {
            let old = now.saturating_duration_since(*at) > config.window;
            if !old && self.last.len() <= config.calls as usize {
                break;
            }
            self.failed -= u32::from(*failed);
            self.last.pop_front();
        }
    }
}

impl Permit<'_> {
    /// The change that asking for this call brought about.
    pub fn change(&self) -> Option<Change> {
        self.change
    }

    /// The call was answered.
    pub fn succeeded(mut self, now: Instant) -> Option<Change> {
        self.over = true;
        self.breaker.ended(self.era, now, false)
    }

    /// The call was not answered, or with a failure of the part itself.
    pub fn failed(mut self, now: Instant) -> Option<Change> {
        self.over = true;
        self.breaker.ended(self.era, now, true)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.over {
            let mut inner = self.breaker.lock();
            if inner.era == self.era {
                inner.running = inner.running.saturating_sub(1);
            }
        }
    }
}

/// A moment later by `time`; a time that no clock can reach is left away.
fn after(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now)
}

#[cfg(test)]
mod tests;
