//! What a tenant may take of a lane: transactions and fuel a second, as buckets that
//! fill with time and hold what one second brings.
//!
//! Fuel is taken in advance, as much as the rows could need at most, and what they did
//! not need is given back: so a tenant never gets more than its quota, and one whose
//! transactions need little of their budget still gets all of it. There is no clock in
//! here; who reads a lane says what time it is, and where nobody does, as over a file,
//! nothing is shed.

#[cfg(test)]
mod tests;

use std::time::Duration;

/// What a tenant may take of each lane in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Transactions; no bound where there is none.
    pub transactions: Option<u64>,
    /// Units of fuel; no bound where there is none.
    pub fuel: Option<u64>,
}

/// What a row may take of fuel at most, in budgets: of a batch that faults the rows are
/// judged again in halves, which is one call more for each of them.
const TIMES: u64 = 2;

/// The fuel that one transaction may take at most of policies with these budgets.
pub(crate) fn most(budgets: impl Iterator<Item = u64>) -> u64 {
    budgets.fold(0, |sum, budget| sum.saturating_add(budget.saturating_mul(TIMES)))
}

/// Which bound it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Transactions(u64),
    Fuel(u64),
}

/// What is left to a tenant in a lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Left {
    /// The quota that the buckets are of.
    quota: Quota,
    transactions: Bucket,
    fuel: Bucket,
}

/// What is left of something, in billionths; below nothing where more was taken than
/// could be foreseen.
#[derive(Clone, Debug, Default)]
struct Bucket {
    level: i128,
    filled: Option<Duration>,
}

const BILLION: i128 = 1_000_000_000;

impl Bucket {
    /// Fills it up to this time, and says how many whole ones there are.
    fn fill(&mut self, rate: u64, now: Duration) -> u64 {
        let full = i128::from(rate) * BILLION;
        let since = self.filled.map(|filled| now.saturating_sub(filled));
        // what was passed in is at most as long as a host runs
        let more = since.map_or(full, |since| i128::from(rate) * i128::try_from(since.as_nanos()).unwrap_or(BILLION));
        self.level = self.level.saturating_add(more).min(full);
        self.filled = Some(self.filled.map_or(now, |filled| filled.max(now)));
        u64::try_from(self.level / BILLION).unwrap_or(0)
    }

    fn take(&mut self, units: u64) {
        self.level -= i128::from(units) * BILLION;
    }

    fn give_back(&mut self, units: u64) {
        self.level += i128::from(units) * BILLION;
    }
}

impl Left {
    /// Lets so many of `rows` be judged, each of which may take `fuel` at most, and says
    /// which bound it was where that is not all of them.
    pub(crate) fn admit(&mut self, quota: Quota, now: Duration, rows: u64, fuel: u64) -> (u64, Option<Over>) {
        if self.quota != quota {
            *self = Left { quota, ..Left::default() };
        }
        let (mut admitted, mut over) = (rows, None);
        if let Some(rate) = quota.transactions {
            let left = self.transactions.fill(rate, now);
            if left < admitted {
                (admitted, over) = (left, Some(Over::Transactions(rate)));
            }
        }
        if let Some(rate) = quota.fuel {
            let left = self.fuel.fill(rate, now) / fuel.max(1);
            if left < admitted {
                (admitted, over) = (left, Some(Over::Fuel(rate)));
            }
            self.fuel.take(admitted.saturating_mul(fuel));
        }
        if quota.transactions.is_some() {
            self.transactions.take(admitted);
        }
        (admitted, over)
    }

    /// Says what they took of the fuel that was taken for them.
    pub(crate) fn took(&mut self, reserved: u64, took: u64) {
        if self.quota.fuel.is_some() {
            self.fuel.give_back(reserved);
            self.fuel.take(took);
        }
    }
}
