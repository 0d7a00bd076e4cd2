//! What a batch took and gave, by step, source, tenant and policy: more than its
//! tally says, and only kept where somebody measures.

use crate::batch::Batch;
use crate::circumstance::What;
use crate::record::{Made, Record};
use sandgate_model::{Fault, Outcome};
use std::time::Duration;

/// A step of judging a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// From bytes to fields, tenant and keys.
    Decode,
    /// Through the state of the lane, its turn awaited.
    Windows,
    /// Fields and tags of all rows.
    Inputs,
    /// In the sandboxes.
    Judge,
    /// Decisions as bytes.
    Write,
}

impl Step {
    pub(crate) const ALL: [Step; 5] = [Step::Decode, Step::Windows, Step::Inputs, Step::Judge, Step::Write];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Step::Decode => "decode",
            Step::Windows => "windows",
            Step::Inputs => "inputs",
            Step::Judge => "judge",
            Step::Write => "write",
        }
    }
}

/// What a record became, in the order of [`Measured::sources`].
pub(crate) const BECAME: [&str; 3] = ["decision", "dead-letter", "observed"];

/// What a batch took and gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// Records.
    pub(crate) records: u64,
    /// In the order of [`Step::ALL`].
    pub(crate) steps: [Duration; Step::ALL.len()],
    /// By source, in the order of [`BECAME`].
    pub(crate) sources: Vec<[u64; BECAME.len()]>,
    /// By tenant, in the order of [`Outcome::ALL`].
    pub(crate) tenants: Vec<[u64; Outcome::ALL.len()]>,
    /// Likewise, of those only what a canary decided.
    pub(crate) canaries: Vec<[u64; Outcome::ALL.len()]>,
    /// By tenant: ids that were used again.
    pub(crate) reused: Vec<[u64; 1]>,
    /// By policy in its place, of all tenants one after the other: transactions, fuel.
    pub(crate) seats: Vec<[u64; 2]>,
    /// Likewise, in the order of [`Fault::WORDS`].
    pub(crate) faults: Vec<[u64; Fault::WORDS.len()]>,
    /// Likewise: transactions that the fallback answered, in the order of [`STOOD_IN`].
    pub(crate) stood_in: Vec<[u64; STOOD_IN.len()]>,
}

/// Why a fallback answers in place of a policy that has not faulted.
pub(crate) const STOOD_IN: [What; 2] = [What::Breaker, What::Shed];

/// Of [`Measured::seats`]: transactions that were judged.
const ROWS: usize = 0;
/// Of [`Measured::seats`]: fuel that they took.
const FUEL: usize = 1;

impl Measured {
    /// Takes down what the records became.
    pub(crate) fn became(&mut self, records: &[Record<'_>], made: &[Made]) {
        self.records = records.len() as u64;
        for (record, made) in records.iter().zip(made) {
            let became = match made {
                Made::Decision { .. } => 0,
                Made::DeadLetter => 1,
                Made::Nothing => 2,
            };
            count(&mut self.sources, record.source, became, 1);
        }
    }

    /// Takes down a decision of a tenant.
    pub(crate) fn decided(&mut self, tenant: usize, outcome: Outcome, by_canary: bool) {
        count(&mut self.tenants, tenant, outcome as usize, 1);
        if by_canary {
            count(&mut self.canaries, tenant, outcome as usize, 1);
        }
    }

    /// Takes down an id that a tenant used again.
    pub(crate) fn reused(&mut self, tenant: usize) {
        count(&mut self.reused, tenant, 0, 1);
    }

    /// Takes down what the policies of a batch took, and their faults; `first` is
    /// the place of the first of them among all.
    pub(crate) fn policies(&mut self, first: usize, batch: &Batch<'_>) {
        for (at, (seat, run)) in batch.generation.seats.iter().zip(&batch.runs).enumerate() {
            count(&mut self.seats, first + at, ROWS, run.rows() as u64);
            count(&mut self.seats, first + at, FUEL, run.verdicts.fuel);
            for (why, what) in STOOD_IN.into_iter().enumerate() {
                count(&mut self.stood_in, first + at, why, run.out(what) as u64);
            }
            for fault in run.faults(seat) {
                if let Some(kind) = Fault::WORDS.iter().position(|word| *word == fault.word()) {
                    count(&mut self.faults, first + at, kind, 1);
                }
            }
        }
    }
}

/// Adds to a count in a table whose rows are made as they are needed.
fn count<const N: usize>(table: &mut Vec<[u64; N]>, row: usize, column: usize, more: u64) {
    if table.len() <= row {
        table.resize(row + 1, [0; N]);
    }
    table[row][column] += more;
}
