//! A policy on trial: one component in the real engine, offline, before anybody
//! depends on it. Its tests run here, and so will the check of a host that is
//! asked to activate it.
//!
//! Nothing of the engine is imitated: a [`Sample`] is judged by the sandbox that
//! a host uses.

mod answers;
pub mod draw;
pub mod fuel;
pub mod purity;
mod rank;
pub mod sample;

pub use answers::told;
pub use draw::Draw;
pub use fuel::Fuel;
pub use purity::Purity;
pub use sample::{Answer, Sample};
