//! The state of one lane in memory, shared by the threads that work for it.

mod backfill;
mod growth;
mod order;
mod report;
mod restore;
mod sieve;

pub use report::{FamilyReport, Report, Size, TenantReport};
pub use restore::Restoring;
pub use sieve::Needed;

use crate::entry::Settled;
use crate::front::{Front, Step};
use crate::layout::{Families, Layout, Settings};
use crate::pass::{Pass, Repeat};
use crate::shard::Shard;
use crate::turn::{Closed, Turn};
use order::Order;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The state of one lane: its series, ids and clock.
///
/// Any number of threads may bring batches. They are settled in the order of the
/// lane by one thread, the writer; they are committed in that order by one thread,
/// which may be another; nobody does either while the lane is aborted.
#[derive(Debug)]
pub struct Lane {
    settings: Settings,
    /// The longest layout so far. Batches bring their own, so they do not meet here.
    known: Mutex<Known>,
    order: Turned<Order>,
    shards: Vec<Turned<Shard>>,
    committed: Mutex<Committed>,
    /// Held by each batch that is under way, and by an abort that waits for them.
    under_way: RwLock<()>,
    closed: AtomicBool,
}

/// Something that batches pass through in their order.
#[derive(Debug)]
struct Turned<T> {
    turn: Turn,
    /// Batches never meet here: the turn lets in one at a time. Who settles, commits
    /// or reports takes no turn, and a batch may wait for that, or that for a batch.
    inside: Mutex<T>,
}

/// What a lane may keep.
#[derive(Clone, Debug)]
struct Known {
    layout: Arc<Layout>,
    families: Arc<Families>,
}

/// What the last commit left.
#[derive(Debug)]
struct Committed {
    front: Front,
    /// The number of the first batch that is not committed.
    next: u64,
    /// Steps that are about to be taken; kept for its memory.
    steps: Vec<Step>,
}

impl<T> Turned<T> {
    fn new(inside: T) -> Turned<T> {
        Turned { turn: Turn::default(), inside: Mutex::new(inside) }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        lock(&self.inside)
    }
}

/// A lock that a panic left behind is taken all the same: the lane is closed
/// then, and only what can be looked at safely is asked for.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes the lane if the thread that holds it panics: batches behind it would
/// wait for ever.
struct Watch<'l>(&'l Lane);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

impl Lane {
    /// An empty lane with its series spread over `shards` (at least one).
    pub fn new(layout: Arc<Layout>, settings: Settings, shards: usize) -> Lane {
        let committed = Committed { front: Front::new(&layout, settings), next: 0, steps: Vec::new() };
        Lane {
            order: Turned::new(Order::new(&layout, settings)),
            shards: (0..shards.max(1)).map(|_| Turned::new(Shard::default())).collect(),
            committed: Mutex::new(committed),
            under_way: RwLock::new(()),
            closed: AtomicBool::new(false),
            known: Mutex::new(Known { families: Arc::new(Families::new(&layout)), layout }),
            settings,
        }
    }

    /// The longest layout so far: the one that it was made with, or has grown to.
    pub fn layout(&self) -> Arc<Layout> {
        lock(&self.known).layout.clone()
    }

    fn known(&self) -> Known {
        lock(&self.known).clone()
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Says of a lane that is empty that its first record will not be the first of
    /// its stream: windows that reach back behind its beginning are told as
    /// [`crate::Warming`]. Whoever restores the lane has to say it again.
    pub fn begins_midway(&self) {
        self.order.lock().front.midway = true;
        lock(&self.committed).front.midway = true;
    }

    /// The committed clock, in milliseconds.
    pub fn clock(&self) -> Option<i64> {
        lock(&self.committed).front.clock.now()
    }

    /// Whether the lane began midway.
    pub fn is_midway(&self) -> bool {
        lock(&self.committed).front.midway
    }

    /// Takes a batch through the lane: waits for its turn, finds out what is a
    /// repeat or late, reads the windows of each new row and adds its events.
    /// Batches are numbered 0, 1, 2, … without gaps, whichever thread brings them.
    /// Each may be of another layout, as long as those grew out of each other; one of
    /// a shorter layout than the lane keeps by then may come back with the longer one.
    /// Where it lacks stored fields that newer windows take, these begin again behind it.
    ///
    /// # Errors
    /// [`Closed`] where the lane was closed or aborted meanwhile: the batch left
    /// nothing behind that outlives [`Lane::abort`]. A batch whose layout [`Lane::grow`]
    /// would refuse closes the lane.
    pub fn pass(&self, number: u64, pass: &mut Pass<'_>) -> Result<(), Closed> {
        pass.share(self.shards.len());
        let _watch = Watch(self);
        let _under_way = self.under_way.read().unwrap_or_else(PoisonError::into_inner);
        let turn = self.order.turn.enter(number)?;
        let mut order = self.order.lock();
        if !order.is_laid(pass) {
            let Ok(known) = self.learn(&pass.layout) else {
                self.close();
                return Err(Closed);
            };
            if order.lay(&known, pass) {
                pass.share(self.shards.len());
            }
        }
        order.pass(number, pass);
        drop(order);
        drop(turn);
        for (at, shard) in self.shards.iter().enumerate() {
            let turn = shard.turn.enter(number)?;
            shard.lock().pass(number, at, pass);
            drop(turn);
        }
        Ok(())
    }

    /// Says what was decided for the next rows whose ids the lane remembers: all
    /// rows of [`crate::Fate::New`] and [`crate::Fate::Full`], judged or
    /// observed, in the order of the lane.
    pub fn settle(&self, settled: &[Settled]) {
        self.order.lock().settle(settled);
    }

    /// What the first record of a repeated id was answered; to be asked after
    /// the batch of the repeat was settled, and before it is committed.
    pub fn first(&self, repeat: &Repeat) -> Option<Settled> {
        self.order.lock().first(repeat)
    }

    /// Everything through this batch is durable: it can no longer be aborted, and
    /// the clock may drop what no window can reach.
    pub fn commit(&self, through: u64) {
        let mut committed = lock(&self.committed);
        let Committed { front, next, steps } = &mut *committed;
        self.order.lock().commit(through, steps);
        // outside of that lock: batches go on meanwhile
        let layout = self.layout();
        for step in steps.drain(..) {
            front.take(step, &layout);
        }
        *next = through.saturating_add(1).max(*next);
        self.order.lock().expire(front.ages());
        for shard in &self.shards {
            shard.lock().commit(through, front.horizon());
        }
    }

    /// Puts everything back to the last commit. Batches under way come back with
    /// [`Closed`]; the next batch has the number after the last committed one.
    ///
    /// It is for a sink whose commit can fail and be tried again, while the host
    /// goes on. A lane over files has no use for it: after a commit that failed
    /// nobody knows what the file holds, so the run ends, and the next one restores
    /// what is there.
    pub fn abort(&self) {
        let committed = lock(&self.committed);
        self.turns().for_each(Turn::close);
        let _alone = self.under_way.write().unwrap_or_else(PoisonError::into_inner);
        self.order.lock().abort(&committed.front);
        let families = self.known().families;
        for shard in &self.shards {
            shard.lock().abort(&families);
        }
        self.turns().for_each(|turn| turn.open(committed.next));
        // whoever closed the lane meanwhile may have come before the turns were opened
        if self.closed.load(Ordering::SeqCst) {
            self.turns().for_each(Turn::close);
        }
    }

    /// Wakes everybody who waits for a turn: the lane takes no more batches.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.turns().for_each(Turn::close);
    }

    fn turns(&self) -> impl Iterator<Item = &Turn> {
        std::iter::once(&self.order.turn).chain(self.shards.iter().map(|shard| &shard.turn))
    }

    /// The committed front: the lane's clock, the counts of the bound and the
    /// lost times, for [`crate::replay::Restore::front`]. It stands for everything
    /// through the last commit.
    pub fn front(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        lock(&self.committed).front.encode(&self.layout(), &mut bytes);
        bytes
    }
}
