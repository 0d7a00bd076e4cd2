//! The records of `wit/policy.wit` as wasmtime carries them.
//!
//! Derived one by one instead of with `bindgen!`: rows are lowered from
//! borrowed slices, so that a batch is copied once, into the guest.

use wasmtime::component::{ComponentType, Lift, Lower};

/// The record `rows`; `wit/policy.wit` describes its layout.
#[derive(Clone, Copy, Debug, ComponentType, Lower)]
#[component(record)]
pub struct WireRows<'a> {
    /// How many rows.
    pub count: u32,
    /// Flags, integers, decimals in units, instants in milliseconds.
    pub integers: &'a [i64],
    /// Numbers.
    pub numbers: &'a [f64],
    /// Every text end to end.
    pub texts: &'a str,
    /// Where each text ends, in bytes.
    #[component(name = "text-ends")]
    pub text_ends: &'a [u32],
    /// A bit for each value, set where there is one.
    pub present: &'a [u64],
}

/// A reason that holds for a row; both are indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ComponentType, Lift)]
#[component(record)]
pub struct Hit {
    /// The row of the batch.
    pub row: u32,
    /// The reason in the order of the manifest.
    pub reason: u32,
}

/// The record `verdicts`.
///
/// Lists are lifted as they are met, because the guest's post-return frees them
/// before a lazy reader would look; the guest store's bound on what a call may
/// return is checked against the length of each list before it is copied.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireVerdicts {
    pub(crate) hits: Vec<Hit>,
    pub(crate) scores: Vec<f64>,
    pub(crate) contributions: Vec<f64>,
}
