//! What a policy says about itself: the inputs that it reads, the knobs that a
//! tenant may turn, the reasons that it may give, and its score.
//!
//! A [`Manifest`] can only be had through [`Manifest::read`], so whoever holds
//! one holds a sound one: names are unique, defaults are inside their bounds,
//! every placeholder of a message is declared. `wit/manifest.schema.json` is the
//! same document for other tools.

mod admit;
mod json;
mod message;
mod read;
mod typed;
mod window;

#[cfg(test)]
mod tests;

pub use message::{Message, Piece, Placeholder};
pub use read::ManifestError;

use crate::{Effect, Kind, Value};

/// A checked manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The policy's name: lower-case words joined by hyphens.
    pub name: String,
    /// The policy's own version; the host only shows it.
    pub version: String,
    /// One sentence for people.
    pub summary: String,
    /// What the policy reads, in the order in which values cross the contract.
    pub inputs: Vec<Input>,
    /// What a tenant may set, in the order in which values cross the contract.
    pub parameters: Vec<Parameter>,
    /// What the policy may answer; a hit names a reason by its index here.
    pub reasons: Vec<Reason>,
    /// Of a scoring policy: what its number means.
    pub score: Option<Score>,
}

/// A value that a policy reads for each transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name, unique over inputs and parameters.
    pub name: String,
    /// Its kind, at the policy's own scale.
    pub kind: Kind,
    /// Whether it may be absent. An input that is absent, has no default and is
    /// not optional is a fault.
    pub optional: bool,
    /// What stands in where there is none.
    pub default: Option<Value>,
    /// The least value that the policy can read.
    pub minimum: Option<Value>,
    /// The greatest value that the policy can read.
    pub maximum: Option<Value>,
    /// Where it comes from.
    pub from: Origin,
}

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The field of the transaction with this name.
    Field(String),
    /// A stored attribute of an entity.
    Tag(Tag),
    /// An aggregate over earlier transactions.
    Window(Window),
}

/// A stored attribute of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What is described: `account`, `device`.
    pub entity: String,
    /// The field that holds the entity's id.
    pub by: String,
    /// Which attribute of it.
    pub attribute: String,
}

/// An aggregate over the events of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is computed.
    pub aggregate: Aggregate,
    /// The field that it is computed of; `count`, `first_seen` and `last_seen` have none.
    pub of: Option<String>,
    /// The fields that make the key, at least one.
    pub by: Vec<String>,
    /// Which events are covered, seen from a transaction.
    pub span: Span,
    /// Whether the transaction itself counts.
    pub current: bool,
    /// What an event must fulfil to count.
    pub only: Vec<Condition>,
    /// The sources whose records are events; empty means the judged one.
    pub sources: Vec<String>,
}

/// What a window computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// How many events.
    Count,
    /// The exact sum.
    Sum,
    /// The mean, correctly rounded.
    Mean,
    /// The least value.
    Minimum,
    /// The greatest value.
    Maximum,
    /// The population's standard deviation.
    Deviation,
    /// How many different values.
    Distinct,
    /// When the first event was.
    FirstSeen,
    /// When the last event was.
    LastSeen,
    /// The newest event's value.
    Latest,
}

/// Which events a window covers, seen from a transaction at time t. Lengths are
/// in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// (t − delay − length, t − delay].
    Sliding {
        /// How long the window is.
        length: i64,
        /// How far back it ends.
        delay: i64,
        /// Whether its left edge belongs to it.
        closed: bool,
        /// What the left edge is rounded down to a multiple of.
        resolution: Option<i64>,
    },
    /// The running pane of equal panes.
    Tumbling {
        /// How long a pane is.
        length: i64,
        /// How far the panes are shifted from the epoch.
        offset: i64,
    },
    /// The running unit of a place's calendar.
    Calendar {
        /// Which unit.
        unit: CalendarUnit,
        /// The place: an IANA zone that the bundled database knows.
        zone: String,
    },
    /// Back to the last silence longer than the gap.
    Session {
        /// The longest silence inside a session.
        gap: i64,
        /// The longest session.
        longest: i64,
    },
}

/// A unit of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// An hour; a repeated one is two panes.
    Hour,
    /// A day.
    Day,
    /// A week from Monday.
    Week,
    /// A month.
    Month,
}

/// What an event must fulfil to count.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The field that is looked at.
    pub field: String,
    /// What is asked of it.
    pub test: Test,
}

/// What a condition asks of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is one of these.
    AnyOf(Vec<Value>),
    /// It is none of these.
    NoneOf(Vec<Value>),
    /// It is this or more.
    AtLeast(Value),
    /// It is less than this.
    Below(Value),
    /// It is so to what the tenant sets this parameter to.
    Set(Relation, String),
}

/// How a field is compared with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is the value, or one of the list.
    AnyOf,
    /// It is not the value, or none of the list.
    NoneOf,
    /// It is the value or more.
    AtLeast,
    /// It is less than the value.
    Below,
}

impl Relation {
    /// The test that a setting makes of it; `None` where a list would need an order.
    pub fn with(self, setting: &Setting) -> Option<Test> {
        Some(match (self, setting) {
            (Relation::AnyOf, Setting::One(value)) => Test::AnyOf(vec![value.clone()]),
            (Relation::AnyOf, Setting::List(values)) => Test::AnyOf(values.clone()),
            (Relation::NoneOf, Setting::One(value)) => Test::NoneOf(vec![value.clone()]),
            (Relation::NoneOf, Setting::List(values)) => Test::NoneOf(values.clone()),
            (Relation::AtLeast, Setting::One(value)) => Test::AtLeast(value.clone()),
            (Relation::Below, Setting::One(value)) => Test::Below(value.clone()),
            (Relation::AtLeast | Relation::Below, Setting::List(_)) => return None,
        })
    }
}

/// A knob that a tenant may turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, unique over inputs and parameters.
    pub name: String,
    /// Its kind, or that of each element of a list.
    pub kind: Kind,
    /// Whether it is a list.
    pub list: bool,
    /// What it is where the tenant says nothing; `None`: the tenant must say it.
    pub default: Option<Setting>,
    /// The least value allowed, for each element of a list.
    pub minimum: Option<Value>,
    /// The greatest value allowed, for each element of a list.
    pub maximum: Option<Value>,
    /// The only values allowed; empty: any.
    pub any_of: Vec<Value>,
    /// The most elements of a list.
    pub longest: Option<u32>,
}

/// What a parameter is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A single value.
    One(Value),
    /// The elements of a list.
    List(Vec<Value>),
}

/// An answer that a policy may give.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Its code, unique: `LARGE_AMOUNT`.
    pub code: String,
    /// What it does to the decision.
    pub effect: Effect,
    /// What it adds to the decision's sum of weights.
    pub weight: i64,
    /// Whether a block by it outranks an exemption, and whether it ends the stages.
    pub is_final: bool,
    /// What people are told.
    pub message: Message,
}

/// What a scoring policy's number means.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The lowest score.
    pub minimum: f64,
    /// The highest score.
    pub maximum: f64,
    /// Which end is risky.
    pub risky: Risky,
    /// Whether each score comes with what each input moved it by.
    pub contributions: bool,
    /// One sentence for people.
    pub summary: String,
}

/// The risky end of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Risky {
    /// High scores are risky: a probability of fraud.
    High,
    /// Low scores are risky: a credit score.
    Low,
}

impl Input {
    /// The window that it is, if it is one.
    pub fn window(&self) -> Option<&Window> {
        match &self.from {
            Origin::Window(window) => Some(window),
            Origin::Field(_) | Origin::Tag(_) => None,
        }
    }
}

impl Score {
    /// Whether a score is at a threshold or beyond it, towards the risky end.
    pub fn reaches(&self, score: f64, threshold: f64) -> bool {
        match self.risky {
            Risky::High => score >= threshold,
            Risky::Low => score <= threshold,
        }
    }
}
