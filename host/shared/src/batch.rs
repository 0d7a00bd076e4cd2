//! A batch of records on its way through the shared series: what each brings to
//! them, and what their windows answered.

use crate::layout::Layout;
use sandgate_window::{Answered, Cell, Derived, Interval, Zones};
use std::ops::Range;
use std::sync::Arc;

/// A record on its way into shared series, beside the values of its stored fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is, by its index in [`Layout`].
    pub tenant: u32,
    /// Where it comes from, by its index in [`Layout`].
    pub source: u32,
    /// Whether its windows are read; otherwise it is only an event.
    pub judged: bool,
    /// Event time in milliseconds since 1970.
    pub time: i64,
    /// Its offset in its source.
    pub offset: u64,
}

/// A batch of records of one lane, in its order.
#[derive(Debug)]
pub struct Batch<'a> {
    pub(crate) layout: Arc<Layout>,
    pub(crate) rows: Vec<Row>,
    pub(crate) derived: Derived<'a>,
    pub(crate) cells: Vec<Cell<'a>>,
    pub(crate) intervals: Vec<Interval>,
    /// One for each interval.
    pub(crate) answers: Vec<Answered>,
    zones: Zones,
}

/// A row of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) entry: Entry,
    pub(crate) touches: Range<usize>,
    pub(crate) cells: Range<usize>,
    pub(crate) windows: Range<usize>,
    /// Whether it is new: a repeat is no event, and reads nothing.
    pub(crate) admitted: bool,
    /// The lane's clock before it, less the lateness.
    pub(crate) horizon: Option<i64>,
}

impl Row {
    pub(crate) fn is_late(&self) -> bool {
        self.horizon.is_some_and(|horizon| self.entry.time < horizon)
    }
}

impl<'a> Batch<'a> {
    /// An empty batch.
    pub fn new(layout: &Arc<Layout>) -> Batch<'a> {
        Batch {
            layout: Arc::clone(layout),
            rows: Vec::new(),
            derived: Derived::default(),
            cells: Vec::new(),
            intervals: Vec::new(),
            answers: Vec::new(),
            zones: Zones::default(),
        }
    }

    /// Adds a record with the values of its tenant's fields and answers its row.
    /// Every record of the lane is added, whether it shares something or not: the
    /// batch says how far the lane has come.
    pub fn push(&mut self, entry: Entry, cells: &[Cell<'a>]) -> usize {
        let (touches, stored, windows) = (self.derived.touches.len(), self.cells.len(), self.intervals.len());
        if let Some(tenant) = self.layout.tenant(entry.tenant) {
            self.cells.extend_from_slice(cells);
            let bad = self.derived.bad.len();
            tenant.plan.derive(entry.source as usize, cells, &mut self.derived);
            if entry.judged {
                tenant.plan.intervals(entry.time, &mut self.zones, &mut self.intervals);
                self.answers.resize(self.intervals.len(), Answered::Absent);
                for bad in self.derived.bad.iter().skip(bad) {
                    if let Some(answer) = self.answers.get_mut(windows + bad.window) {
                        *answer = Answered::Bad(*bad);
                    }
                }
            }
        }
        self.rows.push(Row {
            entry,
            touches: touches..self.derived.touches.len(),
            cells: stored..self.cells.len(),
            windows: windows..self.intervals.len(),
            admitted: false,
            horizon: None,
        });
        self.rows.len() - 1
    }

    /// Says that a row is new in its lane, and what the lane's clock was before it,
    /// less the lateness. A row of which nothing is said is no event and reads nothing.
    pub fn admit(&mut self, row: usize, horizon: Option<i64>) {
        if let Some(row) = self.rows.get_mut(row) {
            (row.admitted, row.horizon) = (true, horizon);
        }
    }

    /// What the windows of a row answer, as its tenant's plan declares them; none
    /// for a row that is not judged or shares nothing.
    pub fn answers(&self, row: usize) -> &[Answered] {
        self.rows.get(row).and_then(|row| self.answers.get(row.windows.clone())).unwrap_or_default()
    }

    /// The windows of a row whose series must be asked, by their index in its tenant's
    /// plan: it has a key for them.
    pub fn asked(&self, row: usize) -> impl Iterator<Item = usize> {
        let row = self.rows.get(row).filter(|row| row.admitted && row.entry.judged);
        let tenant = row.and_then(|row| self.layout.tenant(row.entry.tenant));
        let touches = row.and_then(|row| self.derived.touches.get(row.touches.clone())).unwrap_or_default();
        let families = touches.iter().filter_map(move |touch| tenant?.family(touch.family));
        families.flat_map(|(family, _)| family.readers.iter().map(|reader| reader.declared))
    }

    /// The tenants of rows whose shared series are read or added to.
    pub fn tenants(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().filter(|row| row.admitted && !row.touches.is_empty()).map(|row| row.entry.tenant)
    }
}
