//! Loads policies and judges rows with them: the only crate that knows wasmtime.
//!
//! A policy is a component that imports nothing. Every batch is judged in a
//! fresh instance that is thrown away, under limits of fuel, memory, tables,
//! stack, result and time, and what a guest does wrong is a [`Fault`] of a row,
//! never an error of the host. There is no I/O here but the cache of compiled
//! code, and no clock but the epoch behind the fuel.
//!
//! [`Fault`]: sandgate_model::Fault

mod cache;
mod calibrate;
mod config;
mod guest;
mod load;
mod machine;
mod pace;
mod policy;
mod refusal;
mod rows;
mod verdicts;
mod wire;

pub use cache::CacheError;
pub use calibrate::Calibration;
pub use config::{Config, Ticker};
pub use load::{INTERFACE, Sandbox};
pub use machine::{SetupError, scans_pages};
pub use policy::{Policy, Session};
pub use refusal::Refusal;
pub use rows::Rows;
pub use verdicts::{Hit, Verdicts};
pub use wire::WireRows;

/// The version of wasmtime: what an instruction costs in fuel is tied to it.
pub const WASMTIME_VERSION: &str = wasmtime_environ::VERSION;
