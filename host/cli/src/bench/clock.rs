//! The processor time of this thread, so that a busy machine measures the same
//! as an idle one.

use std::time::Instant;

/// Nanoseconds spent since a moment.
pub(super) struct Clock {
    begun: Instant,
    spent: Option<u64>,
}

impl Clock {
    /// Starts.
    pub(super) fn start() -> Clock {
        Clock { spent: spent(), begun: Instant::now() }
    }

    /// What was spent; where the kernel does not tell, what has passed.
    pub(super) fn nanos(&self) -> f64 {
        let passed = self.begun.elapsed().as_nanos() as f64;
        match (self.spent, spent()) {
            (Some(from), Some(to)) if to > from => (to - from) as f64,
            _ => passed,
        }
    }
}

/// What this thread has had of a processor, as Linux tells it.
fn spent() -> Option<u64> {
    // yielding brings the count up to date
    std::thread::yield_now();
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
