//! The bytes of a journal entry.

use super::Journaled;
use sandgate_model::Kind;
use sandgate_window::Cell;

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It ends too early.
    #[error("the entry ends in the middle of a value")]
    Short,
    /// A flag is set that this version does not know, or a value is out of its range.
    #[error("the entry holds a value that no writer writes")]
    Malformed,
    /// The tenant has no stored fields here.
    #[error("the entry is of tenant {0}, which the journal does not know")]
    Tenant(u32),
}

/// Appends the entry. `fields` are the kinds of the tenant's stored fields, `cells` their values.
pub fn encode(entry: &Journaled, fields: &[Kind], cells: &[Cell<'_>], out: &mut Vec<u8>) {
    let _ = (entry, fields, cells, out);
}

/// Reads one entry that fills `bytes`, its values appended to `cells`. `tenants`
/// holds the kinds of the stored fields of each tenant, as the writer had them.
///
/// # Errors
/// [`EntryError`] where the bytes are not what [`encode`] writes; never a panic.
pub fn decode<'a>(bytes: &'a [u8], tenants: &[Vec<Kind>], cells: &mut Vec<Cell<'a>>) -> Result<Journaled, EntryError> {
    let _ = (bytes, tenants, cells);
    Err(EntryError::Short)
}
