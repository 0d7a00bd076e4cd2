//! What a batch did for canaries, and the copies of it that go to shadows: of records
//! that the active set has judged, what it decided with all that a shadow needs to judge
//! them too, later and elsewhere. Nothing is done where nothing is on trial.

use super::LaneJudge;
use super::grouping::Group;
use super::routing::Known;
use crate::batch::Batch;
use crate::decode::Unusable;
use crate::judged::Record;
use crate::roster::Roster;
use crate::shade::Copied;
use crate::team::Party;
use crate::trials::{self, Tried};
use sandgate_model::comparison::Comparison;
use std::sync::Arc;
use std::time::Duration;

impl LaneJudge {
    /// What a batch did for those on trial.
    pub(super) fn tried(
        &self,
        number: u64,
        roster: &Roster,
        (records, known): (&[Record<'_>], &[Result<Known<'_>, Unusable>]),
        groups: &[Group<'_>],
        judged: &[(Batch<'_>, Duration)],
    ) -> Option<Tried> {
        if !groups.iter().any(|group| trials::looks_at(roster, group.tenant)) {
            return None;
        }
        let mut tried = Tried { number, canaries: Vec::new(), copies: Vec::new(), dropped: Vec::new() };
        for (tenant, split) in roster.splits.iter().enumerate() {
            let Some(split) = split else { continue };
            let mut comparison = Comparison::default();
            for (group, (batch, time)) in groups.iter().zip(judged).filter(|(group, _)| group.tenant == tenant) {
                count(group, batch, *time, &mut comparison);
            }
            tried.canaries.push((split.canary.counts.clone(), comparison));
        }
        for (at, (group, (batch, time))) in groups.iter().zip(judged).enumerate() {
            let shadows = &roster.shadows[group.tenant];
            if shadows.is_empty() || group.party == Party::Canary {
                continue;
            }
            let rows = || {
                let of_group = known.iter().map(|known| known.as_ref().ok()?.judged.filter(|(of, _)| *of == at));
                records.iter().zip(of_group).filter_map(|(record, judged)| Some((record.bytes, judged?.1)))
            };
            let bytes = rows().map(|(record, _)| record.len()).sum();
            let events = group.amounts.len() as u64;
            match Copied::room(&self.engine.shade, (group.tenant, shadows), (events, bytes)) {
                Some(room) => {
                    let mut copied = Copied::new(room, (group.source, Arc::clone(shadows)), batch, *time);
                    rows().for_each(|(record, row)| copied.push(record, row, &group.sheet, batch));
                    tried.copies.push(copied);
                }
                None => tried.dropped.push((Arc::clone(shadows), events)),
            }
        }
        Some(tried)
    }
}

/// Counts what a group of transactions became on its side.
fn count(group: &Group<'_>, batch: &Batch<'_>, time: Duration, comparison: &mut Comparison) {
    let side = if group.party == Party::Canary { &mut comparison.candidate } else { &mut comparison.active };
    for (row, (standing, amount)) in batch.standings.iter().zip(&group.amounts).enumerate() {
        side.decided(standing.outcome(&batch.generation.bands), *amount, batch.is_faulted(row));
    }
    // what is neither the canary's nor its control's is of another size
    if group.party != Party::Active {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        side.took(group.amounts.len() as u64, batch.fuel(), nanos);
    }
}
