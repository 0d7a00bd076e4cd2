//! What keeps a lane going when a tenant's policies do not: the breaker of each policy,
//! and what is left of each tenant's quota.
//!
//! Breakers count when a batch is settled, in the order of the lane, and what an abort
//! took back they have not counted. Fuel is another matter: what was burnt is burnt, so
//! a quota goes on over an abort. Neither is kept over a restart: a lane begins with all
//! policies in, and full buckets.

use crate::batch::Batch;
use crate::breaker::{Breaker, Limits, Observed, State, counts};
use crate::circumstance::{Circumstance, What};
use crate::gate::{Gate, Gates};
use crate::generation::{Generation, Seat};
use crate::outs::{Out, Outs};
use crate::quota::{self, Left, Over};
use sandgate_metrics::Registry;
use sandgate_model::Digest;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What holds the policies of one lane.
#[derive(Default)]
pub(crate) struct Contained(Mutex<Held>);

/// Who else hears of changes.
#[derive(Clone, Copy)]
pub(crate) struct Hearers<'a> {
    pub(crate) partition: u32,
    pub(crate) outs: &'a Outs,
    pub(crate) registry: Option<&'a Registry>,
}

#[derive(Default)]
struct Held {
    /// By tenant.
    tenants: Vec<Tenant>,
    /// The number of the first batch that is not committed.
    first: u64,
    /// What was observed in each batch that is not committed.
    open: VecDeque<Vec<Observed>>,
    /// The number of the breaker that was made last.
    made: u64,
    /// What time it is, where somebody says so.
    now: Option<Duration>,
    notes: Vec<String>,
}

#[derive(Default)]
struct Tenant {
    generation: Option<Arc<Generation>>,
    /// The batch from which on it judges.
    since: u64,
    seats: Vec<Kept>,
    left: Left,
    /// Transactions that were shed and not told of, and when it was told last.
    shed: u64,
    told: Option<Duration>,
}

/// The breaker of one policy.
struct Kept {
    number: u64,
    name: Arc<str>,
    digest: Digest,
    limits: Option<Limits>,
    /// As of the last batch that was settled.
    now: Breaker,
    /// As of the last one that was committed.
    committed: Breaker,
}

/// How often it is told at most that a tenant is over its quota.
const TOLD: Duration = Duration::from_secs(10);

impl Contained {
    /// Says what time it is, since whenever: from then on quotas hold.
    pub(crate) fn at(&self, now: Duration) {
        self.held().now = Some(now);
    }

    /// What the policies of a tenant may do with so many transactions of a batch.
    pub(crate) fn begin(
        &self,
        (batch, tenant): (u64, usize),
        generation: &Arc<Generation>,
        rows: usize,
        hearers: Hearers<'_>,
    ) -> Gates {
        let mut held = self.held();
        let Held { tenants, made, now, notes, .. } = &mut *held;
        if tenants.len() <= tenant {
            tenants.resize_with(tenant + 1, Tenant::default);
        }
        let of = &mut tenants[tenant];
        of.follow(generation, batch, made, hearers);
        let mut gates = Gates::default();
        if let Some(now) = now {
            of.admit(generation, rows, *now, &mut gates, notes);
        }
        let rows = u32::try_from(rows.min(gates.admitted)).unwrap_or(u32::MAX);
        gates.seats = generation.seats.iter().map(|seat| of.gate(seat, rows)).collect();
        gates
    }

    /// Takes down what the policies did, for when the batch is settled.
    pub(crate) fn judged<'b>(&self, batches: impl Iterator<Item = (usize, &'b Batch<'b>)>, out: &mut Vec<Observed>) {
        let mut held = self.held();
        for (tenant, batch) in batches {
            let took = batch.runs.iter().map(|run| run.verdicts.fuel).sum();
            held.tenants[tenant].left.took(batch.gates.fuel, took);
            for (seat, (run, gate)) in batch.runs.iter().zip(&batch.gates.seats).enumerate() {
                let own = run.verdicts.faults.iter().filter(|(_, fault)| counts(fault));
                out.push(Observed {
                    place: (tenant, seat, gate.breaker.0),
                    epoch: gate.breaker.1,
                    given: if gate.out.is_some() { gate.rows } else { 0 },
                    judged: run.rows() as u32,
                    faults: own.clone().map(|(row, _)| *row).collect(),
                    last: own.clone().next_back().map_or("", |(_, fault)| fault.word()),
                    stood_in: if gate.out.is_some() { run.out(What::Breaker) as u32 } else { 0 },
                });
            }
        }
    }

    /// Counts what the policies of the next batch did, and adds what there is to tell.
    pub(crate) fn settled(&self, observed: &mut Vec<Observed>, notes: &mut Vec<String>, hearers: Hearers<'_>) {
        let mut held = self.held();
        for observed in observed.iter() {
            let Some(tenant) = held.tenants.get_mut(observed.place.0) else { continue };
            let Some(generation) = tenant.generation.clone() else { continue };
            let Some(kept) = tenant.kept(observed) else { continue };
            let Some(limits) = kept.limits else { continue };
            if kept.now.observe(&limits, observed) {
                notes.push(kept.told(&generation.tenant));
                hearers.outs.set(kept.out(&generation, hearers.partition), hearers.registry);
            }
        }
        held.open.push_back(std::mem::take(observed));
        notes.append(&mut held.notes);
    }

    /// Batches up to and with this one are durable.
    pub(crate) fn committed(&self, through: u64) {
        let mut held = self.held();
        while held.first <= through
            && let Some(batch) = held.open.pop_front()
        {
            held.first += 1;
            for observed in &batch {
                let kept = held.tenants.get_mut(observed.place.0).and_then(|tenant| tenant.kept(observed));
                if let Some((kept, limits)) = kept.and_then(|kept| kept.limits.map(|limits| (kept, limits))) {
                    kept.committed.observe(&limits, observed);
                }
            }
        }
    }

    /// Forgets what was not committed.
    pub(crate) fn aborted(&self, hearers: Hearers<'_>) {
        let mut held = self.held();
        held.open.clear();
        for tenant in &mut held.tenants {
            // batches begin anew, and with the newest generation
            tenant.since = 0;
            let Some(generation) = tenant.generation.clone() else { continue };
            for kept in &mut tenant.seats {
                let differs = kept.now.state() != kept.committed.state();
                kept.now = kept.committed.clone();
                if differs {
                    hearers.outs.set(kept.out(&generation, hearers.partition), hearers.registry);
                }
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenant {
    /// Goes on with a generation: a policy that has the same name and digest as before keeps its count.
    fn follow(&mut self, generation: &Arc<Generation>, batch: u64, made: &mut u64, hearers: Hearers<'_>) {
        let is_known = self.generation.as_ref().is_some_and(|known| Arc::ptr_eq(known, generation));
        // a batch that begins behind one of a later generation changes nothing
        if is_known || (self.generation.is_some() && batch < self.since) {
            return;
        }
        let mut before = std::mem::take(&mut self.seats);
        for seat in &generation.seats {
            let digest = seat.policy.digest();
            let same = before.iter().position(|kept| *kept.name == *seat.name && kept.digest == digest);
            let kept = same.map(|same| before.swap_remove(same)).unwrap_or_else(|| {
                *made += 1;
                let (now, committed) = Default::default();
                Kept { number: *made, name: seat.name.as_str().into(), digest, limits: None, now, committed }
            });
            self.seats.push(Kept { limits: seat.breaker, ..kept });
        }
        let gone = before.into_iter().map(|kept| Kept { now: Breaker::default(), ..kept });
        // and whoever stays out is out of the new one
        let out = |kept: &Kept| hearers.outs.set(kept.out(generation, hearers.partition), hearers.registry);
        gone.for_each(|kept| out(&kept));
        self.seats.iter().filter(|kept| kept.now.state() != State::Closed).for_each(out);
        (self.generation, self.since) = (Some(Arc::clone(generation)), batch);
    }

    /// Lets as many transactions be judged as the quota has room for.
    fn admit(
        &mut self,
        generation: &Generation,
        rows: usize,
        now: Duration,
        gates: &mut Gates,
        notes: &mut Vec<String>,
    ) {
        let each = quota::most(generation.seats.iter().map(|seat| seat.fuel));
        let (admitted, over) = self.left.admit(generation.quota, now, rows as u64, each);
        gates.fuel = if generation.quota.fuel.is_some() { admitted.saturating_mul(each) } else { 0 };
        let Some(over) = over else { return };
        gates.admitted = admitted as usize;
        let quota = match over {
            Over::Transactions(rate) => format!("{rate} transactions"),
            Over::Fuel(rate) => format!("{rate} units of fuel"),
        };
        let detail = format!("the tenant is over its quota of {quota} a second in this lane; fallbacks answer");
        gates.shed = Some(Circumstance::new(What::Shed, detail));
        self.shed += rows as u64 - admitted;
        if self.told.is_none_or(|told| now.saturating_sub(told) >= TOLD) {
            self.told = Some(now);
            let (tenant, shed) = (&generation.tenant, std::mem::take(&mut self.shed));
            notes.push(format!(
                "tenant {tenant} is over its quota of {quota} a second: {shed} transactions were shed since it was told last, its \
                 fallbacks answer; raise `quota` in its file, or give it a topic with more partitions"
            ));
        }
    }

    /// What a policy may do with so many rows.
    fn gate(&mut self, seat: &Seat, rows: u32) -> Gate {
        let digest = seat.policy.digest();
        let kept = self.seats.iter_mut().find(|kept| *kept.name == *seat.name && kept.digest == digest);
        let Some((kept, limits)) = kept.and_then(|kept| kept.limits.map(|limits| (kept, limits))) else {
            return Gate { breaker: (0, 0), rows, out: None };
        };
        let given = kept.now.give(&limits, rows);
        let is_out = kept.now.state() != State::Closed;
        let out = is_out.then(|| Circumstance::breaker(Arc::clone(&kept.name), kept.now.why()));
        Gate { breaker: (kept.number, kept.now.epoch()), rows: given, out }
    }

    /// The breaker of what was observed, if it is still there.
    fn kept(&mut self, observed: &Observed) -> Option<&mut Kept> {
        let (_, seat, number) = observed.place;
        let at = match self.seats.get(seat) {
            Some(kept) if kept.number == number => seat,
            _ => self.seats.iter().position(|kept| kept.number == number)?,
        };
        self.seats.get_mut(at)
    }
}

impl Kept {
    fn out(&self, generation: &Generation, partition: u32) -> Out {
        let failed = self.now.failed();
        let back = self.limits.map_or(0, |limits| limits.back);
        Out {
            tenant: Arc::clone(&generation.tenant),
            policy: Arc::clone(&self.name),
            partition,
            generation: generation.number,
            state: self.now.state(),
            failed,
            hopeless: back > 0 && failed >= back,
            why: Arc::clone(self.now.why()),
        }
    }

    /// A line about its last change.
    fn told(&self, tenant: &str) -> String {
        let (policy, why) = (&self.name, self.now.why());
        let Limits { rest, probe, .. } = self.limits.unwrap_or_default();
        match self.now.state() {
            State::Open => format!(
                "policy {policy} of tenant {tenant} is taken out: {why}. Its fallback answers for the next {rest} \
                 transactions that come to it, then it is tried with {probe}"
            ),
            State::HalfOpen => format!("policy {policy} of tenant {tenant} is tried again with {probe} transactions"),
            State::Closed => format!("policy {policy} of tenant {tenant} judges again: it stood its trial"),
        }
    }
}
