//! A lane and the shared series: its batches in their order, how far it has come,
//! and what it does while Redis is gone.

use crate::answer::{self, Come, Wanted};
use crate::batch::Batch;
use crate::behind::Behind;
use crate::failure::Failure;
use crate::shared::Shared;
use sandgate_remote::Backoff;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a batch asks again before it is given up.
const AGAIN: Backoff = Backoff {
    first: Duration::from_millis(20),
    most: Duration::from_millis(100),
    tries: 2,
    within: Duration::from_millis(500),
};

/// So many series share a deadline when a batch is brought again.
const FEW: usize = 64;

/// Why a batch got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The lane was closed, or its open batches were aborted.
    #[error("the lane takes no more batches: it was closed, or its open batches were aborted")]
    Closed,
    /// The shared series could not be asked, and a tenant of the batch waits for them.
    /// It is as if the batch had not come: it may be brought again.
    #[error("{0}")]
    Waits(Failure),
}

/// The shared series could not be asked, and the tenants go on without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Why, for people.
    pub detail: String,
}

/// A lane's way to the shared series.
#[derive(Debug)]
pub struct Lane {
    shared: Arc<Shared>,
    partition: u32,
    inner: Mutex<Inner>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    /// The batch whose turn it is.
    next: u64,
    closed: bool,
    /// How often batches were aborted: one that is under way meanwhile is void.
    aborts: u64,
    come: Come,
    /// As of the last commit.
    committed: Come,
    /// How far the lane had come behind each open batch.
    open: VecDeque<(u64, Come)>,
    behind: Behind,
    /// How many of those the host's gauge holds.
    counted: usize,
}

impl Lane {
    /// The lane of this partition of its sources, from its first record on.
    pub fn new(shared: Arc<Shared>, partition: u32) -> Lane {
        Lane { shared, partition, inner: Mutex::default(), bell: Condvar::new() }
    }

    /// Says where the lane begins in each source: the offset of the first record
    /// that is still to come. Without it a source is known from its first record on,
    /// and events of its records to come, left by an earlier attempt, are seen until then.
    pub fn begin(&self, offsets: &[Option<u64>]) {
        let mut inner = self.lock();
        inner.come = offsets.to_vec();
        inner.committed = offsets.to_vec();
    }

    /// Adds the events of a batch to the shared series and answers its windows. It
    /// waits for its turn: batches are numbered 0, 1, 2, … without gaps. Where the
    /// series cannot be asked within a second or so, and no tenant of the batch `waits`
    /// for them, it leaves the windows as they are and says so, and the events are sent
    /// later. Nobody waits in here: whoever brings the batch has other lanes to look after.
    ///
    /// # Errors
    /// `Closed` where the lane was closed or aborted meanwhile, `Waits` where a tenant waits.
    pub fn ask(
        &self,
        number: u64,
        batch: &mut Batch<'_>,
        waits: impl Fn(u32) -> bool,
    ) -> Result<Option<Missing>, Unanswered> {
        let mut inner = self.turn(number)?;
        let aborts = inner.aborts;
        let come = come(&inner.come, batch);
        let wanted = answer::wanted(batch, self.partition);
        let mut missing = None;
        if !wanted.is_empty() {
            let mut behind = std::mem::take(&mut inner.behind);
            drop(inner);
            let held = self.fetch(number, aborts, &wanted, &mut behind);
            let waits = held.is_err() && batch.tenants().any(waits);
            let mut unanswered = None;
            match held {
                Ok(held) => self.answer(batch, &wanted, &held, &come),
                Err(failure) if waits => unanswered = Some(Unanswered::Waits(failure)),
                Err(failure) => {
                    let lost = behind.keep(&wanted);
                    self.shared.counts().lost.add(lost);
                    if lost > 0 {
                        tracing::error!(partition = self.partition, lost, "events will be missing in shared series");
                    }
                    missing = Some(Missing { detail: format!("shared series were not asked: {failure}") });
                }
            }
            inner = self.lock();
            self.shared.counts().waiting(&mut inner.counted, behind.len());
            inner.behind = behind;
            if let Some(unanswered) = unanswered {
                return Err(if inner.gone(aborts) { Unanswered::Closed } else { unanswered });
            }
        }
        if inner.gone(aborts) {
            return Err(Unanswered::Closed);
        }
        inner.come = passed(come, batch);
        let now = inner.come.clone();
        inner.open.push_back((number, now));
        inner.next = number + 1;
        self.bell.notify_all();
        Ok(missing)
    }

    /// Asks, and asks again for a little while.
    fn fetch(
        &self,
        number: u64,
        aborts: u64,
        wanted: &[Wanted],
        behind: &mut Behind,
    ) -> Result<Vec<answer::Held>, Failure> {
        let mut tries = AGAIN.begin(Instant::now());
        loop {
            // where one deadline was not enough for all: what is sent twice counts once
            let at_once = if tries.made() > 1 { FEW } else { usize::MAX };
            let failure = match self.shared.fetch(wanted, behind, at_once) {
                Ok(held) => return Ok(held),
                Err(failure) => failure,
            };
            let chance = chance(self.partition, number, tries.made());
            let again = tries.again(Instant::now(), chance).filter(|_| failure != Failure::Open);
            let Some(wait) = again else { return Err(failure) };
            // or until the lane is closed or aborted, which whoever called looks at
            let waited = self.bell.wait_timeout_while(self.lock(), wait, |inner| !inner.gone(aborts));
            let (inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if inner.gone(aborts) {
                return Err(failure);
            }
        }
    }

    fn answer(&self, batch: &mut Batch<'_>, wanted: &[Wanted], held: &[answer::Held], come: &Come) {
        for (series, held) in wanted.iter().zip(held) {
            if series.answer(batch, held, self.partition, come).is_none() {
                let name = String::from_utf8_lossy(&series.name).into_owned();
                tracing::error!(
                    series = name,
                    "a shared series holds what is no event: its windows cannot be answered"
                );
                // every window reaches behind the end of time
                let spoilt = answer::Held { members: Vec::new(), cut: Some(i64::MAX) };
                series.answer(batch, &spoilt, self.partition, come);
            }
        }
    }

    /// Everything through this batch is durable.
    pub fn committed(&self, through: u64) {
        let mut inner = self.lock();
        while let Some((_, come)) = inner.open.pop_front_if(|(number, _)| *number <= through) {
            inner.committed = come;
        }
    }

    /// Forgets the open batches; the next one has the number behind the last that was
    /// committed. What they sent stays: it comes again, and is the same event then.
    pub fn abort(&self) {
        let mut inner = self.lock();
        inner.aborts += 1;
        inner.next = inner.open.front().map_or(inner.next, |(number, _)| *number);
        inner.open.clear();
        inner.come = inner.committed.clone();
        self.bell.notify_all();
    }

    /// Takes no more batches: whoever waits gives up.
    pub fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_all();
    }

    /// Waits until it is the batch's turn.
    fn turn(&self, number: u64) -> Result<MutexGuard<'_, Inner>, Unanswered> {
        let waited = self.bell.wait_while(self.lock(), |inner| !inner.closed && inner.next < number);
        let inner = waited.unwrap_or_else(PoisonError::into_inner);
        // one that comes after its turn was aborted
        if inner.closed || inner.next != number { Err(Unanswered::Closed) } else { Ok(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether the lane was closed since, or aborted.
    fn gone(&self, aborts: u64) -> bool {
        self.closed || self.aborts != aborts
    }
}

/// What waits for Redis when a lane ends is lost, and is said.
impl Drop for Lane {
    fn drop(&mut self) {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        let lost = inner.behind.len() as u64;
        self.shared.counts().waiting(&mut inner.counted, 0);
        if lost > 0 {
            self.shared.counts().lost.add(lost);
            tracing::error!(partition = self.partition, lost, "events will be missing in shared series");
        }
    }
}

/// How far the lane has come before a batch: sources that are new are known from
/// their first record in it on.
fn come(known: &Come, batch: &Batch<'_>) -> Come {
    let mut come = known.clone();
    come.resize(batch.layout.sources.len(), None);
    for row in &batch.rows {
        if let Some(come @ None) = come.get_mut(row.entry.source as usize) {
            *come = Some(row.entry.offset);
        }
    }
    come
}

/// How far it has come behind the batch.
fn passed(mut come: Come, batch: &Batch<'_>) -> Come {
    for row in &batch.rows {
        if let Some(come) = come.get_mut(row.entry.source as usize) {
            *come = (*come).max(Some(row.entry.offset.saturating_add(1)));
        }
    }
    come
}

/// A number that differs from lane to lane and from try to try, so that lanes which
/// failed together do not come back together.
fn chance(partition: u32, number: u64, tries: u32) -> u32 {
    let seed = u64::from(partition) << 40 ^ number << 8 ^ u64::from(tries);
    let mixed = (seed ^ seed >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}
