//! A tenant's windows, made ready for the records of a lane.
//!
//! Policies declare windows one by one; what they share is found here, once.
//! Windows with the same `by` fields are a *family*: each key of a family is one
//! series, and an event is kept in it once, whoever reads it. Windows that ask the
//! same of an event (`only`, `sources`, a present operand) share a *class*, one bit
//! of the event. Windows that are alike in all are one.
//!
//! For a record the plan says three things: which series it touches and what it
//! brings to each ([`Plan::derive`]), which stretch of time each window covers
//! ([`Plan::intervals`]), and what of that a late transaction still sees
//! ([`Plan::clip`]). All three are functions of the record and the plan alone.

mod build;
mod check;
mod derive;
mod growth;
mod refusal;
mod split;

pub use derive::{Bad, Derived, Touch, Why, Word};
pub use refusal::{Flaw, PlanError};
pub use split::{Part, Split};

use crate::shape::{Interval, Shape};
use crate::span::{Edges, Zones};
use check::Condition;
use sandgate_model::manifest::{Aggregate, Span, Test};
use sandgate_model::{Kind, Value};

/// A field of a record, as far as windows care.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// The record has none, or null.
    Absent,
    /// It cannot be read as the field's kind.
    Misread,
    /// A value of the field's kind.
    Value(Value<&'a str>),
}

/// A window as a policy declares it, with fields and sources as indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The fields that make the key, at least one.
    pub by: Vec<usize>,
    /// What is computed.
    pub aggregate: Aggregate,
    /// The field that it is computed of.
    pub of: Option<usize>,
    /// Which events are covered, seen from a transaction.
    pub span: Span,
    /// Whether the transaction itself counts.
    pub current: bool,
    /// What an event must fulfil: fields, and tests whose values are of the field's kind.
    pub only: Vec<(usize, Test)>,
    /// The sources whose records are events: bit *i* stands for source *i*.
    pub sources: u64,
}

/// All windows of a tenant.
#[derive(Clone, Debug)]
pub struct Plan {
    families: Vec<Family>,
    /// By declared window.
    places: Vec<Place>,
    edges: Vec<Edges>,
}

/// The windows with the same `by` fields: those that read the same series.
#[derive(Clone, Debug)]
pub struct Family {
    by: Vec<usize>,
    /// Of the fields of `by`.
    kinds: Vec<Kind>,
    shape: Shape,
    operands: Vec<Operand>,
    conditions: Vec<Condition>,
    /// By source: the classes that its records may belong to.
    of_source: Vec<u64>,
    /// By class: the declared windows that count its events.
    readers: Vec<Vec<usize>>,
    /// Whether events of before it was asked for are to be brought to it, as far as they are kept.
    backfilled: bool,
}

/// Where the answer of a declared window is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The index of its family in [`Plan::families`].
    pub family: usize,
    /// The index of the window in the family's shape.
    pub window: usize,
    /// Whether the transaction itself counts, if its event is of the window's class:
    /// it was declared so, and the window ends where the transaction is.
    pub own: bool,
}

/// A field that windows of a family are computed of: one word of each event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operand {
    field: usize,
    kind: Kind,
    /// The classes that need it.
    classes: u64,
}

impl Plan {
    /// The families of these windows, in the order in which they were declared first.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Where each declared window is answered.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// How much older than the horizon (the lane's clock without its lateness) an
    /// event may be, in milliseconds, and still be seen by any window.
    pub fn reach(&self) -> i64 {
        self.families.iter().map(Family::reach).max().unwrap_or(0)
    }

    /// Appends the interval of each declared window, seen from a transaction at this time.
    pub fn intervals(&self, time: i64, zones: &mut Zones, out: &mut Vec<Interval>) {
        out.extend(self.edges.iter().map(|edges| edges.interval(time, zones)));
    }

    /// What is left of the interval of this declared window for a transaction that
    /// is `late`: older than the horizon, which is the lane's clock as it stood
    /// before the transaction, without the lane's lateness. Nothing else is ever clipped.
    pub fn clip(&self, window: usize, interval: Interval, horizon: Option<i64>, late: bool) -> Interval {
        match (self.edges.get(window), horizon) {
            (Some(edges), Some(horizon)) if late => edges.clip(interval, horizon),
            _ => interval,
        }
    }
}

impl Family {
    /// The fields that make the key of its series, in the order of the fields.
    pub fn by(&self) -> &[usize] {
        &self.by
    }

    /// The kinds of those fields, with which [`crate::key::decode`] reads a key again.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The fields whose values its events hold, word by word.
    pub fn operands(&self) -> impl Iterator<Item = usize> {
        self.operands.iter().map(|operand| operand.field)
    }

    /// The fields that decide what a record is for its windows, beside those of the
    /// key: a record with the same values here is the same event.
    pub fn needs(&self) -> impl Iterator<Item = usize> {
        self.operands().chain(self.conditions.iter().map(|condition| condition.field))
    }

    /// Whether records of this source may be events of it.
    pub fn is_fed_by(&self, source: usize) -> bool {
        self.of_source.get(source).is_some_and(|classes| *classes != 0)
    }

    /// Whether events of before it was asked for are to be brought to it, as far as they
    /// are kept with the fields that it takes.
    pub fn is_backfilled(&self) -> bool {
        self.backfilled
    }

    /// How many stored fields a record must have been kept with to be an event of it.
    pub fn fields(&self) -> usize {
        self.by.iter().copied().chain(self.needs()).map(|field| field + 1).max().unwrap_or(0)
    }

    /// What its series keep and compute.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How much older than the horizon an event of it may be, in milliseconds,
    /// and still be seen.
    pub fn reach(&self) -> i64 {
        self.shape.reach()
    }
}
