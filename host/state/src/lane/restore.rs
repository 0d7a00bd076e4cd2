//! Journal entries become state again.

use super::Lane;
use crate::entry::Journaled;
use sandgate_window::Cell;

/// Restores entries in the order of the journal.
#[derive(Debug)]
pub struct Restoring<'l> {
    pub(super) lane: &'l Lane,
}

impl Restoring<'_> {
    /// Adds an entry with the values of its tenant's stored fields, in the order
    /// of [`crate::Tenant::fields`]. `in_ring`: whether it came after the front
    /// that was set, so that the clock and the counts have yet to see it. What
    /// was decided when it arrived is taken from the entry.
    pub fn add(&mut self, entry: &Journaled, cells: &[Cell<'_>], in_ring: bool) {
        let _ = (self.lane, entry, cells, in_ring);
    }

    /// Ends the restore: everything added is committed.
    pub fn finish(self) {}
}
