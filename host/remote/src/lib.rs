//! What stands around each call of a remote part: a [`Deadline`], a [`Backoff`]
//! with jitter where asking again is safe, and a circuit [`Breaker`].
//!
//! Only arithmetic over times that the caller passes in, so that each rule is
//! tested to the nanosecond. Absent on purpose: clocks, chance, threads, sleeping
//! and logging. Who calls waits, and tells a change of state once.

pub mod backoff;
pub mod breaker;
pub mod deadline;

pub use backoff::{Backoff, Tries};
pub use breaker::{Breaker, Change, Permit, Refused, State};
pub use deadline::Deadline;
