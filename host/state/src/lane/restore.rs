//! Journal entries become state again.

use super::backfill::Feeding;
use super::{Known, Lane, lock};
use crate::entry::{self, Change, Entry, EntryError, Fill, Growth, Journaled};
use crate::front::{FrontError, Step};
use crate::pass::Pass;
use crate::replay::{Malformed, Restore};
use crate::shard::Shard;
use sandgate_model::Kind;
use sandgate_window::Cell;

/// Entries that are restored together: first all through the order, then through
/// the shards, which share the threads.
const TOGETHER: usize = 4_096;
/// Fewer than this are not worth a thread.
const WORTH_A_THREAD: usize = 512;

/// Restores a lane, entry by entry in the order of the journal. What was decided
/// when an entry arrived is taken from it, not decided again: the bound refuses
/// what it refused then, whatever a snapshot left out.
#[derive(Debug)]
pub struct Restoring<'l> {
    lane: &'l Lane,
    threads: usize,
    known: Known,
    kinds: Vec<Vec<Kind>>,
    /// By tenant: what the next entry feeds.
    feeding: Vec<Feeding>,
    /// By tenant: up to which time entries may have been dropped.
    gone: Vec<Option<i64>>,
    /// Whether that goes on up to the end.
    deleted: bool,
    /// Kept for its memory.
    pass: Option<Pass<'static>>,
    cells: Vec<Cell<'static>>,
    journaled: Vec<Journaled>,
}

impl Lane {
    /// Begins to restore into a lane that is empty, on so many threads. Its layout is
    /// that of the entries, or has grown out of that: they tell what they feed.
    pub fn restore(&self, threads: usize) -> Restoring<'_> {
        let known = self.known();
        let (tenants, sources) = (&known.layout.tenants, known.layout.sources.len().max(1));
        Restoring {
            lane: self,
            threads: threads.clamp(1, self.shards.len()),
            kinds: known.layout.kinds(),
            feeding: tenants.iter().map(|tenant| Feeding::of(tenant, sources)).collect(),
            gone: vec![None; tenants.len()],
            deleted: false,
            known,
            pass: None,
            cells: Vec::new(),
            journaled: Vec::new(),
        }
    }
}

impl Restoring<'_> {
    /// Ends the restore: everything is as after a commit.
    pub fn finish(mut self) {
        let mut order = self.lane.order.lock();
        let horizon = order.front.horizon();
        if self.deleted {
            self.gone = order.front.bounds.iter().map(|bound| bound.dropped(horizon)).collect();
        }
        let feeding = std::mem::take(&mut self.feeding);
        for (tenant, feeding) in feeding.into_iter().enumerate() {
            feeding.end(tenant, self.gone.get(tenant).copied().flatten(), &mut order.front);
        }
        let front = order.front.clone();
        drop(order);
        lock(&self.lane.committed).front = front;
        self.each_shard(self.threads, |_, shard| shard.restored(&self.known.families, horizon));
    }

    /// Says of a log whose beginning is gone that it may have been deleted at any time up
    /// to its end, and not only where its front was written.
    pub fn deleted(&mut self) {
        self.deleted = true;
    }

    /// The lane's clock as what was restored leaves it, in milliseconds.
    pub fn clock(&self) -> Option<i64> {
        self.lane.order.lock().front.clock.now()
    }

    /// Does something to all shards, spread over so many threads.
    fn each_shard(&self, threads: usize, each: impl Fn(usize, &mut Shard) + Sync) {
        let shards = &self.lane.shards;
        let share = |first: usize| {
            for (at, shard) in shards.iter().enumerate().skip(first).step_by(threads) {
                each(at, &mut shard.lock());
            }
        };
        std::thread::scope(|scope| {
            let share = &share;
            for first in 1..threads {
                scope.spawn(move || share(first));
            }
            share(0);
        });
    }

    /// Takes entries end to end, and says how many they were.
    fn take(&mut self, mut bytes: &[u8], moves: bool) -> Result<u64, Malformed> {
        let mut count = 0;
        let mut pass = self.pass.take().map_or_else(|| Pass::new(&self.known.layout), Pass::recycle);
        let mut cells: Vec<Cell<'_>> = std::mem::take(&mut self.cells);
        while !bytes.is_empty() {
            if let Some(change) = entry::change(&mut bytes)? {
                self.together(&mut pass, moves);
                match change {
                    Change::Growth(growth) => self.feed(growth, moves)?,
                    Change::Fill(fill) => self.fill(fill, moves)?,
                }
                continue;
            }
            cells.clear();
            let journaled = entry::decode(&mut bytes, &self.kinds, &mut cells)?;
            // an observed record has no windows to be read
            pass.push(Entry { judged: false, ..journaled.entry }, &cells);
            self.journaled.push(journaled);
            count += 1;
            if self.journaled.len() == TOGETHER {
                self.together(&mut pass, moves);
            }
        }
        self.together(&mut pass, moves);
        self.pass = Some(pass.recycle());
        cells.clear();
        self.cells = cells.into_iter().map(|_| Cell::Absent).collect();
        Ok(count)
    }

    /// Entries feed more families from here on, or fewer.
    fn feed(&mut self, growth: Growth, moves: bool) -> Result<(), Malformed> {
        let Growth { tenant, families, .. } = growth;
        let Some((feeding, here)) =
            self.feeding.get_mut(tenant as usize).zip(self.known.layout.tenants.get(tenant as usize))
        else {
            return Err(EntryError::Tenant(tenant).into());
        };
        let (more, there) = (families as usize, here.plan.families().len());
        if more > there {
            let what = format!(
                "holds events for windows by {more} keys of tenant {}, which has {there} here: they were written when \
                 its policies had more windows",
                here.name
            );
            return Err(Malformed { what, ahead: true });
        }
        if !feeding.grow(growth) {
            return Err(EntryError::Malformed.into());
        }
        if moves {
            let mut order = self.lane.order.lock();
            order.front.take(Step::Feed(growth), &self.known.layout);
        }
        Ok(())
    }

    /// A family is answered with what was before it from here on.
    fn fill(&mut self, fill: Fill, moves: bool) -> Result<(), Malformed> {
        let feeding = self.feeding.get_mut(fill.tenant as usize).ok_or(EntryError::Tenant(fill.tenant))?;
        if moves {
            let found = feeding.take(fill.family);
            self.lane.order.lock().front.fill(fill, found);
        }
        Ok(())
    }

    /// Restores the entries that were gathered.
    fn together(&mut self, pass: &mut Pass<'_>, moves: bool) {
        let lane = self.lane;
        lane.order.lock().restore(self.journaled.drain(..), moves, &mut self.feeding, pass);
        pass.share(lane.shards.len());
        let threads = if pass.len() < WORTH_A_THREAD { 1 } else { self.threads };
        self.each_shard(threads, |at, shard| shard.restore(at, pass));
        pass.clear();
    }
}

impl Restore for Restoring<'_> {
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed> {
        let mut order = self.lane.order.lock();
        let decoded = order.front.decode(&self.known.layout, front);
        let horizon = order.front.horizon();
        self.gone = order.front.bounds.iter().map(|bound| bound.dropped(horizon)).collect();
        drop(order);
        decoded.map_err(|error| Malformed { what: error.to_string(), ahead: matches!(error, FrontError::Families(_)) })
    }

    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        self.take(entries, false)
    }

    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        {
            // those that were kept may have fed fewer
            let front = &self.lane.order.lock().front;
            self.feeding.iter_mut().enumerate().for_each(|(tenant, feeding)| feeding.behind(front, tenant));
        }
        self.take(entries, true)
    }
}

impl From<EntryError> for Malformed {
    fn from(error: EntryError) -> Malformed {
        Malformed { what: error.to_string(), ahead: matches!(error, EntryError::Fields { .. }) }
    }
}
