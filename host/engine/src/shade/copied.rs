//! A copy of what the active set of a tenant has judged together: the records, what the
//! windows answered that shadows read, and what was decided.

use super::{Shade, Taken};
use crate::batch::Batch;
use crate::cells::{Seen, Sheet};
use crate::generation::Generation;
use crate::team::Shadow;
use sandgate_model::Outcome;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A copy of a group of transactions.
#[derive(Debug)]
pub(crate) struct Copied {
    taken: Taken,
    pub(super) source: usize,
    pub(super) shadows: Arc<[Shadow]>,
    /// The policies of the active set by name, in their order.
    pub(super) seats: Vec<Arc<str>>,
    /// The reasons of each.
    pub(super) codes: Vec<Vec<Arc<str>>>,
    /// The records end to end.
    bytes: Vec<u8>,
    /// Where each ends, and what was decided about it.
    pub(super) rows: Vec<Decided>,
    /// The windows that are copied, of so many.
    pub(super) windows: Vec<usize>,
    pub(super) windows_each: usize,
    /// Of each row, what they answered.
    pub(super) answers: Vec<Seen>,
    /// What the active set took for all of them.
    pub(super) fuel: u64,
    pub(super) time: Duration,
}

/// What the active set decided.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    end: usize,
    pub(super) outcome: Outcome,
    pub(super) is_faulted: bool,
    /// By policy and reason.
    pub(super) hits: Vec<(u16, u16)>,
    /// By policy.
    pub(super) scores: Vec<(u16, f64)>,
}

/// The windows that some shadow reads.
fn read(shadows: &[Shadow]) -> BTreeSet<usize> {
    shadows.iter().flat_map(|shadow| shadow.generation.windows.read.iter().copied()).collect()
}

impl Copied {
    /// Takes room for a copy of so many transactions whose records have so many bytes.
    pub(crate) fn room(
        shade: &Arc<Shade>,
        (tenant, shadows): (usize, &[Shadow]),
        (events, bytes): (u64, usize),
    ) -> Option<Taken> {
        let each = size_of::<Decided>() + 64 + read(shadows).len() * size_of::<Seen>();
        shade.take(tenant, events, bytes as u64 + events * each as u64)
    }

    pub(crate) fn new(
        taken: Taken,
        (source, shadows): (usize, Arc<[Shadow]>),
        batch: &Batch<'_>,
        time: Duration,
    ) -> Copied {
        let Generation { seats, windows, .. } = batch.generation;
        Copied {
            taken,
            source,
            windows: read(&shadows).into_iter().collect(),
            shadows,
            seats: seats.iter().map(|seat| seat.name.as_str().into()).collect(),
            codes: seats
                .iter()
                .map(|seat| seat.reasons.iter().map(|reason| reason.code.as_str().into()).collect())
                .collect(),
            bytes: Vec::new(),
            rows: Vec::new(),
            windows_each: windows.base.kinds.len(),
            answers: Vec::new(),
            fuel: batch.fuel(),
            time,
        }
    }

    /// Appends a record with what became of it: the next row of the group.
    pub(crate) fn push(&mut self, record: &[u8], row: usize, sheet: &Sheet<'_>, batch: &Batch<'_>) {
        self.bytes.extend_from_slice(record);
        let first = row * sheet.windows_each;
        self.answers.extend(self.windows.iter().map(|window| sheet.windows[first + window].clone()));
        let runs = || (0u16..).zip(&batch.runs);
        let hits = |(at, run): (u16, &crate::batch::Run<'_>)| {
            run.hits(run.places[row]).map(move |reason| (at, reason as u16)).collect::<Vec<_>>()
        };
        self.rows.push(Decided {
            end: self.bytes.len(),
            outcome: batch.standings[row].outcome(&batch.generation.bands),
            is_faulted: batch.is_faulted(row),
            hits: runs().flat_map(hits).collect(),
            scores: runs().filter_map(|(at, run)| Some((at, run.score(run.places[row])?))).collect(),
        });
    }

    /// Whose transactions they are.
    pub(super) fn tenant(&self) -> usize {
        self.taken.tenant
    }

    /// The records, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &[u8]> {
        let mut begin = 0;
        self.rows.iter().map(move |row| {
            let record = &self.bytes[begin..row.end];
            begin = row.end;
            record
        })
    }
}
