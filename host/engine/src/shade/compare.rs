//! What a shadow makes of transactions that the active set has judged, and where the
//! two differ. Tags are looked up again: one that has changed since is a difference.

use super::copied::{Copied, Decided};
use crate::Engine;
use crate::batch::{self, Batch};
use crate::cells::{Seen, Sheet};
use crate::decode::Transaction;
use crate::fetch::fetch_tags;
use crate::gate::Gates;
use crate::generation::Generation;
use sandgate_model::Decimal;
use sandgate_model::comparison::{Comparison, Example, Money};
use std::time::Duration;

/// Lets each shadow judge, and adds what it made of it to its counts.
pub(super) fn compare(engine: &Engine, copied: &Copied, clock: &dyn Fn() -> Duration) {
    let mut transactions = engine.sources[copied.source].decoder.batch(copied.rows.len());
    // each was decoded before, so each is there again
    if !copied.records().all(|record| transactions.push(record).is_ok()) {
        return;
    }
    let transactions: Vec<Transaction<'_>> = transactions.iter().collect();
    let amounts: Vec<Option<Decimal>> = transactions.iter().map(Transaction::amount).collect();
    for shadow in &*copied.shadows {
        let generation = &*shadow.generation;
        let sheet = sheet(engine, copied, generation, &transactions);
        let began = clock();
        let batch = Batch::judge(generation, copied.source, &sheet, &amounts, Gates::default());
        let took = clock().saturating_sub(began);
        let mut comparison = Comparison::default();
        let rows = copied.rows.len() as u64;
        comparison.active.took(rows, copied.fuel, nanos(copied.time));
        comparison.candidate.took(rows, batch.fuel(), nanos(took));
        for (row, (decided, transaction)) in copied.rows.iter().zip(&transactions).enumerate() {
            one(copied, decided, (&batch, row), transaction, &mut comparison);
        }
        shadow.counts.add(&comparison);
        if let Some(meters) = &engine.roster().meters {
            meters.compared(generation, &comparison);
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The inputs of a shadow: fields and tags read anew, windows as they were.
fn sheet<'a>(engine: &Engine, copied: &Copied, generation: &Generation, transactions: &[Transaction<'a>]) -> Sheet<'a> {
    let columns = &generation.columns[copied.source];
    let mut sheet = Sheet { windows_each: copied.windows_each, ..Sheet::default() };
    sheet.windows = vec![Seen::Absent; copied.windows_each * transactions.len()];
    if !copied.windows.is_empty() {
        for (row, answers) in copied.answers.chunks_exact(copied.windows.len()).enumerate() {
            for (window, answer) in copied.windows.iter().zip(answers) {
                sheet.windows[row * copied.windows_each + window] = answer.clone();
            }
        }
    }
    batch::read_fields(&mut sheet, transactions, columns);
    fetch_tags(&mut sheet, transactions.len(), columns, engine.tags.as_deref(), generation.missing_tag);
    sheet
}

/// Compares what was made of one transaction.
fn one(
    copied: &Copied,
    decided: &Decided,
    (batch, row): (&Batch<'_>, usize),
    transaction: &Transaction<'_>,
    comparison: &mut Comparison,
) {
    let (from, amount) = (decided.outcome, transaction.amount());
    let to = batch.standings[row].outcome(&batch.generation.bands);
    comparison.active.decided(from, amount, decided.is_faulted);
    comparison.candidate.decided(to, amount, batch.is_faulted(row));
    comparison.outcomes[from as usize][to as usize].count(amount);
    let seats = || batch.generation.seats.iter().zip(&batch.runs);
    for (seat, run) in seats() {
        let before = decided.scores.iter().find(|(at, _)| *copied.seats[usize::from(*at)] == *seat.name);
        if let (Some((_, before)), Some(score)) = (before, run.score(run.places[row])) {
            comparison.drift.take(*before, score);
        }
    }
    if from == to {
        return;
    }
    let name = |policy: &str, code: &str| format!("{policy}/{code}");
    let active: Vec<String> = decided
        .hits
        .iter()
        .map(|(seat, reason)| {
            name(&copied.seats[usize::from(*seat)], &copied.codes[usize::from(*seat)][usize::from(*reason)])
        })
        .collect();
    let candidate: Vec<String> = seats()
        .flat_map(|(seat, run)| run.hits(run.places[row]).map(|at| name(&seat.name, &seat.reasons[at].code)))
        .collect();
    let only_candidate = candidate.iter().filter(|name| !active.contains(name));
    only_candidate.for_each(|name| comparison.reason(name.clone(), false, amount));
    let only_active = active.iter().filter(|name| !candidate.contains(name));
    only_active.for_each(|name| comparison.reason(name.clone(), true, amount));
    comparison.example(Example {
        at: transaction.time().millis(),
        transaction: transaction.id().to_owned(),
        account: transaction.account().to_owned(),
        amount: amount.map(Money::from),
        from,
        to,
        active,
        candidate,
    });
}
