//! A policy on trial: one component in the real engine, offline, before anybody
//! depends on it. Its tests run here, and so will the check of a host that is
//! asked to activate it.
//!
//! Nothing of the engine is imitated: a [`Sample`] is judged by the sandbox that
//! a host uses.

mod answers;
pub mod constants;
pub mod draw;
pub mod fuel;
pub mod influence;
pub mod purity;
mod rank;
pub mod sample;
pub mod search;

pub use answers::told;
pub use constants::Constants;
pub use draw::Draw;
pub use fuel::Fuel;
pub use influence::Influences;
pub use purity::Purity;
pub use sample::{Answer, Sample};
pub use search::Search;
