//! What a host of topics counts on its way, and what it says about its health:
//! the one place where workers, committers and openers leave it.

use super::lane::Lane;
use super::refusal::LaneError;
use sandgate_metrics::{Buckets, Condition, Counter, Counters, Gauge, Gauges, Health, Histogram, Pulse, Registry};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts of one host, from its start on.
pub struct Counts {
    /// Records judged and committed.
    pub records: Counter,
    /// Commits that came about.
    pub commits: Counter,
    /// Commits that were taken back.
    pub aborts: Counter,
    /// Events restored from changelogs.
    pub restored: Counter,
    /// Records that wait for their commit.
    pub waiting: Arc<AtomicU64>,
    /// Decisions too large for their topic, which are dead letters now.
    pub oversized: Counter,
    /// Producers that were given up and made anew.
    pub producers: Counter,
    /// Times that a worker read no more, because too much waited for its commit.
    pub full: Counter,
    commit_seconds: Histogram,
    commit_records: Histogram,
    in_host: Histogram,
    rebalances: Counters<1>,
    restoring: Gauges<1>,
    pub(super) lag: Gauges<2>,
    pub(super) events: Gauges<2>,
    pub(super) ids: Gauges<1>,
    pub(super) bytes: Gauges<1>,
    lanes: Arc<Mutex<BTreeMap<i32, Owned>>>,
    health: Health,
    /// Whether the broker answers.
    pub(super) broker: Condition,
    /// Whether the group has given anything.
    pub(super) group: Condition,
}

/// A partition that this host owns.
struct Owned {
    /// There when it is worked for.
    lane: Option<Arc<Lane>>,
    refused: bool,
    /// For what its windows need.
    waits: bool,
    condition: Condition,
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts").finish_non_exhaustive()
    }
}

/// Counts that nobody shows.
impl Default for Counts {
    fn default() -> Counts {
        Counts::new(&Registry::default(), &Health::new(Duration::MAX))
    }
}

impl Counts {
    /// Counts that are shown there.
    pub fn new(registry: &Registry, health: &Health) -> Counts {
        let commits = registry.counters("kafka_commits", "Commits by how they ended", ["result"]);
        let lanes = Arc::<Mutex<BTreeMap<i32, Owned>>>::default();
        let waiting = Arc::<AtomicU64>::default();
        let counts = Counts {
            records: registry.counter("kafka_records", "Records that were judged and committed"),
            commits: commits.with(["committed"]),
            aborts: commits.with(["undone"]),
            restored: registry.counter("kafka_restored_events", "Events that were restored from changelogs"),
            waiting: Arc::clone(&waiting),
            oversized: registry
                .counter("kafka_oversized", "Decisions too large for their topic, put aside as dead letters"),
            producers: registry.counter("kafka_producers_renewed", "Producers that were given up and made anew"),
            full: registry
                .counter("kafka_full", "Times that a worker read no more, because too much waited for its commit"),
            commit_seconds: registry.histogram(
                "kafka_commit_seconds",
                "Time of a commit, from closing its window to the broker's answer",
                Buckets::time(),
            ),
            commit_records: registry.histogram("kafka_commit_records", "Records of a commit", Buckets::counts()),
            in_host: registry.histogram(
                "in_host_seconds",
                "Time of a record in the host, from being read to being committed; of a batch that of its first record",
                Buckets::time(),
            ),
            rebalances: registry.counters("kafka_rebalances", "Times that the group gave or took partitions", ["what"]),
            restoring: registry.gauges(
                "kafka_restoring_ratio",
                "How much of a changelog is read, of lanes that are being taken over",
                ["partition"],
            ),
            lag: registry.gauges(
                "kafka_lag_records",
                "Records of a partition that are not yet committed",
                ["topic", "partition"],
            ),
            events: registry.gauges(
                "state_events",
                "Window events of a lane, as the bound on them counts",
                ["partition", "tenant"],
            ),
            ids: registry.gauges("state_ids", "Ids that a lane remembers", ["partition"]),
            bytes: registry.gauges(
                "state_bytes",
                "Memory of a lane's state; looked at every five minutes",
                ["partition"],
            ),
            lanes: Arc::clone(&lanes),
            health: health.clone(),
            broker: health.condition("broker", "has not answered yet"),
            group: health.condition("group", "has given this host no partition yet"),
        };
        for what in ["assigned", "revoked", "lost"] {
            counts.rebalances.with([what]);
        }
        let by_state = registry.gauges("kafka_lanes", "Partitions that this host owns", ["state"]);
        let by_state = ["running", "waiting", "restoring", "refused"].map(|state| by_state.with([state]));
        let told = registry.gauge("kafka_waiting_records", "Records that are judged and wait for their commit");
        registry.before_reading(move || refresh(&lanes, &by_state, &waiting, &told));
        counts
    }

    /// A thread that must make progress.
    pub(super) fn pulse(&self, name: String) -> Pulse {
        self.health.pulse(name)
    }

    pub(super) fn committed(&self, took: Duration, records: u64) {
        self.commits.add(1);
        self.records.add(records);
        self.commit_seconds.observe_time(took);
        self.commit_records.observe(records as f64);
    }

    /// A batch of so many records is committed, the first of which came then.
    pub(super) fn left_the_host(&self, admitted: Instant, records: u64) {
        self.in_host.observe_many(admitted.elapsed().as_secs_f64(), records);
    }

    pub(super) fn rebalanced(&self, what: &'static str) {
        self.rebalances.with([what]).add(1);
        if what == "assigned" {
            self.group.holds();
        }
    }

    /// A partition is this host's, and is being taken over.
    pub(super) fn opening(&self, partition: i32) {
        let condition = self.health.condition(format!("lane {partition}"), "is being taken over");
        self.lanes_locked().insert(partition, Owned { lane: None, refused: false, waits: false, condition });
    }

    /// So much of its changelog is read, in percent.
    pub(super) fn restoring(&self, partition: i32, percent: i64) {
        self.restoring.with([&partition.to_string()]).set(percent as f64 / 100.0);
        if let Some(owned) = self.lanes_locked().get(&partition) {
            owned.condition.fails(format!("is being restored from its changelog: {percent} %"));
        }
    }

    /// It is worked for.
    pub(super) fn running(&self, lane: &Arc<Lane>) {
        self.restoring.remove([&lane.partition.to_string()]);
        if let Some(owned) = self.lanes_locked().get_mut(&lane.partition) {
            owned.lane = Some(Arc::clone(lane));
            owned.condition.holds();
        }
    }

    /// It waits for shared series, and why they cannot be asked; or does no more.
    pub(super) fn waits(&self, partition: i32, why: Option<&str>) {
        if let Some(owned) = self.lanes_locked().get_mut(&partition) {
            owned.waits = why.is_some();
            match why {
                Some(why) => owned.condition.fails(format!("waits for the shared series: {why}")),
                None => owned.condition.holds(),
            }
        }
    }

    /// It will not be worked for.
    pub(super) fn refused(&self, partition: i32, why: &LaneError) {
        self.restoring.remove([&partition.to_string()]);
        if let Some(owned) = self.lanes_locked().get_mut(&partition) {
            owned.refused = true;
            owned.condition.fails(format!("is refused: {why}"));
        }
    }

    /// It was being taken over or refused, and is not this host's any more.
    pub(super) fn forgotten(&self, partition: i32) {
        self.gone(partition, |owned| owned.lane.is_none());
    }

    /// It was worked for, and is let go.
    pub(super) fn left(&self, lane: &Arc<Lane>) {
        self.gone(lane.partition, |owned| owned.lane.as_ref().is_some_and(|known| Arc::ptr_eq(known, lane)));
    }

    fn gone(&self, partition: i32, is_it: impl Fn(&Owned) -> bool) {
        let mut lanes = self.lanes_locked();
        if lanes.get(&partition).is_some_and(is_it) {
            lanes.remove(&partition);
            drop(lanes);
            let partition = partition.to_string();
            self.restoring.remove([&partition]);
            self.ids.remove([&partition]);
            self.bytes.remove([&partition]);
            self.events.retain(|[known, _]| *known != partition);
            self.lag.retain(|[_, known]| *known != partition);
        }
    }

    /// The lanes that are worked for.
    pub(super) fn lanes(&self) -> Vec<Arc<Lane>> {
        self.lanes_locked().values().filter_map(|owned| owned.lane.clone()).collect()
    }

    fn lanes_locked(&self) -> MutexGuard<'_, BTreeMap<i32, Owned>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refresh(lanes: &Mutex<BTreeMap<i32, Owned>>, by_state: &[Gauge; 4], waiting: &AtomicU64, told: &Gauge) {
    let [running, waiting_lanes, restoring, refused] = by_state;
    let lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    let count = |is: &dyn Fn(&Owned) -> bool| lanes.values().filter(|owned| is(owned)).count() as u64;
    running.set_whole(count(&|owned| owned.lane.is_some() && !owned.waits));
    waiting_lanes.set_whole(count(&|owned| owned.lane.is_some() && owned.waits));
    restoring.set_whole(count(&|owned| owned.lane.is_none() && !owned.refused));
    refused.set_whole(count(&|owned| owned.refused));
    told.set_whole(waiting.load(Ordering::Relaxed));
}
