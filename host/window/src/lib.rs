//! Exact windows over event time: how many, how much, since when, as seen from a
//! transaction, to the millisecond and to the last unit.
//!
//! Systems of this field round a window to buckets, because then one counter for each
//! will do. Over a public set of 1.75 million card payments that gets the count of a
//! day wrong for one row in 860 with buckets of a minute, and for one in 15 with
//! hours, and mostly where there is a burst. A rule that blocks at "more than three in
//! a minute" has to be right at its edge. So events are kept here, and what answers
//! quickly is built over them.
//!
//! ```text
//!  declared windows ──► Plan ──► families, each with a Shape
//!  a record ──► derive ────► touches: key, classes, operands ──► Series::insert
//!           └─► intervals ─► clip, if late ────────────────────► Series::read ──► Answer
//!  its time ──► Clock ─────► horizon ──────────────────────────► Series::settle
//! ```
//!
//! **What it promises.** An answer is a function of the records that came before in
//! the lane, in their order, and of nothing else: not of the machine, of how often
//! state was dropped, of what other windows there are, or of how a running value came
//! about.
//! * A window covers `(after, upto]` and is exact at both edges, unless it was declared
//!   with a resolution; then it is exact by that definition.
//! * Later event times than the transaction's are ignored; of equal times those count
//!   that arrived before.
//! * Sums have 128 bits and sums of squares 256, so they do not overflow; means and
//!   deviations are rounded once, correctly. A sum takes no floats.
//! * A late transaction sees what its windows can reach from the lane's horizon, and
//!   nothing else, whatever happens to be still in memory.
//!
//! **What it costs**, for n events of a key, however many of them a window covers:
//!
//! | work | cost |
//! |---|---|
//! | [`Plan::derive`], two keys with three windows each | some 50 ns, without allocation |
//! | [`Plan::intervals`] | some 3 ns a window, and 0.2 µs where a calendar's pane changes |
//! | [`Clock::push`] | 5 ns in order, 30 ns in some disorder |
//! | [`Series::insert`] | O(1) amortised in order, else O(log n) |
//! | [`Series::read`] of any aggregate but `distinct`, over any span | O(log n) |
//! | [`Series::read`] of `distinct` | O(1) amortised for an event that enters or leaves; late by k events O(k) |
//! | [`Series::settle`] | O(1) amortised for an event that goes |
//!
//! A series of up to 64 events is simply scanned. `cargo bench -p sandgate-window` prints
//! what all that is in nanoseconds and bytes.
//!
//! **What it does not do.** There is no clock in here but that of the records; no I/O, no
//! thread, no randomness. It does not know tenants, positions or policies: a caller has
//! a plan for each tenant and a series for each key, and decides when an event is
//! durable. Texts are numbers to a series, which the caller gives them. Nothing is
//! approximated.

pub mod exact;
pub mod key;

mod answered;
mod clock;
mod plan;
mod reader;
mod series;
mod shape;
mod span;

pub use answered::{Answered, value};
pub use clock::{Clock, ClockError};
pub use plan::{Bad, Cell, Declared, Derived, Family, Flaw, Part, Place, Plan, PlanError, Split, Touch, Why, Word};
pub use reader::{Reader, View, read};
pub use series::Series;
pub use shape::{Answer, Event, Interval, NO_TEXT, Resolution, Shape, Window};
pub use span::Zones;
