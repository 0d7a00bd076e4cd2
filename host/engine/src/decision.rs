//! The decision as it leaves the host: one JSON object on a line, keys in a
//! fixed order, so that two equal decisions are equal bytes.

mod because;

use crate::batch::{Batch, Place, Run};
use crate::cells::Cell;
use crate::circumstance::{self, Circumstance};
use crate::decode::Transaction;
use crate::generation::Seat;
use crate::json::{self, List};
use crate::tally::Tally;
use sandgate_model::manifest::{Placeholder, Setting};
use sandgate_model::{Decimal, Outcome, Value};

/// What a decision says about where its record came from.
pub(crate) struct Origin<'a> {
    /// The name of the source.
    pub(crate) source: &'a str,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

/// One row of a judged batch, about to be written.
pub(crate) struct Row<'a, 'b> {
    pub(crate) batch: &'b Batch<'a>,
    pub(crate) row: usize,
    pub(crate) transaction: &'b Transaction<'a>,
    pub(crate) amount: Option<Decimal>,
    /// What it owes to the clock or to a failure.
    pub(crate) circumstances: Vec<&'b Circumstance>,
}

impl<'a> Row<'a, '_> {
    /// Appends the decision as one line and says what the outcome was.
    pub(crate) fn write(&self, origin: &Origin<'_>, out: &mut Vec<u8>) -> Outcome {
        let generation = self.batch.generation;
        let fixed = &generation.fixed;
        let standing = &self.batch.standings[self.row];
        let outcome = standing.outcome(&generation.bands);
        out.extend_from_slice(b"{\"transaction\":");
        json::string(out, self.transaction.id());
        out.extend_from_slice(&fixed.tenant);
        json::string(out, self.transaction.account());
        out.extend_from_slice(b",\"outcome\":\"");
        out.extend_from_slice(outcome.word().as_bytes());
        out.extend_from_slice(b"\",\"because\":[");
        self.because(outcome, out);
        out.extend_from_slice(b"],\"reasons\":[");
        self.reasons(out);
        out.extend_from_slice(b"],\"weight\":");
        json::integer(out, standing.weight());
        out.extend_from_slice(b",\"scores\":[");
        self.scores(out);
        out.extend_from_slice(b"],\"policies\":[");
        self.policies(out);
        out.extend_from_slice(b"],\"faults\":[");
        self.faults(out);
        out.extend_from_slice(b"],\"circumstances\":[");
        circumstance::write(self.circumstances.iter().copied(), out);
        out.extend_from_slice(b"],\"repeat_of\":null");
        out.extend_from_slice(&fixed.generation);
        out.push(b',');
        position(origin, out);
        out.extend_from_slice(b",\"time\":");
        json::value(out, Value::Instant(self.transaction.time()));
        out.extend_from_slice(b"}\n");
        outcome
    }

    /// Every seat with its run and the place of this row in it.
    fn seats(&self) -> impl Iterator<Item = (usize, &Seat, &Run<'a>, Place)> {
        let seats = self.batch.generation.seats.iter().zip(&self.batch.runs);
        seats.enumerate().map(|(at, (seat, run))| (at, seat, run, run.places[self.row]))
    }

    fn reasons(&self, out: &mut Vec<u8>) {
        let mut list = List::new();
        let mut message = Vec::new();
        for (at, seat, run, place) in self.seats() {
            for reason in run.hits(place) {
                list.next(out);
                out.extend_from_slice(&self.batch.generation.fixed.seats[at].reasons[reason]);
                let manifest = seat.policy.manifest();
                let cells = run.cells(place, manifest.inputs.len());
                message.clear();
                manifest.reasons[reason].message.write(|placeholder| shown(placeholder, cells, seat), &mut message);
                json::escaped(out, &message);
                out.extend_from_slice(b"\"}");
            }
        }
    }

    fn scores(&self, out: &mut Vec<u8>) {
        let mut list = List::new();
        for (at, seat, run, place) in self.seats() {
            let Some(score) = run.score(place) else { continue };
            list.next(out);
            let fixed = &self.batch.generation.fixed.seats[at];
            out.extend_from_slice(b"{\"policy\":");
            out.extend_from_slice(&fixed.name);
            out.extend_from_slice(b",\"value\":");
            json::number(out, score);
            out.extend_from_slice(b",\"contributions\":{");
            let mut members = List::new();
            let contributions = run.contributions(place, seat.policy.manifest().inputs.len());
            for (name, contribution) in fixed.inputs.iter().zip(contributions) {
                members.next(out);
                out.extend_from_slice(name);
                json::number(out, *contribution);
            }
            out.extend_from_slice(b"}}");
        }
    }

    fn policies(&self, out: &mut Vec<u8>) {
        let mut list = List::new();
        for (at, seat, run, place) in self.seats() {
            let fixed = &self.batch.generation.fixed.seats[at];
            list.next(out);
            if place == Place::NotRun {
                out.extend_from_slice(&fixed.not_run);
                continue;
            }
            // what the policy would have read is told all the same
            out.extend_from_slice(if matches!(place, Place::Out { .. }) { &fixed.out } else { &fixed.ran });
            let cells = run.cells(place, seat.policy.manifest().inputs.len());
            let mut members = List::new();
            for (name, cell) in fixed.inputs.iter().zip(cells) {
                members.next(out);
                out.extend_from_slice(name);
                input(*cell, out);
            }
            out.extend_from_slice(b"},\"defaulted\":[");
            let mut names = List::new();
            for (input, cell) in seat.policy.manifest().inputs.iter().zip(cells) {
                if matches!(cell, Cell::Defaulted(_)) {
                    names.next(out);
                    json::string(out, &input.name);
                }
            }
            out.extend_from_slice(b"]}");
        }
    }

    fn faults(&self, out: &mut Vec<u8>) {
        let mut list = List::new();
        for (at, seat, run, place) in self.seats() {
            let Some(failure) = run.failure(seat, place, self.amount) else { continue };
            list.next(out);
            out.extend_from_slice(b"{\"policy\":");
            out.extend_from_slice(&self.batch.generation.fixed.seats[at].name);
            out.extend_from_slice(b",\"fault\":");
            json::string(out, failure.fault.word());
            out.extend_from_slice(b",\"detail\":");
            json::string(out, &failure.fault.to_string());
            out.extend_from_slice(b",\"fallback\":");
            json::string(out, failure.fallback.word());
            out.push(b'}');
        }
    }

    /// Counts what the decision says; `reasons` is where this generation's begin.
    pub(crate) fn count(&self, outcome: Outcome, reasons: usize, tally: &mut Tally) {
        tally.decision(outcome, self.amount);
        // several policies may be out, and it is one decision
        let mut of_each = self.circumstances.iter().map(|circumstance| circumstance.what).collect::<Vec<_>>();
        of_each.dedup();
        of_each.into_iter().for_each(|what| tally.circumstance(what));
        let mut first = reasons;
        for (_, seat, run, place) in self.seats() {
            run.hits(place).for_each(|reason| tally.reason(first + reason));
            if let Some(failure) = run.failure(seat, place, self.amount) {
                tally.fault(&failure.fault);
            }
            first += seat.reasons.len();
        }
    }
}

fn input(cell: Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Absent => out.extend_from_slice(b"null"),
        Cell::Found(value) | Cell::Defaulted(value) => json::value(out, value),
        Cell::Bad(bad) => {
            out.extend_from_slice(b"{\"fault\":");
            json::string(out, &bad.to_string());
            out.push(b'}');
        }
    }
}

/// The value that a message shows.
fn shown<'v>(placeholder: Placeholder, cells: &[Cell<'v>], seat: &'v Seat) -> Option<Value<&'v str>> {
    match placeholder {
        Placeholder::Input(input) => cells.get(input).copied().and_then(Cell::value),
        Placeholder::Parameter(parameter) => match seat.settings.get(parameter) {
            Some(Setting::One(value)) => Some(value.borrowed()),
            _ => None,
        },
    }
}

/// Appends the position of a record.
pub(crate) fn position(origin: &Origin<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"position\":{\"source\":");
    json::string(out, origin.source);
    out.extend_from_slice(b",\"partition\":");
    json::integer(out, i64::from(origin.partition));
    out.extend_from_slice(b",\"offset\":");
    out.extend_from_slice(itoa::Buffer::new().format(origin.offset).as_bytes());
    out.push(b'}');
}
