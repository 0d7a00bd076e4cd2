//! A policy on trial: one component in the real engine, offline, before anybody
//! depends on it. Its tests run here, and so will the check of a host that is
//! asked to activate it.
//!
//! Nothing of the engine is imitated: a [`Trial`] is a timeline of records
//! through the engine, the windows and the sandbox that a host uses, and a
//! [`Sample`] is judged by that sandbox. There is no clock and no thread here,
//! and no file but the cases.

mod answers;
pub mod case;
pub mod constants;
pub mod decided;
pub mod draw;
pub mod faults;
pub mod fields;
pub mod fuel;
pub mod influence;
pub mod purity;
mod rank;
pub mod sample;
pub mod search;
pub mod send;
pub mod table;
pub mod trial;

pub use answers::told;
pub use constants::Constants;
pub use draw::Draw;
pub use faults::Faults;
pub use fuel::Fuel;
pub use influence::Influences;
pub use purity::Purity;
pub use sample::{Answer, Sample};
pub use search::Search;
pub use send::{Send, When};
pub use trial::{Sent, Setup, Trial};
