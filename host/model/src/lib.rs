//! The words that every other crate of the host speaks: values and their kinds,
//! the manifest of a policy, outcomes, faults.
//!
//! There is no I/O here, no clock, no thread, and nothing that depends on the
//! machine: what these types say is the same everywhere.

pub mod comparison;
pub mod decimal;
pub mod digest;
pub mod digits;

pub mod fault;
pub mod instant;
pub mod kind;
pub mod manifest;
pub mod nearest;
pub mod outcome;
pub mod quantity;
pub mod schema;
pub mod value;
pub mod varint;

pub use decimal::Decimal;
pub use digest::Digest;
pub use fault::Fault;
pub use instant::Instant;
pub use kind::Kind;
pub use manifest::Manifest;
pub use outcome::{Effect, Outcome};
pub use schema::Schema;
pub use value::Value;
