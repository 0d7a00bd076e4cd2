//! What a lane is laid out by: its tenants with their plans and stored fields,
//! its sources, and the bounds that the operator sets.

use sandgate_model::Kind;
use sandgate_window::Plan;
use std::sync::Arc;

/// The tenants and sources of a lane. Entries name both by their index here.
#[derive(Debug, Default)]
pub struct Layout {
    /// The tenants; a tenant's index is part of every entry.
    pub tenants: Vec<Tenant>,
    /// The sources by name.
    pub sources: Vec<Arc<str>>,
}

/// What a lane knows of a tenant.
#[derive(Debug)]
pub struct Tenant {
    /// The tenant's name.
    pub name: Arc<str>,
    /// What its windows make of a record; its fields are the first of [`Tenant::fields`].
    pub plan: Arc<Plan>,
    /// The fields stored with each of its events: what its windows need, and what it keeps for windows to come.
    pub fields: Vec<(String, Kind)>,
}

/// What bounds the state of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How far behind the lane's clock a transaction is late, in milliseconds.
    pub lateness: i64,
    /// How long an id is remembered by the lane's clock, in milliseconds.
    pub repeats: i64,
    /// Most ids that are remembered for a tenant and source.
    pub ids: u64,
    /// Most events of a tenant; an event in two families counts twice.
    pub events: u64,
}
