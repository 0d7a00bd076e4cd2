//! The way to the shadows: copies of committed batches, in a queue of its own that is
//! bounded in transactions and bytes. What finds no room is dropped and counted: shadows
//! are the first to be shed, and no lane ever waits for them.
//!
//! Each tenant that has shadows has an equal part of the room, and they take turns, so a
//! candidate that is slow costs its own tenant comparisons and nobody else.

mod compare;
mod copied;

pub(crate) use copied::Copied;

use crate::Engine;
use crate::team::Shadow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much may wait for the shadows of a host, what lanes have not committed included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Transactions.
    pub events: u64,
    /// Bytes of memory.
    pub bytes: u64,
}

impl Room {
    /// What it is unless somebody says otherwise.
    pub const DEFAULT: Room = Room { events: 100_000, bytes: 64 << 20 };
}

/// What is on its way to the shadows of a host.
#[derive(Debug)]
pub(crate) struct Shade {
    inside: Mutex<Inside>,
    came: Condvar,
}

#[derive(Debug)]
struct Inside {
    room: Room,
    /// How many tenants share it.
    tenants: u64,
    /// By tenant.
    lines: BTreeMap<usize, Line>,
    /// The tenant whose turn was last.
    last: usize,
}

#[derive(Debug, Default)]
struct Line {
    used: (u64, u64),
    waiting: VecDeque<Copied>,
}

/// Room that a copy has taken, until it is gone.
#[derive(Debug)]
pub(crate) struct Taken {
    shade: Arc<Shade>,
    tenant: usize,
    events: u64,
    bytes: u64,
}

impl Default for Shade {
    fn default() -> Shade {
        let inside = Inside { room: Room::DEFAULT, tenants: 1, lines: BTreeMap::new(), last: 0 };
        Shade { inside: Mutex::new(inside), came: Condvar::new() }
    }
}

impl Shade {
    /// So many tenants have shadows from now on.
    pub(crate) fn serves(&self, tenants: usize) {
        self.inside().tenants = (tenants as u64).max(1);
    }

    /// Takes room for a copy, if there is some.
    pub(crate) fn take(self: &Arc<Shade>, tenant: usize, events: u64, bytes: u64) -> Option<Taken> {
        let mut inside = self.inside();
        let (room, tenants) = (inside.room, inside.tenants);
        let used = &mut inside.lines.entry(tenant).or_default().used;
        let after = (used.0.saturating_add(events), used.1.saturating_add(bytes));
        if after.0 > room.events / tenants || after.1 > room.bytes / tenants {
            return None;
        }
        *used = after;
        Some(Taken { shade: Arc::clone(self), tenant, events, bytes })
    }

    /// A batch is committed.
    pub(crate) fn put(&self, copied: Copied) {
        let tenant = copied.tenant();
        self.inside().lines.entry(tenant).or_default().waiting.push_back(copied);
        self.came.notify_one();
    }

    /// The next copy, of the tenant whose turn it is.
    fn next(&self, wait: Duration) -> Option<Copied> {
        let nothing = |inside: &mut Inside| inside.lines.values().all(|line| line.waiting.is_empty());
        let waited = self.came.wait_timeout_while(self.inside(), wait, nothing);
        let mut inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        let last = inside.last;
        let waits = |inside: &Inside, tenant: &usize| !inside.lines[tenant].waiting.is_empty();
        let behind = inside.lines.range(last + 1..).map(|(tenant, _)| *tenant).find(|tenant| waits(&inside, tenant));
        let around = || inside.lines.keys().copied().find(|tenant| waits(&inside, tenant));
        let tenant = behind.or_else(around)?;
        inside.last = tenant;
        inside.lines.get_mut(&tenant)?.waiting.pop_front()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut inside = self.shade.inside();
        if let Some(line) = inside.lines.get_mut(&self.tenant) {
            line.used.0 = line.used.0.saturating_sub(self.events);
            line.used.1 = line.used.1.saturating_sub(self.bytes);
        }
    }
}

impl Engine {
    /// The same engine with so much room for what waits for shadows.
    #[must_use]
    pub fn with_room(self, room: Room) -> Engine {
        self.shade.inside().room = room;
        self
    }

    /// Lets the shadows judge the next batch that waits for them, and compares; `clock`
    /// says how long the thread has worked. Says whether there was one within `wait`.
    pub fn compare_next(&self, wait: Duration, clock: &dyn Fn() -> Duration) -> bool {
        let Some(copied) = self.shade.next(wait) else { return false };
        compare::compare(self, &copied, clock);
        true
    }

    /// Drops and counts what waits for shadows, as where nobody has time for it any more.
    pub fn shed(&self) {
        while let Some(copied) = self.shade.next(Duration::ZERO) {
            self.dropped(&copied.shadows, copied.rows.len() as u64);
        }
    }

    /// So many transactions are not compared.
    pub(crate) fn dropped(&self, shadows: &[Shadow], transactions: u64) {
        for shadow in shadows {
            shadow.counts.drop(transactions);
            if let Some(meters) = &self.roster().meters {
                meters.dropped(&shadow.generation, transactions);
            }
        }
    }
}
