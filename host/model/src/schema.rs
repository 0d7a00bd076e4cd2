//! What the records of one source look like: its fields by name, and what some
//! of them are to the host.
//!
//! A [`Schema`] exists only checked: [`Schema::check`] takes the [`Draft`] that
//! the configuration has read and answers with the schema, or with every problem
//! at once. What reads records can therefore rely on it without asking again.

mod check;
#[cfg(test)]
mod tests;

use crate::instant::Unit;
use crate::{Instant, Kind};
use std::sync::Arc;

pub use check::{Flaw, Problem};

/// The checked schema of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The name of the source, which positions carry.
    pub source: Arc<str>,
    /// The fields that policies may use and roles point at; elsewhere a field is
    /// its index here.
    pub fields: Vec<Field>,
    /// Which field is what to the host.
    pub roles: Roles,
    /// The earliest usable time of a transaction, itself included.
    pub earliest: Instant,
    /// The latest usable time of a transaction, itself included.
    pub latest: Instant,
    /// The most bytes of a record, without the end of its line.
    pub size_max: u64,
}

/// A named value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name that policies and roles use.
    pub name: String,
    /// The keys that lead to it from the record's object, at least one.
    pub path: Vec<String>,
    /// What its value is.
    pub kind: Kind,
    /// How an instant is written; of no other kind.
    pub unit: Option<Unit>,
}

/// Which fields, by index, are what to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The transaction's id: one field, or several that make one together.
    pub id: Vec<usize>,
    /// Whose transaction it is.
    pub account: usize,
    /// When it happened.
    pub time: usize,
    /// What it is about, for fallback bands and summaries.
    pub amount: Option<usize>,
    /// Whose policies judge it.
    pub tenant: TenantRole,
}

/// Where the tenant's name comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantRole {
    /// Every record of the source is this tenant's.
    Fixed(Arc<str>),
    /// The field with this index names it.
    Field(usize),
}

/// A schema as it was written, before any check: roles name fields.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The name of the source.
    pub source: String,
    /// Its fields, in the order in which they were written.
    pub fields: Vec<Field>,
    /// The field or fields of the id.
    pub id: Vec<String>,
    /// The field of the account.
    pub account: String,
    /// The field of the time.
    pub time: String,
    /// The field of the amount, if it has one.
    pub amount: Option<String>,
    /// The tenant.
    pub tenant: TenantDraft,
    /// The earliest usable time.
    pub earliest: Instant,
    /// The latest usable time.
    pub latest: Instant,
    /// The most bytes of a record.
    pub size_max: u64,
}

/// The tenant of a [`Draft`].
#[derive(Clone, Debug)]
pub enum TenantDraft {
    /// This tenant, always.
    Fixed(String),
    /// The tenant whose name stands in this field.
    Field(String),
}

impl Schema {
    /// The most fields of a source.
    pub const FIELDS_MAX: usize = 1024;
    /// The most keys of a path.
    pub const PATH_MAX: usize = 16;
    /// The most that [`Schema::size_max`] may be, in bytes: a lane holds a few
    /// records of that size at a time.
    pub const SIZE_MAX: u64 = 256 << 20;

    /// Checks a draft.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn check(draft: Draft) -> Result<Schema, Vec<Problem>> {
        check::check(draft)
    }

    /// The index of the field with that name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

impl Field {
    /// The keys of a dotted path: `customer.address.city`. A key that itself
    /// holds a dot cannot be named.
    pub fn path_of(dotted: &str) -> Vec<String> {
        dotted.split('.').map(str::to_owned).collect()
    }
}
