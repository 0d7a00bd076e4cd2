//! One lane's way through the engine: its batches, and the state that they pass
//! in its order.
//!
//! Decoding and judging are done by as many threads as bring batches. Between the
//! two a batch passes the state of the lane in its turn: repeats, lateness and
//! windows are found there, so they are the same however many threads there are.

use crate::Engine;
use crate::batch::{self, Batch};
use crate::circumstance::Circumstance;
use crate::contained::{Contained, Hearers};
use crate::decision::{Origin, Row};
use crate::decode::{Transactions, Unusable};
use crate::fetch::fetch_tags;
use crate::fingerprint;
use crate::group::{Group, Known};
use crate::judged::{Judge, Judged, Made, Record, Unjudged};
use crate::measured::Step;
use crate::meters::Pending;
use crate::repeat::{self, RepeatLine};
use crate::roster::Roster;
use crate::shared::SharedBatch;
use crate::tally::Aside;
use crate::terms::Terms;
use sandgate_metrics::Laps;
use sandgate_model::Instant;
use sandgate_state::replay::Sieve;
use sandgate_state::{Entry, Fate, Lane, Layout, Pass, Settled};
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
        let (passes, pending, terms, contained) = Default::default();
        LaneJudge { engine, lane, partition, passes, pending, shared, terms, contained }
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

    /// Finds the tenant of every record and hands the usable ones to the pass.
    fn route<'a>(
        &self,
        roster: &Roster,
        records: &[Record<'_>],
        decoded: Vec<Result<(), Unusable>>,
        transactions: &'a [Transactions<'a>],
        (pass, shared): (&mut Pass<'a>, &mut SharedBatch<'a>),
        wrong_keys: &mut u64,
    ) -> Vec<Result<Known<'a>, Unusable>> {
        let mut rows: Vec<_> = transactions.iter().map(Transactions::iter).collect();
        let mut cells = Vec::new();
        let mut buffer = Vec::new();
        let mut all = Vec::with_capacity(records.len());
        for (record, decoded) in records.iter().zip(decoded) {
            let source = &self.engine.sources[record.source];
            let usable = decoded.and_then(|()| match rows[record.source].next() {
                Some(transaction) => {
                    source.check_key(record, &transaction, wrong_keys)?;
                    Ok((transaction, self.engine.tenant(source, transaction.tenant())?))
                }
                None => unreachable!("a transaction for every record that was decoded"),
            });
            all.push(usable.map(|(transaction, tenant)| {
                roster.generations[tenant].windows.cells(record.source, &transaction, &mut cells);
                let content = fingerprint::of_content(source.decoder.schema(), &transaction, &mut buffer);
                let entry = Entry {
                    tenant: tenant as u32,
                    source: record.source as u32,
                    judged: !source.observe,
                    time: transaction.time().millis(),
                    offset: record.offset,
                    id: match source.composed {
                        true => fingerprint::of_composed(transaction.id(), &content),
                        false => fingerprint::of_id(transaction.id()),
                    },
                    content,
                    composed: source.composed,
                };
                pass.push(entry, &cells);
                shared.push(&entry, &cells);
                Known { transaction, tenant, judged: None }
            }));
        }
        all
    }

    /// Puts the transactions that policies judge into groups, with their inputs.
    fn group<'a>(
        &self,
        roster: &Roster,
        records: &[Record<'_>],
        known: &mut [Result<Known<'a>, Unusable>],
        pass: &Pass<'_>,
        shared: &SharedBatch<'_>,
    ) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let usable = records.iter().zip(known).filter_map(|(record, known)| Some((record, known.as_mut().ok()?)));
        for (row, (record, known)) in usable.enumerate() {
            if self.engine.sources[record.source].observe || !matches!(pass.fate(row), Fate::New | Fate::Full) {
                continue;
            }
            let (tenant, source) = (known.tenant, record.source);
            let at = groups.iter().position(|group| (group.tenant, group.source) == (tenant, source));
            let at = at.unwrap_or_else(|| {
                groups.push(Group::new(tenant, source));
                groups.len() - 1
            });
            let group = &mut groups[at];
            known.judged = Some((at, group.transactions.len()));
            group.transactions.push(known.transaction);
            group.amounts.push(known.transaction.amount());
            roster.generations[tenant].windows.answers(pass, shared, row, &mut group.sheet.windows);
            if let Some(missing) = shared.missing(row) {
                group.sheet.circumstances.add_to(group.transactions.len() - 1, missing);
            }
            if let Some(warming) = roster.generations[tenant].windows.warming(pass, row) {
                group.sheet.circumstances.add_to(group.transactions.len() - 1, Circumstance::warming(warming));
            }
        }
        for group in &mut groups {
            let generation = &roster.generations[group.tenant];
            let columns = &generation.columns[group.source];
            batch::read_fields(&mut group.sheet, &group.transactions, columns);
            group.sheet.windows_each = generation.windows.base.kinds.len();
            let tags = self.engine.tags.as_deref();
            fetch_tags(&mut group.sheet, group.transactions.len(), columns, tags, generation.missing_tag);
        }
        groups
    }

    /// Writes what became of every record.
    fn write(
        &self,
        roster: &Roster,
        (number, records, known): (u64, &[Record<'_>], &[Result<Known<'_>, Unusable>]),
        pass: &Pass<'_>,
        groups: &[Group<'_>],
        laps: &mut Laps,
        out: &mut Judged,
    ) {
        let batches: Vec<Batch<'_>> = groups
            .iter()
            .map(|group| {
                let generation = &roster.generations[group.tenant];
                let place = (number, group.tenant);
                let gates = self.contained.begin(place, generation, group.amounts.len(), self.hearers());
                Batch::judge(generation, group.source, &group.sheet, &group.amounts, gates)
            })
            .collect();
        let of_tenants = groups.iter().map(|group| group.tenant);
        self.contained.judged(of_tenants.zip(&batches), &mut out.observed);
        out.measured.steps[Step::Judge as usize] = laps.lap();
        if let Some(meters) = &roster.meters {
            let groups = groups.iter().zip(&batches);
            groups.for_each(|(group, batch)| out.measured.policies(meters.first_seat(group.tenant), batch));
        }
        let mut rows = 0..pass.len();
        for (record, known) in records.iter().zip(known) {
            let source = &self.engine.sources[record.source];
            let origin =
                Origin { source: &source.decoder.schema().source, partition: self.partition, offset: record.offset };
            let (known, row) = match (known, known.is_ok().then(|| rows.next()).flatten()) {
                (Ok(known), Some(row)) => (known, row),
                (Err(unusable), _) => {
                    out.dead_letter(&origin, record, unusable);
                    continue;
                }
                _ => continue,
            };
            let generation = &roster.generations[known.tenant];
            let number = u32::try_from(generation.number).unwrap_or(u32::MAX);
            let mut settled = Settled { outcome: 0, generation: number };
            let late = pass.late(row).map(Circumstance::late);
            match (pass.fate(row), known.judged) {
                (Fate::New | Fate::Full, Some((group, at))) => {
                    let decision = Row {
                        batch: &batches[group],
                        row: at,
                        transaction: &known.transaction,
                        amount: groups[group].amounts[at],
                        circumstances: batches[group].circumstances(
                            at,
                            &groups[group].sheet.circumstances,
                            late.as_ref(),
                        ),
                    };
                    let (sample, registry) = (&self.engine.sample, self.engine.registry.as_ref());
                    sample.look(&origin, (&batches[group], at), &mut out.notes, registry);
                    let outcome = decision.write(&origin, &mut out.decisions);
                    decision.count(outcome, roster.first_reasons[known.tenant], &mut out.tally);
                    settled.outcome = outcome as u8;
                    out.settled.push(settled);
                    out.measured.decided(known.tenant, outcome);
                    out.decided(known.transaction.account());
                }
                (fate, _) if source.observe => {
                    settled = Settled::default();
                    let aside = match fate {
                        Fate::New => Aside::TakenUp,
                        Fate::Full => Aside::Refused,
                        Fate::Repeat(_) => Aside::Repeat,
                        Fate::Reused { .. } => Aside::Reused,
                    };
                    out.tally.observed[aside as usize] += 1;
                    out.made.push(Made::Nothing);
                    if matches!(fate, Fate::New | Fate::Full) {
                        out.settled.push(settled);
                    }
                }
                (Fate::Repeat(repeat), _) => {
                    let at = out.decisions.len();
                    let first = (known.tenant, &**generation);
                    out.repeats.push(RepeatLine::new(repeat, first, &known.transaction, &origin, at));
                    out.tally.repeats += 1;
                    out.decided(known.transaction.account());
                }
                (Fate::Reused { offset }, _) => {
                    let outcome = self.engine.reused_id;
                    let late = late.as_ref();
                    repeat::reused(offset, late, outcome, generation, &known.transaction, &origin, &mut out.decisions);
                    late.iter().for_each(|late| out.tally.circumstance(late.what));
                    out.tally.decision(outcome, known.transaction.amount());
                    out.tally.fault(&sandgate_model::Fault::IdReused);
                    out.measured.decided(known.tenant, outcome);
                    out.measured.reused(known.tenant);
                    settled.outcome = outcome as u8;
                    out.decided(known.transaction.account());
                }
                (Fate::New | Fate::Full, None) => continue,
            }
            pass.record(row, settled, &mut out.journal);
        }
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
        if let Some(meters) = judged.meters.take() {
            self.pending.settled(&judged.tally, &mut judged.measured, meters);
        }
    }

    fn committed(&self, through: u64) {
        self.shared.iter().for_each(|shared| shared.committed(through));
        self.lane.commit(through);
        self.pending.committed(through);
        self.contained.committed(through);
        self.terms.committed(through);
    }

    fn abort(&self) {
        // first: whoever asks for shared series gives up
        self.shared.iter().for_each(sandgate_shared::Lane::abort);
        self.lane.abort();
        self.pending.aborted();
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
