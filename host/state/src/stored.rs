//! Between the journal, to which entries are bytes, and the lane, to which they
//! are records: what a replay brings back, and what a snapshot leaves out.

use crate::entry::{self, Journaled, Standing};
use crate::lane::{Lane, Restoring};
use crate::replay::{Malformed, Restore, Sieve};
use sandgate_model::Kind;
use sandgate_window::Cell;

/// Brings the entries of a journal back into an empty lane.
#[derive(Debug)]
pub struct Restorer<'l> {
    lane: &'l Lane,
    restoring: Restoring<'l>,
    kinds: Vec<Vec<Kind>>,
}

/// Says which entries still matter to a lane, as of its last commit: those with an
/// event that a window can still see, and those with an id that is remembered.
///
/// Of ids it keeps some more than a lane remembers: those beyond the bound on
/// their number. The lane counts them as it did, so no answer changes.
#[derive(Debug)]
pub struct LaneSieve {
    kinds: Vec<Vec<Kind>>,
    /// By tenant, the newest time that no window can see any more.
    floors: Vec<Option<i64>>,
    /// Ids that came while the clock was below this are forgotten.
    forgotten: Option<i64>,
}

impl Lane {
    /// Begins to bring back what a journal holds; no batch may have passed yet.
    pub fn restorer(&self) -> Restorer<'_> {
        Restorer { lane: self, restoring: self.restore(), kinds: kinds(self) }
    }

    /// What of the entries through the last commit still matters.
    pub fn sieve(&self) -> LaneSieve {
        let clock = self.committed_clock();
        let settings = self.settings();
        let floor = |reach| Some(clock?.saturating_sub(settings.lateness).saturating_sub(reach));
        LaneSieve {
            kinds: kinds(self),
            floors: self.layout().tenants.iter().map(|tenant| floor(tenant.plan.reach())).collect(),
            forgotten: clock.map(|clock| clock.saturating_sub(settings.repeats)),
        }
    }
}

/// The kinds of the stored fields of each tenant.
fn kinds(lane: &Lane) -> Vec<Vec<Kind>> {
    let of_tenant = |fields: &[(String, Kind)]| fields.iter().map(|(_, kind)| *kind).collect();
    lane.layout().tenants.iter().map(|tenant| of_tenant(&tenant.fields)).collect()
}

/// Calls `each` with every entry and its fields, and says how many there were.
fn read<'a>(
    mut entries: &'a [u8],
    kinds: &[Vec<Kind>],
    mut each: impl FnMut(&Journaled, &[Cell<'a>]),
) -> Result<u64, Malformed> {
    let mut cells = Vec::new();
    let mut count = 0;
    while !entries.is_empty() {
        cells.clear();
        let journaled =
            entry::decode(&mut entries, kinds, &mut cells).map_err(|error| Malformed { what: error.to_string() })?;
        each(&journaled, &cells);
        count += 1;
    }
    Ok(count)
}

impl Restorer<'_> {
    /// Ends the replay: everything that was brought back is committed.
    pub fn finish(self) {
        self.restoring.finish();
    }
}

impl Restore for Restorer<'_> {
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed> {
        self.lane.set_front(front).map_err(|error| Malformed { what: error.to_string() })
    }

    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        read(entries, &self.kinds, |journaled, cells| self.restoring.add(journaled, cells, false))
    }

    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        read(entries, &self.kinds, |journaled, cells| self.restoring.add(journaled, cells, true))
    }
}

impl Sieve for LaneSieve {
    fn keep(&mut self, entries: &[u8], kept: &mut Vec<u8>) -> Result<u64, Malformed> {
        let mut count = 0;
        read(entries, &self.kinds, |journaled, cells| {
            let tenant = journaled.entry.tenant as usize;
            let floor = self.floors.get(tenant).copied().flatten();
            let seen = journaled.standing == Standing::Kept && floor.is_none_or(|floor| journaled.entry.time > floor);
            let remembered = journaled.standing != Standing::Reused
                && match (journaled.clock, self.forgotten) {
                    (Some(clock), Some(forgotten)) => clock >= forgotten,
                    _ => true,
                };
            if seen || remembered {
                let cells = if seen { cells } else { &[] };
                entry::encode(journaled, &self.kinds[tenant], cells, kept);
                count += 1;
            }
        })?;
        Ok(count)
    }
}
