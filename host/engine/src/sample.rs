//! A sample of transactions is judged again, each alone in a fresh sandbox: a policy
//! whose answer differs looks at its neighbours or remembers, and is named. Which
//! transactions these are follows from their positions, so it is the same in every run.
//! Their decisions stay as they are.

use crate::batch::{Batch, Place, Run};
use crate::decision::Origin;
use crate::generation::Seat;
use crate::watched;
use sandgate_metrics::Registry;
use sandgate_model::{Digest, Fault};
use sandgate_sandbox::{Rows, Verdicts};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::Xxh3;

/// The sample of a host.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    /// One transaction of so many; 0 for none.
    pub(crate) of: u64,
    /// The policies that were named.
    named: Mutex<HashSet<Digest>>,
}

impl Sample {
    pub(crate) fn one_of(of: u64) -> Sample {
        Sample { of, named: Mutex::default() }
    }

    /// Whether the transaction of this position is in it.
    fn has(&self, origin: &Origin<'_>) -> bool {
        if self.of == 0 {
            return false;
        }
        let mut hasher = Xxh3::new();
        hasher.update(origin.source.as_bytes());
        hasher.update(&origin.partition.to_le_bytes());
        hasher.update(&origin.offset.to_le_bytes());
        hasher.digest().is_multiple_of(self.of)
    }

    /// Judges a transaction again, if it is in the sample, by each policy that judged it.
    pub(crate) fn look(
        &self,
        origin: &Origin<'_>,
        (batch, row): (&Batch<'_>, usize),
        notes: &mut Vec<String>,
        registry: Option<&Registry>,
    ) {
        if !self.has(origin) {
            return;
        }
        let generation = batch.generation;
        for (seat, run) in generation.seats.iter().zip(&batch.runs) {
            let Place::Judged { .. } = run.places[row] else { continue };
            let differs = differs(seat, run, row);
            if let Some(registry) = registry {
                let [looked, impure] = watched::answers(registry, &generation.tenant, &seat.name);
                looked.add(1);
                impure.add(u64::from(differs.is_some()));
            }
            let Some(what) = differs else { continue };
            if self.named.lock().unwrap_or_else(PoisonError::into_inner).insert(seat.policy.digest()) {
                let (digest, policy, tenant) = (seat.policy.digest(), &seat.name, &generation.tenant);
                let Origin { source, partition, offset } = origin;
                notes.push(format!(
                    "policy {policy} of tenant {tenant} ({digest}) is not pure: about the transaction at {source} \
                     {partition}:{offset} it gives another {what} alone than beside others. Decisions that rest on \
                     it cannot be relied on; `sandgate test` finds out more"
                ));
            }
        }
    }
}

/// What differs where the row is judged alone, if something does.
fn differs(seat: &Seat, run: &Run<'_>, row: usize) -> Option<&'static str> {
    let place = run.places[row];
    let inputs = &seat.policy.manifest().inputs;
    let mut rows = Rows::new();
    run.cells(place, inputs.len()).iter().zip(inputs).for_each(|(cell, input)| cell.push(input.kind, &mut rows));
    rows.end_row();
    let mut alone = Verdicts::new();
    seat.policy.judge(&rows, &seat.rows, seat.fuel, &mut alone);
    let fault = run.fault(place);
    let fault_alone = alone.faults.first().map(|(_, fault)| fault);
    // what is stopped by the clock says nothing of the policy's answer
    if [fault, fault_alone].into_iter().flatten().any(|fault| *fault == Fault::Stopped) {
        return None;
    }
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    let score = run.score(place).map(f64::to_bits);
    let score_alone = alone.scores.first().filter(|_| fault_alone.is_none()).map(|score| score.to_bits());
    if fault.map(Fault::word) != fault_alone.map(Fault::word) {
        Some("fault")
    } else if !run.hits(place).eq(alone.hits.iter().map(|hit| hit.reason as usize)) {
        Some("list of reasons")
    } else if score != score_alone {
        Some("score")
    } else if bits(run.contributions(place, inputs.len())) != bits(&alone.contributions) {
        Some("list of contributions")
    } else {
        None
    }
}
