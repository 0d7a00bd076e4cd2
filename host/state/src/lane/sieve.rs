//! Which entries of a journal still matter.

use super::{Lane, lock};
use crate::entry::{self, Change, Journaled, Standing};
use crate::replay::{Malformed, Sieve};
use sandgate_model::Kind;

/// Keeps the entries that a window can still reach, and those whose id is
/// remembered, seen from the commit that it was made at. An entry of which only
/// the id matters loses its values. Where windows became more is kept in any case.
#[derive(Debug)]
pub struct Needed {
    /// By tenant: the kinds of its stored fields.
    fields: Vec<Vec<Kind>>,
    /// By tenant: the newest time that no window reaches any more.
    pub(crate) floors: Vec<Option<i64>>,
    /// By tenant and source: the offset of the oldest id that is remembered. In
    /// the order of the lane the offsets of a source only rise.
    pub(crate) ids: Vec<Option<u64>>,
    sources: usize,
}

impl Lane {
    /// The sieve of the last commit, for the snapshot that goes with [`Lane::front`].
    pub fn sieve(&self) -> Needed {
        let horizon = lock(&self.committed).front.horizon();
        let layout = self.layout();
        let floor = |reach| horizon.map(|horizon: i64| horizon.saturating_sub(reach));
        let order = self.order.lock();
        Needed {
            fields: layout.kinds(),
            floors: layout.tenants.iter().map(|tenant| floor(tenant.plan.reach())).collect(),
            ids: order.ids.iter().map(|ids| ids.oldest_committed()).collect(),
            sources: layout.sources.len().max(1),
        }
    }
}

impl Needed {
    fn is_event(&self, journaled: &Journaled) -> bool {
        let floor = self.floors.get(journaled.entry.tenant as usize).copied().flatten();
        journaled.standing == Standing::Kept && floor.is_none_or(|floor| journaled.entry.time > floor)
    }

    fn is_remembered(&self, journaled: &Journaled) -> bool {
        let table = journaled.entry.tenant as usize * self.sources + journaled.entry.source as usize;
        let oldest = self.ids.get(table).copied().flatten();
        journaled.standing != Standing::Reused && oldest.is_some_and(|oldest| journaled.entry.offset >= oldest)
    }
}

impl Sieve for Needed {
    fn keep(&mut self, mut entries: &[u8], kept: &mut Vec<u8>) -> Result<u64, Malformed> {
        let (mut count, mut cells) = (0, Vec::new());
        while !entries.is_empty() {
            cells.clear();
            let before = entries;
            if let Some(change) = entry::change(&mut entries)? {
                // what is kept of the entries behind a growth goes by it; of a fill the front has all
                let Change::Growth(_) = change else { continue };
                kept.extend_from_slice(before.get(..before.len() - entries.len()).unwrap_or_default());
                continue;
            }
            let journaled = entry::decode(&mut entries, &self.fields, &mut cells)?;
            if self.is_event(&journaled) {
                kept.extend_from_slice(before.get(..before.len() - entries.len()).unwrap_or_default());
            } else if self.is_remembered(&journaled) {
                let fields = self.fields.get(journaled.entry.tenant as usize).map_or(&[][..], Vec::as_slice);
                entry::encode(&journaled, fields, &[], kept);
            } else {
                continue;
            }
            count += 1;
        }
        Ok(count)
    }
}
