//! What the cascade shows of itself: where names were answered, what each tier
//! was asked, and what its breaker does. Counted in plain atomics where it
//! happens, and copied when somebody reads.

use crate::tier::Tier;
use sandgate_metrics::Registry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What became of the names that were wanted since the process started. Each name
/// is in one of them.
#[derive(Debug, Default)]
pub struct Counts {
    /// Answered by the process cache.
    pub cached: AtomicU64,
    /// Unknown for certain, by the filter.
    pub filtered: AtomicU64,
    /// Asked for by another thread, or twice in one batch.
    pub joined: AtomicU64,
    /// Answered by Redis.
    pub redis: AtomicU64,
    /// Answered by the database.
    pub sql: AtomicU64,
    /// Not asked for, because no tag can have such a name.
    pub impossible: AtomicU64,
    /// Answered by what was known before.
    pub stale: AtomicU64,
    /// Not answered.
    pub missing: AtomicU64,
}

/// What is measured.
pub(crate) struct Measured {
    pub(crate) counts: Arc<Counts>,
    pub(crate) tiers: Vec<Arc<Tier>>,
    /// How many tags and how many absences are remembered.
    pub(crate) remembered: Box<dyn Fn() -> (u64, u64) + Send + Sync>,
    /// Whether the filter of known ids is trusted.
    pub(crate) filters: Box<dyn Fn() -> bool + Send + Sync>,
}

/// Shows it at each reading.
pub(crate) fn measure(registry: &Registry, measured: Measured) {
    let answers = registry.counters("tags", "Tags that batches wanted, by where the answer came from", ["answer"]);
    let counts = Arc::clone(&measured.counts);
    type Part = fn(&Counts) -> &AtomicU64;
    let parts: [(&str, Part); 8] = [
        ("cache", |counts| &counts.cached),
        ("filter", |counts| &counts.filtered),
        ("joined", |counts| &counts.joined),
        ("redis", |counts| &counts.redis),
        ("sql", |counts| &counts.sql),
        ("impossible", |counts| &counts.impossible),
        ("stale", |counts| &counts.stale),
        ("missing", |counts| &counts.missing),
    ];
    let answers = parts.map(|(name, part)| (answers.with([name]), part));
    let calls = registry.counters("tag_calls", "Calls of a tier of tags", ["tier"]);
    let failures = registry.counters("tag_failures", "Calls of a tier of tags that failed or were late", ["tier"]);
    let times = registry.times("tag_calls_seconds", "Time that calls of a tier of tags took", ["tier"]);
    let opened =
        registry.counters("tag_breaker_opened", "How often the breaker of a tier of tags has opened", ["tier"]);
    let breaker = registry.gauges("tag_breaker", "Breaker of a tier of tags: 0 closed, 1 on trial, 2 open", ["tier"]);
    let tiers: Vec<_> = measured
        .tiers
        .iter()
        .map(|tier| {
            let word = [tier.rank().word()];
            let numbers =
                (calls.with(word), failures.with(word), times.with(word), opened.with(word), breaker.with(word));
            (Arc::clone(tier), numbers)
        })
        .collect();
    let entries = registry.gauges("tag_cache_entries", "Names that the process remembers", ["kind"]);
    let (present, absent) = (entries.with(["tag"]), entries.with(["absent"]));
    let filter = registry.gauge("tag_filter_trusted", "Whether a no of the filter of known ids is trusted");
    registry.before_reading(move || {
        for (counter, part) in &answers {
            counter.follow(part(&counts).load(Ordering::Relaxed));
        }
        for (tier, (calls, failures, time, opened, breaker)) in &tiers {
            let told = tier.counts();
            calls.follow(told.calls.load(Ordering::Relaxed));
            failures.follow(told.failures.load(Ordering::Relaxed));
            time.follow(Duration::from_micros(told.micros.load(Ordering::Relaxed)));
            opened.follow(tier.times_opened());
            breaker.set_whole(tier.state() as u64);
        }
        let (tags, absences) = (measured.remembered)();
        present.set_whole(tags);
        absent.set_whole(absences);
        filter.set_flag((measured.filters)());
    });
}
