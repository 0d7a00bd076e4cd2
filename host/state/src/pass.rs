//! A batch on its way through the lane: what a worker found out about each
//! record, and what the lane answered.

use crate::entry::{Entry, Settled};
use crate::layout::Layout;
use sandgate_model::Value;
use sandgate_window::{Bad, Cell};
use std::sync::Arc;

/// What the lane makes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new: its windows are read, its events added.
    New,
    /// It is new, but the tenant has reached its bound: its events are refused,
    /// and windows that would need them answer [`Answered::Full`].
    Full,
    /// The same record came before: the first one's answer stands, and nothing is added.
    Repeat(Repeat),
    /// Another record of this id came before; nothing is added.
    Reused {
        /// Where that record was in the same source.
        offset: u64,
    },
}

/// The first record of an id, as a repeat of it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Where the first one was in the same source.
    pub offset: u64,
    pub(crate) table: u32,
    pub(crate) sequence: u64,
}

/// How late a record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// The lane's clock as it stood before the record.
    pub clock: i64,
    /// The oldest time that would not have been late: the clock less the lateness.
    pub horizon: i64,
}

/// What a window answers for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// Nothing: no key, or no event where the aggregate needs one.
    Absent,
    /// A count, a sum in units, how many are distinct, a time in milliseconds, or
    /// the least or greatest of integers, decimals (units) or instants.
    Integer(i128),
    /// A mean or deviation, or the least or greatest of numbers.
    Number(f64),
    /// The newest event's value, of the operand's kind.
    Latest(Value<Arc<str>>),
    /// A field of this row that the window needs cannot be used.
    Bad(Bad),
    /// Events that the window covers were refused by the tenant's bound.
    Full,
}

/// A batch of records, reused from batch to batch.
#[derive(Debug)]
pub struct Pass<'a> {
    layout: Arc<Layout>,
    cells: Vec<Cell<'a>>,
}

impl<'a> Pass<'a> {
    /// An empty batch for lanes of this layout.
    pub fn new(layout: &Arc<Layout>) -> Pass<'a> {
        Pass { layout: layout.clone(), cells: Vec::new() }
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.cells.clear();
    }

    /// The emptied batch for records that live elsewhere; keeps the memory.
    pub fn recycle<'b>(self) -> Pass<'b> {
        Pass::new(&self.layout)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a record with the values of its tenant's stored fields and answers
    /// its row. Everything that needs no other record is done here, on the
    /// worker: keys, conditions, edges. A cell whose value is not of its field's
    /// kind counts as [`Cell::Misread`]; cells that are missing at the end are absent.
    pub fn push(&mut self, entry: Entry, cells: &[Cell<'a>]) -> usize {
        let _ = (entry, cells);
        0
    }

    /// What the lane makes of a row; before [`crate::Lane::pass`] each row is new.
    pub fn fate(&self, row: usize) -> Fate {
        let _ = row;
        Fate::New
    }

    /// How late a row was, if it was.
    pub fn late(&self, row: usize) -> Option<Late> {
        let _ = row;
        None
    }

    /// What a window of the row's tenant answers; `window` counts as its plan's
    /// places do. [`Answered::Absent`] for rows that are not judged or not new.
    pub fn answer(&self, row: usize, window: usize) -> &Answered {
        let _ = (row, window);
        &Answered::Absent
    }

    /// Tenants (their indices) whose bound began to refuse events in this batch.
    pub fn filled(&self) -> &[u32] {
        &[]
    }

    /// Appends the journal's entry of a row, and says whether there is one: a
    /// repeat changes nothing and has none, nor has an observed record with a reused id.
    pub fn record(&self, row: usize, settled: Settled, out: &mut Vec<u8>) -> bool {
        let _ = (row, settled, out);
        false
    }
}
