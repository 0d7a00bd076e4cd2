//! A batch on its way through the lane: what a worker found out about each
//! record, and what the lane answered.

mod fate;
mod records;

pub use fate::{Fate, Late, Repeat, Warming};
pub(crate) use records::{Mark, Records, Row, Touched};

use crate::entry::{self, Entry, Fill, Growth, Journaled, Settled, Standing};
use crate::layout::{Families, Layout};
use sandgate_model::Kind;
pub use sandgate_window::Answered;
use sandgate_window::{Cell, Derived, Interval, Zones};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A batch of records, reused from batch to batch: it allocates nothing once its
/// buffers have grown.
#[derive(Debug)]
pub struct Pass<'a> {
    pub(crate) layout: Arc<Layout>,
    pub(crate) families: Families,
    /// By tenant: the kinds of its stored fields.
    kinds: Vec<Vec<Kind>>,
    pub(crate) records: Records<'a>,
    cells: Vec<Cell<'a>>,
    pub(crate) intervals: Vec<Interval>,
    /// One for each interval.
    pub(crate) answers: Vec<Answered>,
    /// By shard: the touches that it is asked for, in the order of the rows.
    pub(crate) shares: Vec<Vec<usize>>,
    pub(crate) filled: Vec<u32>,
    pub(crate) grown: Grown,
    /// The windows that reach behind the beginning of their series, row by row.
    pub(crate) warming: Vec<Warm>,
    zones: Zones,
}

/// What the lane keeps more of since a batch.
#[derive(Debug, Default)]
pub(crate) struct Grown {
    /// What the batch brings that the lane has not kept so far.
    pub(crate) families: Vec<Growth>,
    /// The families that are answered with what a restore has found for them.
    pub(crate) fills: Vec<Fill>,
    /// The first row that it is kept for.
    pub(crate) row: Option<usize>,
}

/// A window of a row that reaches behind the beginning of its series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Warm {
    pub(crate) row: usize,
    pub(crate) window: usize,
    pub(crate) warming: Warming,
}

impl<'a> Pass<'a> {
    /// An empty batch for lanes of this layout.
    pub fn new(layout: &Arc<Layout>) -> Pass<'a> {
        Pass {
            families: Families::new(layout),
            kinds: layout.kinds(),
            layout: layout.clone(),
            records: Records::default(),
            cells: Vec::new(),
            intervals: Vec::new(),
            answers: Vec::new(),
            shares: Vec::new(),
            filled: Vec::new(),
            grown: Grown::default(),
            warming: Vec::new(),
            zones: Zones::default(),
        }
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.records.rows.clear();
        self.records.derived.clear();
        self.records.marks.clear();
        self.cells.clear();
        self.intervals.clear();
        self.answers.clear();
        self.filled.clear();
        self.grown.families.clear();
        self.grown.fills.clear();
        self.grown.row = None;
        self.warming.clear();
    }

    /// The layout that its records are read by.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Forgets all rows, keeps the memory, and reads records by this layout from now on.
    pub fn lay_out(&mut self, layout: &Arc<Layout>) {
        self.clear();
        if !Arc::ptr_eq(&self.layout, layout) {
            (self.families, self.kinds, self.layout) = (Families::new(layout), layout.kinds(), layout.clone());
        }
    }

    /// Reads the same records by a layout that has grown out of its own: the lane
    /// keeps more by now than its batch knew.
    #[cold]
    pub(crate) fn widen(&mut self, layout: &Arc<Layout>) {
        let (records, cells) = (std::mem::take(&mut self.records), std::mem::take(&mut self.cells));
        self.lay_out(layout);
        for row in &records.rows {
            self.push(row.entry, cells.get(row.cells.clone()).unwrap_or_default());
        }
    }

    /// The emptied batch for records that live elsewhere; keeps the memory.
    pub fn recycle<'b>(mut self) -> Pass<'b> {
        self.clear();
        let Records { rows, derived, marks } = self.records;
        Pass {
            records: Records { rows, derived: derived.recycled(), marks },
            // nothing is left to convert: collecting a vector's own iterator keeps its room
            cells: self.cells.into_iter().map(|_| Cell::Absent).collect(),
            layout: self.layout,
            families: self.families,
            kinds: self.kinds,
            intervals: self.intervals,
            answers: self.answers,
            shares: self.shares,
            filled: self.filled,
            grown: self.grown,
            warming: self.warming,
            zones: self.zones,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.records.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.rows.is_empty()
    }

    /// Adds a record with the values of its tenant's stored fields and answers
    /// its row. Everything that needs no other record is done here, on the
    /// worker: keys, conditions, edges. A cell whose value is not of its field's
    /// kind counts as [`Cell::Misread`]; cells that are missing at the end are absent.
    pub fn push(&mut self, entry: Entry, cells: &[Cell<'a>]) -> usize {
        let Records { rows, derived, marks } = &mut self.records;
        let row = rows.len();
        let (touches, stored, windows) = (marks.len(), self.cells.len(), self.intervals.len());
        self.cells.extend_from_slice(cells);
        if let Some(tenant) = self.layout.tenants.get(entry.tenant as usize) {
            let bad = derived.bad.len();
            tenant.plan.derive(entry.source as usize, cells, derived);
            if entry.judged {
                tenant.plan.intervals(entry.time, &mut self.zones, &mut self.intervals);
                self.answers.resize(self.intervals.len(), Answered::Absent);
                for bad in derived.bad.iter().skip(bad) {
                    if let Some(answer) = self.answers.get_mut(windows + bad.window) {
                        *answer = Answered::Bad(*bad);
                    }
                }
            }
            let Derived { touches: derived, keys, .. } = &*derived;
            marks.extend(derived.iter().skip(touches).map(|touch| {
                let family = Families::number(entry.tenant, touch.family);
                let key = keys.get(touch.key.start as usize..touch.key.end as usize).unwrap_or_default();
                Mark { row, family, hash: hash(family, key), added: false }
            }));
        }
        rows.push(Row {
            entry,
            touches: touches..marks.len(),
            cells: stored..self.cells.len(),
            windows: windows..self.intervals.len(),
            clock: None,
            horizon: None,
            warming: None,
            fate: Fate::New,
        });
        row
    }

    /// Gives each shard its share of the touches.
    pub(crate) fn share(&mut self, shards: usize) {
        self.shares.resize_with(shards, Vec::new);
        self.shares.iter_mut().for_each(Vec::clear);
        for (touch, mark) in self.records.marks.iter().enumerate() {
            if let Some(share) = self.shares.get_mut(shard_of(mark.hash, shards)) {
                share.push(touch);
            }
        }
    }

    /// What the lane makes of a row; before [`crate::Lane::pass`] each row is new.
    pub fn fate(&self, row: usize) -> Fate {
        self.records.rows.get(row).map_or(Fate::New, |row| row.fate)
    }

    /// How late a row was, if it was.
    pub fn late(&self, row: usize) -> Option<Late> {
        let row = self.records.rows.get(row).filter(|row| row.is_late())?;
        Some(Late { clock: row.clock?, horizon: row.horizon? })
    }

    /// The lane's clock before a row, less the lateness.
    pub fn horizon(&self, row: usize) -> Option<i64> {
        self.records.rows.get(row)?.horizon
    }

    /// Whether any window of the row reaches behind the beginning of what it is
    /// answered from; of several the latest beginning.
    pub fn warming(&self, row: usize) -> Option<Warming> {
        self.records.rows.get(row)?.warming
    }

    /// Whether this window of the row does; `window` counts as its plan's places do.
    pub fn warming_of(&self, row: usize, window: usize) -> Option<Warming> {
        self.warming(row)?;
        let found = self.warming.binary_search_by_key(&(row, window), |warm| (warm.row, warm.window));
        found.ok().and_then(|at| self.warming.get(at)).map(|warm| warm.warming)
    }

    /// What a window of the row's tenant answers; `window` counts as its plan's
    /// places do. [`Answered::Absent`] for rows that are not judged or not new.
    pub fn answer(&self, row: usize, window: usize) -> &Answered {
        self.answers(row).get(window).unwrap_or(&Answered::Absent)
    }

    /// What all windows of the row's tenant answer; none for a row that is not judged.
    pub fn answers(&self, row: usize) -> &[Answered] {
        self.records.rows.get(row).and_then(|row| self.answers.get(row.windows.clone())).unwrap_or_default()
    }

    /// Tenants (their indices) whose bound began to refuse events in this batch.
    pub fn filled(&self) -> &[u32] {
        &self.filled
    }

    /// Appends the journal's entry of a row, and says whether there is one: a
    /// repeat changes nothing and has none, nor has an observed record with a reused id.
    /// To be called once for each row, in their order: where the lane keeps more than
    /// before since a row of this batch, that comes before its entry.
    pub fn record(&self, row: usize, settled: Settled, out: &mut Vec<u8>) -> bool {
        if self.grown.row == Some(row) {
            self.grown.families.iter().for_each(|growth| entry::encode_growth(*growth, out));
            self.grown.fills.iter().for_each(|fill| entry::encode_fill(*fill, out));
        }
        let Some(row) = self.records.rows.get(row) else { return false };
        let standing = match row.fate {
            Fate::New => Standing::Kept,
            Fate::Full => Standing::Refused,
            Fate::Reused { .. } if row.entry.judged => Standing::Reused,
            Fate::Reused { .. } | Fate::Repeat(_) => return false,
        };
        let fields = self.kinds.get(row.entry.tenant as usize).map_or(&[][..], Vec::as_slice);
        let cells = self.cells.get(row.cells.clone()).unwrap_or_default();
        // nothing but the clock is moved by a reused id
        let (fields, cells) = if standing == Standing::Reused { (fields, &[][..]) } else { (fields, cells) };
        let journaled = Journaled { entry: row.entry, clock: row.clock, standing, settled };
        entry::encode(&journaled, fields, cells, out);
        true
    }
}

/// The hash of a series' name. It is the same everywhere, and never reaches an answer.
pub(crate) fn hash(family: u64, key: &[u8]) -> u64 {
    xxh3_64_with_seed(key, family)
}

/// The shard of a hash, by bits that a shard's own table looks at least.
pub(crate) fn shard_of(hash: u64, shards: usize) -> usize {
    let bits = u128::from(hash >> 20 & 0xffff_ffff);
    // less than `shards`, because the bits are less than 2^32
    ((bits * shards as u128) >> 32) as usize
}
