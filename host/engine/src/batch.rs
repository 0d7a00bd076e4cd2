//! The transactions of one tenant in a batch: inputs prepared for all of them,
//! stages judged in order, each row standing on its own.

use crate::cells::{Cell, Sheet};
use crate::circumstance::{Circumstance, Circumstances, What};
use crate::decode::Transaction;
use crate::gate::Gates;
use crate::generation::{Columns, Generation, Seat};
use crate::standing::Standing;
use sandgate_model::{Decimal, Fault, Outcome};
use sandgate_sandbox::{Rows, Verdicts};

/// The rows of one tenant, judged.
pub(crate) struct Batch<'a> {
    pub(crate) generation: &'a Generation,
    pub(crate) standings: Vec<Standing>,
    /// By seat.
    pub(crate) runs: Vec<Run<'a>>,
    pub(crate) gates: Gates,
}

/// What one policy did with the rows.
pub(crate) struct Run<'a> {
    /// For each row of the batch.
    pub(crate) places: Vec<Place>,
    /// The cells of every row that came to this policy, row by row.
    pub(crate) cells: Vec<Cell<'a>>,
    pub(crate) verdicts: Verdicts,
    /// The row of the batch behind each row of the verdicts.
    judged: Vec<u32>,
}

/// Where a row of the batch is found in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A stage before ended it.
    NotRun,
    /// Its cells start here, and one of them is bad.
    Bad { cells: usize },
    /// Its cells start here, and this is its row in the verdicts.
    Judged { cells: usize, row: u32 },
    /// Its cells start here, and the fallback answers in place of the policy, as this
    /// circumstance: the breaker or the quota.
    Out { cells: usize, what: What },
}

/// A fault of one policy about one row, with what stood in.
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    pub(crate) fallback: Outcome,
}

/// Reads the fields of a batch that some policy wants.
pub(crate) fn read_fields<'a>(sheet: &mut Sheet<'a>, transactions: &[Transaction<'a>], columns: &Columns) {
    sheet.fields.reserve_exact(transactions.len() * columns.fields.len());
    for transaction in transactions {
        sheet.fields.extend(columns.fields.iter().map(|(field, kind)| transaction.value(*field, *kind)));
    }
}

impl<'a> Batch<'a> {
    /// Judges all rows of a sheet.
    pub(crate) fn judge(
        generation: &'a Generation,
        source: usize,
        sheet: &'a Sheet<'a>,
        amounts: &[Option<Decimal>],
        gates: Gates,
    ) -> Batch<'a> {
        let mut batch = Batch {
            generation,
            standings: vec![Standing::default(); amounts.len()],
            runs: Vec::with_capacity(generation.seats.len()),
            gates,
        };
        let columns = &generation.columns[source];
        let mut going: Vec<u32> = (0..amounts.len()).map(|row| row as u32).collect();
        for stage in &generation.stages {
            for at in stage.seats.clone() {
                let seat = &generation.seats[at];
                let run = Run::new(seat, at, columns, sheet, &going, &batch);
                run.count(seat, amounts, &mut batch.standings);
                batch.runs.push(run);
            }
            going.retain(|row| !batch.standings[*row as usize].ends(stage.stop_at, &generation.bands));
        }
        batch
    }

    /// Whether a policy gave no verdict about a row.
    pub(crate) fn is_faulted(&self, row: usize) -> bool {
        self.runs.iter().any(|run| match run.places[row] {
            Place::NotRun => false,
            Place::Bad { .. } | Place::Out { .. } => true,
            Place::Judged { row, .. } => run.fault_of(row).is_some(),
        })
    }

    /// The fuel of all its policies.
    pub(crate) fn fuel(&self) -> u64 {
        self.runs.iter().fold(0, |sum, run| sum.saturating_add(run.verdicts.fuel))
    }

    /// What a row owes to the clock or to a failure, in the order of the list.
    pub(crate) fn circumstances<'c>(
        &'c self,
        row: usize,
        of_sheet: &'c Circumstances,
        late: Option<&'c Circumstance>,
    ) -> Vec<&'c Circumstance> {
        let mut all: Vec<&Circumstance> = late.into_iter().chain(of_sheet.of(row)).collect();
        let before = all.len();
        all.extend(self.gates.shed.as_ref().filter(|_| row >= self.gates.admitted));
        for (seat, run) in self.runs.iter().enumerate() {
            if matches!(run.places[row], Place::Out { what: What::Breaker, .. }) {
                all.extend(self.gates.out(seat));
            }
        }
        if all.len() > before {
            all.sort();
        }
        all
    }
}

impl<'a> Run<'a> {
    fn new(
        seat: &Seat,
        at: usize,
        columns: &'a Columns,
        sheet: &'a Sheet<'a>,
        going: &[u32],
        batch: &Batch<'_>,
    ) -> Run<'a> {
        let bindings = &columns.seats[at];
        let (admitted, most) = (batch.gates.admitted, batch.gates.rows(at));
        let mut run = Run {
            places: vec![Place::NotRun; batch.standings.len()],
            cells: Vec::with_capacity(going.len() * bindings.len()),
            verdicts: Verdicts::default(),
            judged: Vec::with_capacity(going.len()),
        };
        let mut judged = Rows::new();
        for &row in going {
            let cells = run.cells.len();
            run.cells.extend(bindings.iter().map(|binding| sheet.cell(row as usize, columns, binding)));
            let of_row = &run.cells[cells..];
            run.places[row as usize] = if of_row.iter().any(|cell| matches!(cell, Cell::Bad(_))) {
                Place::Bad { cells }
            } else if row as usize >= admitted {
                Place::Out { cells, what: What::Shed }
            } else if run.judged.len() as u32 >= most {
                Place::Out { cells, what: What::Breaker }
            } else {
                of_row.iter().zip(bindings).for_each(|(cell, binding)| cell.push(binding.kind, &mut judged));
                judged.end_row();
                run.judged.push(row);
                Place::Judged { cells, row: run.judged.len() as u32 - 1 }
            };
        }
        if !run.judged.is_empty() {
            seat.policy.judge(&judged, &seat.rows, seat.fuel, &mut run.verdicts);
        }
        run
    }

    /// Lets everything that this policy says count.
    fn count(&self, seat: &Seat, amounts: &[Option<Decimal>], standings: &mut [Standing]) {
        for hit in &self.verdicts.hits {
            let reason = &seat.reasons[hit.reason as usize];
            standings[self.judged[hit.row as usize] as usize].hit(reason.effect, reason.is_final, reason.weight);
        }
        for (row, place) in self.places.iter().enumerate() {
            if let Some(outcome) = self.threshold(seat, *place).map(|(outcome, _)| outcome) {
                standings[row].threshold(outcome);
            }
        }
        for (row, place) in self.places.iter().enumerate() {
            if matches!(place, Place::Bad { .. } | Place::Out { .. }) {
                standings[row].fallback(seat.fallback.outcome(amounts[row]), seat.can_block_finally);
            }
        }
        for (row, _) in &self.verdicts.faults {
            let row = self.judged[*row as usize] as usize;
            standings[row].fallback(seat.fallback.outcome(amounts[row]), seat.can_block_finally);
        }
    }

    /// The indices of the reasons that hold for a row, in declared order.
    pub(crate) fn hits(&self, place: Place) -> impl Iterator<Item = usize> {
        let hits = match place {
            Place::Judged { row, .. } => {
                let first = self.verdicts.hits.partition_point(|hit| hit.row < row);
                let behind = self.verdicts.hits[first..].partition_point(|hit| hit.row == row);
                &self.verdicts.hits[first..first + behind]
            }
            _ => &[],
        };
        hits.iter().map(|hit| hit.reason as usize)
    }

    /// The score of a row, unless it has none.
    pub(crate) fn score(&self, place: Place) -> Option<f64> {
        match place {
            Place::Judged { row, .. } if self.fault_of(row).is_none() => {
                self.verdicts.scores.get(row as usize).copied()
            }
            _ => None,
        }
    }

    /// What each input moved the score of a row by; empty if the policy does not say.
    pub(crate) fn contributions(&self, place: Place, inputs: usize) -> &[f64] {
        match place {
            Place::Judged { row, .. } => {
                let first = row as usize * inputs;
                self.verdicts.contributions.get(first..first + inputs).unwrap_or(&[])
            }
            _ => &[],
        }
    }

    /// The strictest threshold that the score of a row passes, and where it lies.
    pub(crate) fn threshold(&self, seat: &Seat, place: Place) -> Option<(Outcome, f64)> {
        let scale = seat.policy.manifest().score.as_ref()?;
        let score = self.score(place)?;
        let passed = |threshold: Option<f64>| threshold.filter(|threshold| scale.reaches(score, *threshold));
        passed(seat.thresholds.block)
            .map(|limit| (Outcome::Block, limit))
            .or_else(|| passed(seat.thresholds.review).map(|limit| (Outcome::Review, limit)))
    }

    /// Why the policy gave no verdict about a row, if so.
    pub(crate) fn failure(&self, seat: &Seat, place: Place, amount: Option<Decimal>) -> Option<Failure> {
        let fault = match place {
            Place::NotRun | Place::Out { .. } => None,
            Place::Bad { cells } => {
                let inputs = &seat.policy.manifest().inputs;
                inputs.iter().zip(&self.cells[cells..]).find_map(|(input, cell)| cell.fault(&input.name))
            }
            Place::Judged { row, .. } => self.fault_of(row).cloned(),
        };
        fault.map(|fault| Failure { fault, fallback: seat.fallback.outcome(amount) })
    }

    /// What the fallback said about a row in place of the policy, if it did.
    pub(crate) fn stood_in(&self, seat: &Seat, place: Place, amount: Option<Decimal>) -> Option<Outcome> {
        match place {
            Place::Out { .. } => Some(seat.fallback.outcome(amount)),
            _ => self.failure(seat, place, amount).map(|failure| failure.fallback),
        }
    }

    /// The fault of a row that was judged, if it is one.
    pub(crate) fn fault(&self, place: Place) -> Option<&Fault> {
        match place {
            Place::Judged { row, .. } => self.fault_of(row),
            _ => None,
        }
    }

    /// How many rows the fallback answered as this circumstance.
    pub(crate) fn out(&self, of: What) -> usize {
        self.places.iter().filter(|place| matches!(place, Place::Out { what, .. } if *what == of)).count()
    }

    /// How many rows were judged.
    pub(crate) fn rows(&self) -> usize {
        self.judged.len()
    }

    /// Why there is no verdict, for each row that has none.
    pub(crate) fn faults(&self, seat: &Seat) -> impl Iterator<Item = Fault> {
        let failed = self.places.iter().filter_map(|place| self.failure(seat, *place, None));
        failed.map(|failure| failure.fault)
    }

    /// The cells of a row; empty if it did not come to this policy.
    pub(crate) fn cells(&self, place: Place, inputs: usize) -> &[Cell<'a>] {
        match place {
            Place::NotRun => &[],
            Place::Bad { cells } | Place::Judged { cells, .. } | Place::Out { cells, .. } => {
                &self.cells[cells..cells + inputs]
            }
        }
    }

    fn fault_of(&self, row: u32) -> Option<&Fault> {
        let faults = &self.verdicts.faults;
        faults.binary_search_by_key(&row, |(row, _)| *row).ok().map(|at| &faults[at].1)
    }
}
