//! What every crate that keeps something in SQL shares: where a database is
//! ([`Location`], [`Address`]), a session with it whose calls end in time
//! ([`Session`]), being told what others do there ([`Listener`]), and what its errors mean ([`Cause`]).
//!
//! Absent on purpose: statements and tables, which are each owner's; pools, tries
//! and breakers; and async functions at the seam: who calls has nothing else to do.

pub mod address;
pub mod cause;
pub mod listener;
pub mod location;
pub mod session;

pub use address::Address;
pub use cause::Cause;
pub use listener::Listener;
pub use location::{Location, LocationError};
pub use session::{Failure, Session, Time};
