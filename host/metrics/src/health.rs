//! Whether the host is well: threads that must make progress, and conditions
//! that must hold before it may be given work; and remarks, about what it does
//! without and decides all the same. Whoever has such a thread or condition says so
//! through a handle; whoever asks gets the list of what is wrong, one line each.
//! Deliberately absent: any doing about it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether the host is well; a handle, to be cloned freely.
#[derive(Clone)]
pub struct Health(Arc<Kept>);

struct Kept {
    since: Instant,
    stuck_after: Duration,
    parts: Mutex<Parts>,
    remarks: Mutex<Vec<Remark>>,
}

/// What it is about, and who is asked what there is to say.
type Remark = (String, Box<dyn Fn() -> Option<String> + Send + Sync>);

#[derive(Default)]
struct Parts {
    next: u64,
    /// when each thread last made progress, in milliseconds since the beginning
    pulses: BTreeMap<u64, (String, Arc<AtomicU64>)>,
    /// what each condition is about, and why it does not hold
    conditions: BTreeMap<u64, (String, Option<String>)>,
}

/// Of a thread that must make progress. Dropped, the thread has ended well.
#[derive(Debug)]
pub struct Pulse {
    health: Health,
    number: u64,
    last: Arc<AtomicU64>,
}

/// Of something that must hold before the host may be given work. Dropped, nobody asks for it any more.
#[derive(Debug)]
pub struct Condition {
    health: Health,
    number: u64,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}

impl Health {
    /// A host whose threads are stuck when they made no progress for so long.
    pub fn new(stuck_after: Duration) -> Health {
        Health(Arc::new(Kept {
            since: Instant::now(),
            stuck_after,
            parts: Mutex::default(),
            remarks: Mutex::default(),
        }))
    }

    /// A thread that must make progress; it just did.
    pub fn pulse(&self, name: impl Into<String>) -> Pulse {
        let last = Arc::new(AtomicU64::new(self.now()));
        let mut parts = self.parts();
        let number = parts.number();
        parts.pulses.insert(number, (name.into(), Arc::clone(&last)));
        Pulse { health: self.clone(), number, last }
    }

    /// Something that must hold; it does not yet, for this reason.
    pub fn condition(&self, name: impl Into<String>, why_not: impl Into<String>) -> Condition {
        let mut parts = self.parts();
        let number = parts.number();
        parts.conditions.insert(number, (name.into(), Some(why_not.into())));
        drop(parts);
        Condition { health: self.clone(), number }
    }

    /// The threads that are stuck, a line each.
    pub fn stuck(&self) -> Vec<String> {
        let now = self.now();
        let parts = self.parts();
        let idle = parts.pulses.values().map(|(name, last)| (name, now.saturating_sub(last.load(Relaxed))));
        let stuck = idle.filter(|(_, idle)| Duration::from_millis(*idle) > self.0.stuck_after);
        stuck.map(|(name, idle)| format!("{name} has made no progress for {} s", idle / 1_000)).collect()
    }

    /// The conditions that do not hold, a line each with its reason.
    pub fn missing(&self) -> Vec<String> {
        let parts = self.parts();
        let missing = parts.conditions.values().filter_map(|(name, why)| Some((name, why.as_ref()?)));
        missing.map(|(name, why)| format!("{name}: {why}")).collect()
    }

    /// Something that the host can do without, though with less to decide by: is asked
    /// each time that somebody looks, and says what stands in for it. It must not block.
    pub fn remark(&self, name: impl Into<String>, says: impl Fn() -> Option<String> + Send + Sync + 'static) {
        self.0.remarks.lock().unwrap_or_else(PoisonError::into_inner).push((name.into(), Box::new(says)));
    }

    /// What the host does without, a line each.
    pub fn degraded(&self) -> Vec<String> {
        let remarks = self.0.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.iter().filter_map(|(name, says)| Some(format!("{name}: {}", says()?))).collect()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Pulse {
    /// It made progress, or had nothing to do.
    pub fn beat(&self) {
        self.last.store(self.health.now(), Relaxed);
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        // a thread that panicked stays in the list until it counts as stuck
        if !std::thread::panicking() {
            self.health.parts().pulses.remove(&self.number);
        }
    }
}

impl Condition {
    /// It holds.
    pub fn holds(&self) {
        self.set(None);
    }

    /// It does not hold, for this reason.
    pub fn fails(&self, why: impl Into<String>) {
        self.set(Some(why.into()));
    }

    fn set(&self, why: Option<String>) {
        if let Some((_, kept)) = self.health.parts().conditions.get_mut(&self.number) {
            *kept = why;
        }
    }
}

impl Drop for Condition {
    fn drop(&mut self) {
        self.health.parts().conditions.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, AtomicU64, Health, Relaxed};
    use std::time::Duration;

    #[test]
    fn a_thread_without_progress_is_stuck_until_it_makes_some_or_ends() {
        let health = Health::new(Duration::ZERO);
        let pulse = health.pulse("worker 1");
        while health.now() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(health.stuck(), ["worker 1 has made no progress for 0 s"]);
        drop(pulse);
        assert!(health.stuck().is_empty());
        let health = Health::new(Duration::from_secs(3_600));
        let pulse = health.pulse("worker 1");
        pulse.beat();
        assert!(health.stuck().is_empty());
    }

    #[test]
    fn a_thread_that_panicked_is_stuck() {
        let health = Health::new(Duration::ZERO);
        let pulse = health.pulse("worker 2");
        let thread = std::thread::spawn(move || {
            let _pulse = pulse;
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(thread.join().is_err());
        while health.stuck().is_empty() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_condition_is_missing_while_it_does_not_hold() {
        let health = Health::new(Duration::ZERO);
        let broker = health.condition("broker", "not asked yet");
        let lane = health.condition("lane 3", "is being rebuilt");
        assert_eq!(health.missing(), ["broker: not asked yet", "lane 3: is being rebuilt"]);
        broker.holds();
        drop(lane);
        assert!(health.missing().is_empty());
        broker.fails("no answer");
        assert_eq!(health.missing(), ["broker: no answer"]);
    }

    #[test]
    fn a_remark_is_made_while_there_is_something_to_say() {
        let (health, away) = (Health::new(Duration::ZERO), Arc::new(AtomicU64::new(0)));
        let told = Arc::clone(&away);
        health.remark("tags", move || (told.load(Relaxed) > 0).then(|| "redis is left alone".to_owned()));
        assert!(health.degraded().is_empty());
        away.store(1, Relaxed);
        assert_eq!(health.degraded(), ["tags: redis is left alone"]);
        assert!(health.missing().is_empty(), "it is ready all the same");
    }
}
