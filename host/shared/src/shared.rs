//! The store of the shared series, as all lanes of a host use it: what is asked for
//! a batch, with a breaker around it, and counts of all that.

use crate::answer::{Held, Wanted};
use crate::behind::Behind;
use crate::config::Config;
use crate::failure::{Failure, OpenError};
use crate::member::Member;
use crate::server::{Ask, Server, Value};
use sandgate_metrics::{Buckets, Counter, Gauge, Health, Histogram, Registry};
use sandgate_remote::{Breaker, Change, State, breaker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Events of a series that are read at first: a series that has more in reach is
/// asked for by itself, so that a batch with many series stays in bounds.
const FIRST: usize = 1_000;
/// Series with more that are asked for at once.
const LONG_AT_ONCE: usize = 16;
/// How long a server may take to answer the first question, at least.
const OPENING: Duration = Duration::from_secs(5);
/// Batches after which the series of one are trimmed; between them they hold a
/// little that no window reaches.
const TRIMMED_EVERY: u64 = 16;

/// The shared series of all lanes of a host.
#[derive(Debug)]
pub struct Shared {
    server: Server,
    /// Whether it is known that the server drops nothing.
    sound: AtomicBool,
    events: usize,
    breaker: Arc<Breaker>,
    counts: Counts,
    batches: AtomicU64,
}

/// What is counted.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Calls that were answered.
    pub calls: Counter,
    /// Calls that failed, and those that the breaker did not let through.
    pub failures: Counter,
    /// Events that were sent; a repeated one counts again.
    pub written: Counter,
    /// Events that were read.
    pub read: Counter,
    /// Series of which more events were in reach, or kept, than the bound allows.
    pub full: Counter,
    /// Events of all lanes that wait for a Redis that is gone.
    pub behind: Gauge,
    /// The same, to add to.
    waiting: Arc<AtomicU64>,
    /// Events that will never reach it.
    pub lost: Counter,
    /// How long a batch waited for its answer.
    time: Histogram,
}

impl Counts {
    fn new(registry: &Registry) -> Counts {
        Counts {
            calls: registry.counter("shared_calls", "Calls to the redis of the shared series that were answered"),
            failures: registry.counter("shared_failures", "Calls to the redis of the shared series that failed"),
            written: registry.counter("shared_events_written", "Events sent to shared series"),
            read: registry.counter("shared_events_read", "Events read from shared series"),
            full: registry.counter("shared_series_full", "Reads of shared series that have more events than the bound"),
            behind: registry
                .gauge("shared_events_waiting", "Events that wait until the redis of the shared series is back"),
            waiting: Arc::default(),
            lost: registry
                .counter("shared_events_lost", "Events that were decided without and will never be in a shared series"),
            time: registry.histogram(
                "shared_call_seconds",
                "How long a batch waited for its shared series",
                Buckets::time(),
            ),
        }
    }
}

impl Counts {
    /// So many events of a lane wait now, of which `counted` were counted before.
    pub(crate) fn waiting(&self, counted: &mut usize, now: usize) {
        let before = std::mem::replace(counted, now) as u64;
        let now = now as u64;
        // what a lane takes away it has added
        let all = self.waiting.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
        self.behind.set_whole(all.wrapping_add(now.wrapping_sub(before)));
    }
}

impl Shared {
    /// Connects, and makes sure that nothing is dropped there; the note is about
    /// what could not be found out. A server that does not answer is asked that again
    /// before anything else: until then its lanes wait, or decide without it.
    ///
    /// # Errors
    /// Where the password is wrong, or the server may drop series.
    pub fn open(config: Config, registry: &Registry) -> Result<(Shared, Option<String>), OpenError> {
        let server = Server::new(config.urls, config.deadline);
        let (sound, note) = match server.check(config.deadline.max(OPENING)) {
            Ok(note) => (true, note),
            Err(error) if error.may_pass() => (false, Some(format!("{error}; this host begins without it"))),
            Err(error) => return Err(error),
        };
        let rule = breaker::Config::default();
        // failures that each take the whole deadline must fit into it
        let window = rule.window.max(config.deadline * 2 * rule.failures);
        let breaker = Arc::new(Breaker::new(breaker::Config { window, ..rule }));
        let state = registry.gauge(
            "shared_breaker_open",
            "Whether the redis of the shared series is left alone: 0 no, 0.5 on trial, 1 yes",
        );
        let watched = Arc::clone(&breaker);
        registry.before_reading(move || {
            state.set(match watched.state() {
                State::Closed => 0.0,
                State::HalfOpen => 0.5,
                State::Open => 1.0,
            });
        });
        let counts = Counts::new(registry);
        let (sound, events) = (AtomicBool::new(sound), config.events.max(1));
        Ok((Shared { server, sound, events, breaker, counts, batches: AtomicU64::new(0) }, note))
    }

    /// Has whoever asks how the host is hear that Redis is left alone.
    pub fn tell(&self, health: &Health) {
        let breaker = Arc::clone(&self.breaker);
        health.remark("shared series", move || {
            let away = breaker.state() != State::Closed;
            let what = "redis is left alone after failures; tenants wait for it or decide without, as they chose";
            away.then(|| what.to_owned())
        });
    }

    /// What was counted so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Sends the events that wait, then what a batch adds, and reads what its windows
    /// reach; so many series share a deadline.
    pub(crate) fn fetch(&self, wanted: &[Wanted], behind: &mut Behind, at_once: usize) -> Result<Vec<Held>, Failure> {
        let began = Instant::now();
        let permit = self.breaker.admit(began).map_err(|_| {
            self.counts.failures.add(1);
            Failure::Open
        })?;
        tell(permit.change());
        let done = self.fetch_now(wanted, behind, at_once);
        let now = Instant::now();
        match &done {
            Ok(_) => {
                self.counts.calls.add(1);
                self.counts.time.observe_time(now - began);
                tell(permit.succeeded(now));
            }
            Err(_) => {
                self.counts.failures.add(1);
                tell(permit.failed(now));
            }
        }
        done
    }

    fn fetch_now(&self, wanted: &[Wanted], behind: &mut Behind, at_once: usize) -> Result<Vec<Held>, Failure> {
        self.make_sure()?;
        while !behind.is_empty() {
            let (asks, many) = behind.next();
            self.server.exchange(&asks)?;
            behind.sent(many);
            self.counts.written.add(many as u64);
        }
        let trims = self.batches.fetch_add(1, Ordering::Relaxed).is_multiple_of(TRIMMED_EVERY);
        let asks: Vec<Ask> = wanted.iter().map(|series| first(series, trims)).collect();
        let mut answers = Vec::with_capacity(asks.len());
        for asks in asks.chunks(at_once.max(1)) {
            answers.extend(self.server.exchange(asks)?);
        }
        let mut all = Vec::with_capacity(wanted.len());
        let mut long = Vec::new();
        for (at, (series, mut answers)) in wanted.iter().zip(answers).enumerate() {
            let kept = match answers.pop() {
                Some(Value::Int(kept)) => usize::try_from(kept).unwrap_or(0),
                other => return Err(unexpected(other.as_ref())),
            };
            let mut held = Held::default();
            if series.reach.is_some() {
                held.members = members(answers.pop())?;
            }
            if kept > self.events || held.members.len() > FIRST {
                long.push((at, kept));
            }
            self.counts.written.add(series.adds.len() as u64);
            all.push(held);
        }
        for some in long.chunks(LONG_AT_ONCE) {
            self.fetch_long(wanted, some, &mut all)?;
        }
        self.counts.read.add(all.iter().map(|held| held.members.len() as u64).sum());
        Ok(all)
    }

    /// Makes sure that the server drops nothing, where it did not answer so far.
    fn make_sure(&self) -> Result<(), Failure> {
        if self.sound.load(Ordering::Acquire) {
            return Ok(());
        }
        match self.server.check(self.server.deadline()) {
            Ok(note) => {
                tracing::info!(note = note.unwrap_or_default(), "the redis of the shared series is there");
                self.sound.store(true, Ordering::Release);
                Ok(())
            }
            Err(OpenError::Unusable { failure, .. }) => Err(failure),
            Err(evicts @ OpenError::Evicts { .. }) => Err(Failure::Answer(evicts.to_string())),
        }
    }

    /// Reads series with many events up to the bound, and cuts those that have more.
    fn fetch_long(&self, wanted: &[Wanted], long: &[(usize, usize)], all: &mut [Held]) -> Result<(), Failure> {
        let asks = long.iter().filter_map(|(at, kept)| Some(self.second(wanted.get(*at)?, *kept)));
        let answers = self.server.exchange(&asks.collect::<Vec<_>>())?;
        for ((at, kept), mut answers) in long.iter().zip(answers) {
            let (Some(series), Some(held)) = (wanted.get(*at), all.get_mut(*at)) else { continue };
            if series.reach.is_some() {
                held.members = members(answers.pop())?;
            }
            let mut full = false;
            if *kept > self.events {
                let oldest = members(answers.pop())?;
                held.cut =
                    oldest.first().map_or(Some(i64::MAX), |oldest| Member::read(oldest).map(|oldest| oldest.time));
                full = true;
            }
            if held.members.len() > self.events {
                let oldest = held.members.last().and_then(|oldest| Member::read(oldest)).map(|oldest| oldest.time);
                held.cut = held.cut.max(Some(oldest.unwrap_or(i64::MAX)));
                full = true;
            }
            self.counts.full.add(u64::from(full));
        }
        Ok(())
    }

    /// What is asked of a series that is over a bound: its newest events are kept.
    fn second(&self, series: &Wanted, kept: usize) -> Ask {
        let mut ask = Ask::of(&series.name);
        if kept > self.events {
            // one more than the bound stays, so that it is known that some are gone
            let last = format!("-{}", self.events + 2);
            ask.command([&b"ZREMRANGEBYRANK"[..], &series.name, b"0", last.as_bytes()]);
            ask.command([&b"ZRANGE"[..], &series.name, b"0", b"0"]);
        }
        read(series, self.events + 1, &mut ask);
        ask
    }
}

/// What is asked of a series: to add, to live on, to drop what is out of reach, to
/// show what is in reach, and how much it holds.
fn first(series: &Wanted, trims: bool) -> Ask {
    let name = &*series.name;
    let mut ask = Ask::of(name);
    if !series.adds.is_empty() {
        let times: Vec<String> = series.adds.iter().map(|(time, _)| time.to_string()).collect();
        let mut words: Vec<&[u8]> = Vec::with_capacity(2 + 2 * series.adds.len());
        words.extend([&b"ZADD"[..], name]);
        for (time, (_, member)) in times.iter().zip(&series.adds) {
            words.extend([time.as_bytes(), member]);
        }
        ask.command(words);
        ask.command([&b"PEXPIRE"[..], name, series.ttl.to_string().as_bytes()]);
        if let Some(floor) = series.floor.filter(|_| trims) {
            ask.command([&b"ZREMRANGEBYSCORE"[..], name, b"-inf", floor.to_string().as_bytes()]);
        }
    }
    read(series, FIRST + 1, &mut ask);
    ask.command([&b"ZCARD"[..], name]);
    ask
}

/// Asks for the newest events that the windows of a batch reach.
fn read(series: &Wanted, most: usize, ask: &mut Ask) {
    if let Some(reach) = series.reach {
        let (upto, after, most) = (reach.upto.to_string(), format!("({}", reach.after), most.to_string());
        let words = [&b"ZREVRANGEBYSCORE"[..], &series.name, upto.as_bytes(), after.as_bytes(), b"LIMIT", b"0"];
        ask.command(words.into_iter().chain([most.as_bytes()]).collect::<Vec<_>>());
    }
}

/// The members of an answer.
fn members(value: Option<Value>) -> Result<Vec<Vec<u8>>, Failure> {
    let Some(Value::Array(members)) = value else { return Err(unexpected(value.as_ref())) };
    let bytes = |member| match member {
        Value::BulkString(bytes) => Ok(bytes),
        other => Err(unexpected(Some(&other))),
    };
    members.into_iter().map(bytes).collect()
}

#[cold]
fn unexpected(value: Option<&Value>) -> Failure {
    let what = match value {
        None => "nothing",
        Some(Value::Array(_)) => "a list",
        Some(Value::Int(_)) => "a number",
        Some(_) => "something else",
    };
    Failure::Answer(format!("{what} where events or a number were asked for"))
}

/// Says that the breaker has changed.
fn tell(change: Option<Change>) {
    if let Some(change) = change {
        tracing::warn!(
            from = change.from.word(),
            to = change.to.word(),
            "the breaker of the shared series has changed"
        );
    }
}
