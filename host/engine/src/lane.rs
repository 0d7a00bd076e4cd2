//! One lane's way through the engine: its batches, and the state that they pass
//! in its order.
//!
//! Decoding and judging are done by as many threads as bring batches. Between the
//! two a batch passes the state of the lane in its turn: repeats, lateness and
//! windows are found there, so they are the same however many threads there are.

mod grouping;
mod routing;
mod trying;
mod writing;

use crate::Engine;
use crate::contained::{Contained, Hearers};
use crate::decode::Transactions;
use crate::judged::{Judge, Judged, Record, Unjudged};
use crate::measured::Step;
use crate::meters::Pending;
use crate::repeat;
use crate::shared::SharedBatch;
use crate::terms::Terms;
use crate::trials::Trials;
use sandgate_metrics::Laps;
use sandgate_model::Instant;
use sandgate_state::replay::Sieve;
use sandgate_state::{Lane, Layout, Pass};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An engine with the state of one lane.
pub struct LaneJudge {
    engine: Arc<Engine>,
    lane: Arc<Lane>,
    /// The partition of its sources that it is; 0 where they have none.
    partition: u32,
    /// Passes whose buffers wait to be used again.
    passes: Mutex<Vec<Pass<'static>>>,
    /// Its way to the shared series, if there are some.
    shared: Option<sandgate_shared::Lane>,
    /// What is measured and not yet committed.
    pending: Pending,
    terms: Terms,
    trials: Trials,
    /// What holds its policies.
    contained: Contained,
}

impl LaneJudge {
    /// The way of a lane through an engine, whose layout the lane must have.
    pub fn new(engine: Arc<Engine>, lane: Arc<Lane>) -> LaneJudge {
        LaneJudge::of_partition(engine, lane, 0)
    }

    /// The same for the lane of this partition of all sources.
    pub fn of_partition(engine: Arc<Engine>, lane: Arc<Lane>, partition: u32) -> LaneJudge {
        let shared = engine.shared.as_ref();
        let shared = shared.map(|(store, _)| sandgate_shared::Lane::new(Arc::clone(store), partition));
        let (passes, pending, terms, trials, contained) = Default::default();
        LaneJudge { engine, lane, partition, passes, pending, shared, terms, trials, contained }
    }

    /// What it judges with.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The state of the lane.
    pub fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Says where the lane begins in each source: the offset of the first record that
    /// is still to come. Events of its own that an earlier attempt left behind that are
    /// not seen in shared series.
    pub fn begin(&self, offsets: &[u64]) {
        if let Some(shared) = &self.shared {
            shared.begin(&offsets.iter().copied().map(Some).collect::<Vec<_>>());
        }
    }

    /// Says that the lane is another host's from now on.
    pub fn leave(&self) {
        self.engine.leaves(self.partition);
    }

    /// Says what time it is, since whenever: quotas hold where somebody does.
    pub fn at(&self, now: Duration) {
        self.contained.at(now);
    }

    fn hearers(&self) -> Hearers<'_> {
        let Engine { outs, registry, .. } = &*self.engine;
        Hearers { partition: self.partition, outs, registry: registry.as_ref() }
    }

    fn empty_pass<'a>(&self, layout: &Arc<Layout>) -> Pass<'a> {
        let spare = self.passes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.map_or_else(
            || Pass::new(layout),
            |spare| {
                let mut pass = spare.recycle();
                pass.lay_out(layout);
                pass
            },
        )
    }
}

impl Judge for LaneJudge {
    fn judge(&self, number: u64, records: &[Record<'_>], out: &mut Judged) -> Result<(), Unjudged> {
        let (roster, begins) = self.terms.begin(number, || self.engine.roster());
        if begins {
            self.engine.begins(&roster, self.partition, records.first(), out);
        }
        let mut laps = roster.meters.as_ref().map_or_else(Laps::off, |meters| meters.laps());
        let sources = &self.engine.sources;
        let mut transactions: Vec<Transactions<'_>> = sources
            .iter()
            .enumerate()
            .map(|(at, source)| {
                // with several sources nobody knows how many are of which
                source.decoder.batch(if at == 0 && sources.len() == 1 { records.len() } else { 0 })
            })
            .collect();
        let decoded = records.iter().map(|record| transactions[record.source].push(record.bytes)).collect();
        let mut pass = self.empty_pass(&roster.layout);
        let mut shared = SharedBatch::new(roster.shared.as_ref());
        let wrong_keys = &mut out.tally.wrong_keys;
        let mut known = self.route(&roster, records, decoded, &transactions, (&mut pass, &mut shared), wrong_keys);
        out.measured.steps[Step::Decode as usize] = laps.lap();
        self.lane.pass(number, &mut pass)?;
        shared.ask(self.shared.as_ref(), number, &pass, &roster.generations)?;
        out.measured.steps[Step::Windows as usize] = laps.lap();
        for tenant in pass.filled() {
            let name = &roster.generations[*tenant as usize].tenant;
            out.notes.push(format!(
                "tenant {name} has reached its bound of {} window events ([state] events): more are refused until the \
                 clock has passed some, and what needs them faults with state-full",
                self.lane.settings().events
            ));
        }
        let groups = self.group(&roster, records, &mut known, &pass, &shared);
        out.measured.steps[Step::Inputs as usize] = laps.lap();
        self.write(&roster, (number, records, &known), &pass, &groups, &mut laps, out);
        if let Some(meters) = &roster.meters {
            out.measured.steps[Step::Write as usize] = laps.lap();
            out.measured.became(records, &out.made);
            meters.took(&out.measured);
        }
        self.passes.lock().unwrap_or_else(PoisonError::into_inner).push(pass.recycle());
        out.tally.named = roster.reasons_hash;
        out.meters.clone_from(&roster.meters);
        Ok(())
    }

    fn settle(&self, judged: &mut Judged) {
        self.lane.settle(&judged.settled);
        self.contained.settled(&mut judged.observed, &mut judged.notes, self.hearers());
        let named = |tenant, number| self.engine.named(tenant, number);
        repeat::complete(&mut judged.decisions, &judged.repeats, |repeat| self.lane.first(repeat), named);
        self.trials.settled(judged.tried.take());
        if let Some(meters) = judged.meters.take() {
            self.pending.settled(&judged.tally, &mut judged.measured, meters);
        }
    }

    fn committed(&self, through: u64) {
        self.shared.iter().for_each(|shared| shared.committed(through));
        self.lane.commit(through);
        self.pending.committed(through);
        self.trials.committed(through, &self.engine);
        self.contained.committed(through);
        self.terms.committed(through);
    }

    fn abort(&self) {
        // first: whoever asks for shared series gives up
        self.shared.iter().for_each(sandgate_shared::Lane::abort);
        self.lane.abort();
        self.pending.aborted();
        self.trials.aborted();
        self.contained.aborted(self.hearers());
        self.terms.abort();
    }

    fn close(&self) {
        self.shared.iter().for_each(sandgate_shared::Lane::close);
        self.lane.close();
    }

    fn compaction(&self) -> Option<(Vec<u8>, Box<dyn Sieve>)> {
        Some((self.lane.front(), Box::new(self.lane.sieve())))
    }

    fn time(&self, source: usize, bytes: &[u8]) -> Option<Instant> {
        let mut one = self.engine.sources[source].decoder.batch(1);
        one.push(bytes).ok().map(|()| one.row(0).time())
    }
}
