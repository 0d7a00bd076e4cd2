//! What became of every record, in the order of the records: its line, its counts, and
//! what the journal must hold of it.

use super::LaneJudge;
use super::grouping::Group;
use super::routing::Known;
use crate::batch::Batch;
use crate::circumstance::Circumstance;
use crate::decision::{Origin, Row};
use crate::decode::Unusable;
use crate::judged::{Judged, Made, Record};
use crate::measured::Step;
use crate::repeat::{self, RepeatLine};
use crate::roster::Roster;
use crate::tally::Aside;
use crate::team::Party;
use crate::trials;
use sandgate_metrics::Laps;
use sandgate_state::{Fate, Pass, Settled};
use std::time::Duration;

impl LaneJudge {
    /// Writes what became of every record.
    pub(super) fn write(
        &self,
        roster: &Roster,
        (number, records, known): (u64, &[Record<'_>], &[Result<Known<'_>, Unusable>]),
        pass: &Pass<'_>,
        groups: &[Group<'_>],
        laps: &mut Laps,
        out: &mut Judged,
    ) {
        let judged: Vec<(Batch<'_>, Duration)> = groups
            .iter()
            .map(|group| {
                let (generation, ..) = roster.side(group.tenant, group.party);
                let place = (number, held(roster, group));
                let gates = self.contained.begin(place, generation, group.amounts.len(), self.hearers());
                let mut watch = if trials::looks_at(roster, group.tenant) { Laps::running() } else { Laps::off() };
                let batch = Batch::judge(generation, group.source, &group.sheet, &group.amounts, gates);
                (batch, watch.lap())
            })
            .collect();
        let of_sides = groups.iter().map(|group| held(roster, group));
        self.contained.judged(of_sides.zip(judged.iter().map(|(batch, _)| batch)), &mut out.observed);
        out.measured.steps[Step::Judge as usize] = laps.lap();
        if let Some(meters) = &roster.meters {
            for (group, (batch, _)) in groups.iter().zip(&judged) {
                let (.., place) = roster.side(group.tenant, group.party);
                out.measured.policies(meters.first_seat(place), batch);
            }
        }
        out.tried = self.tried(number, roster, (records, known), groups, &judged);
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
            let (generation, first_reason, _) = roster.side(known.tenant, known.party);
            let number = u32::try_from(generation.number).unwrap_or(u32::MAX);
            let by_canary = known.party == Party::Canary;
            let mut settled = Settled { outcome: 0, generation: number };
            let late = pass.late(row).map(Circumstance::late);
            match (pass.fate(row), known.judged) {
                (Fate::New | Fate::Full, Some((group, at))) => {
                    let decision = Row {
                        batch: &judged[group].0,
                        row: at,
                        transaction: &known.transaction,
                        amount: groups[group].amounts[at],
                        circumstances: judged[group].0.circumstances(
                            at,
                            &groups[group].sheet.circumstances,
                            late.as_ref(),
                        ),
                    };
                    let (sample, registry) = (&self.engine.sample, self.engine.registry.as_ref());
                    sample.look(&origin, (&judged[group].0, at), &mut out.notes, registry);
                    let outcome = decision.write(&origin, &mut out.decisions);
                    decision.count(outcome, first_reason, &mut out.tally);
                    settled.outcome = outcome as u8;
                    out.settled.push(settled);
                    out.measured.decided(known.tenant, outcome, by_canary);
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
                    out.measured.decided(known.tenant, outcome, by_canary);
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

/// The place where the policies of a group are held: those of a canary for themselves, so
/// that a breaker of theirs is none of the active set.
fn held(roster: &Roster, group: &Group<'_>) -> usize {
    let canary = if group.party == Party::Canary { roster.generations.len() } else { 0 };
    group.tenant + canary
}
