//! What a lane holds, for people.

use sandgate_model::Value;
use std::sync::Arc;

/// What a lane holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The lane's clock, in milliseconds.
    pub clock: Option<i64>,
    /// By tenant, as the layout counts them.
    pub tenants: Vec<TenantReport>,
    /// Ids that are remembered.
    pub ids: u64,
    /// Bytes of memory of series, keys, texts and ids.
    pub bytes: u64,
}

/// What a lane holds of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TenantReport {
    /// Its name.
    pub name: String,
    /// Events as its bound counts them.
    pub counted: u64,
    /// Records whose events the bound has refused.
    pub refused: u64,
    /// By family, as its plan counts them.
    pub families: Vec<FamilyReport>,
}

/// What a lane holds of a family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FamilyReport {
    /// The fields of its key.
    pub by: Vec<String>,
    /// How many series there are.
    pub series: u64,
    /// How many events they hold in memory.
    pub events: u64,
    /// Bytes of memory of its series and keys.
    pub bytes: u64,
}

/// An event that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Event time in milliseconds since 1970.
    pub time: i64,
    /// The classes that it belongs to, a bit each.
    pub classes: u64,
    /// Its operands, as the family's shape counts them; `None` where it has none.
    pub words: Vec<Option<Value<Arc<str>>>>,
}
