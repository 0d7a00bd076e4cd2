//! How many rows a policy is given at once: what it usually needs, learned.
//!
//! A guess only. It decides how a batch is cut, never what is answered.

use sandgate_model::Fault;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// What was learned about one policy. Threads may overwrite each other's
/// lesson; the next batch teaches it again.
pub(crate) struct Pace {
    /// A running mean of fuel for each row; 0 until a batch was judged.
    fuel_per_row: AtomicU64,
    /// The most rows whose values seem to fit into the guest's memory.
    rows_max: AtomicU32,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace { fuel_per_row: AtomicU64::new(0), rows_max: AtomicU32::new(u32::MAX) }
    }

    /// How many of the rows that are left to give next, at least one: what is
    /// expected to need half of the budget.
    pub(crate) fn rows(&self, budget: u64, left: u32) -> u32 {
        let fit = budget / 2 / self.fuel_per_row.load(Relaxed).max(1);
        let fit = u32::try_from(fit).unwrap_or(u32::MAX).min(self.rows_max.load(Relaxed));
        fit.clamp(1, left.max(1))
    }

    /// Learns from rows that were judged together.
    pub(crate) fn judged(&self, rows: u32, fuel: u64) {
        let new = fuel / u64::from(rows.max(1));
        let old = self.fuel_per_row.load(Relaxed);
        let mean = if old == 0 { new } else { old - old / 8 + new / 8 };
        self.fuel_per_row.store(mean, Relaxed);
        let rows_max = self.rows_max.load(Relaxed);
        if rows >= rows_max {
            self.rows_max.store(rows_max.saturating_add(rows_max / 8 + 1), Relaxed);
        }
    }

    /// Learns from a cut that turned out to be too large.
    pub(crate) fn too_many(&self, rows: u32, fault: &Fault) {
        if matches!(fault, Fault::Memory { .. }) {
            self.rows_max.store((rows / 2).max(1), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use sandgate_model::Fault;

    #[test]
    fn cuts_follow_what_rows_need() {
        let pace = Pace::new();
        assert_eq!(pace.rows(1_000, 256), 256);
        pace.judged(256, 25_600);
        assert_eq!(pace.rows(1_000, 256), 5);
        assert_eq!(pace.rows(10, 256), 1);
        (0..100).for_each(|_| pace.judged(4, 40));
        assert!(pace.rows(1_000, 256) > 20);
    }

    #[test]
    fn rows_that_do_not_fit_are_tried_again_later() {
        let pace = Pace::new();
        pace.too_many(256, &Fault::Memory { limit: 1 });
        assert_eq!(pace.rows(u64::MAX, 256), 128);
        pace.judged(64, 64);
        assert_eq!(pace.rows(u64::MAX, 256), 128);
        pace.judged(128, 128);
        assert_eq!(pace.rows(u64::MAX, 256), 145);
    }

    #[test]
    fn a_lone_guilty_row_slows_nobody() {
        let pace = Pace::new();
        pace.too_many(256, &Fault::Stopped);
        assert_eq!(pace.rows(u64::MAX, 256), 256);
    }
}
