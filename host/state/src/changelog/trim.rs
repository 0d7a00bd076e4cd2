//! Which beginning of a lane's log may be deleted: all before a commit with a head,
//! once no window can reach an event before it and no id before it is remembered.
//!
//! Nothing is asked of the wall clock: a lane that rests keeps what it has. One
//! event far ahead of the clock would hold everything behind it for as long as it
//! takes the clock to get there; so such events are written again with every head.

use crate::entry::{self, Change, Growth, Standing};
use crate::lane::Needed;
use crate::layout::Layout;
use crate::replay::Malformed;
use sandgate_model::Kind;
use std::collections::VecDeque;
use std::sync::Arc;

/// A commit with a head, and what came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where its first record stands in the log.
    pub offset: i64,
    before: Before,
}

/// What came before a place in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    /// By tenant: the newest time of an event.
    pub(crate) newest: Vec<Option<i64>>,
    /// By tenant and source: the offset of the last record whose id was remembered.
    pub(crate) ids: Vec<Option<u64>>,
}

/// An event far ahead of the clock.
#[derive(Clone, Debug)]
struct Ahead {
    tenant: usize,
    time: i64,
    /// How many families of the tenant it feeds, and how many fields it holds.
    fed: (u32, u32),
    entry: Vec<u8>,
}

/// Follows a lane's log, to know what may be deleted of it.
#[derive(Debug)]
pub struct Trim {
    layout: Arc<Layout>,
    fields: Vec<Vec<Kind>>,
    sources: usize,
    before: Before,
    /// By tenant: how many families the next entry feeds, and how many fields it holds.
    fed: Vec<(u32, u32)>,
    ahead: Vec<Ahead>,
    ahead_bytes: usize,
    marks: VecDeque<Mark>,
    /// Bytes of entries since the last head.
    since: u64,
    /// Bytes of entries that are worth a head.
    worth: u64,
}

impl Trim {
    /// How far ahead of the clock an event is written again, in milliseconds.
    const FAR: i64 = 86_400_000;
    /// The most bytes of such events; more of them hold up the deleting.
    const AHEAD_MAX: usize = 128 << 10;
    /// The most places that are remembered.
    const MARKS_MAX: usize = 4_096;

    /// Follows the log of a lane of this layout from its beginning; so many bytes of
    /// entries are worth a head.
    pub fn new(layout: &Arc<Layout>, worth: u64) -> Trim {
        let (sources, tenants) = (layout.sources.len().max(1), layout.tenants.len());
        Trim {
            fields: layout.kinds(),
            layout: layout.clone(),
            sources,
            before: Before { newest: vec![None; tenants], ids: vec![None; tenants * sources] },
            fed: vec![(0, 0); tenants],
            ahead: Vec::new(),
            ahead_bytes: 0,
            marks: VecDeque::new(),
            since: 0,
            worth,
        }
    }

    /// The lane's layout has grown: to be told before entries that were made with it.
    pub fn grow(&mut self, layout: &Arc<Layout>) {
        if Arc::ptr_eq(&self.layout, layout) {
            return;
        }
        (self.fields, self.layout) = (layout.kinds(), layout.clone());
        let tenants = self.fields.len().max(self.fed.len());
        self.fed.resize(tenants, (0, 0));
        self.before.newest.resize(tenants, None);
        self.before.ids.resize(tenants * self.sources, None);
    }

    /// Whether the next commit is to have a head.
    pub fn is_due(&self) -> bool {
        self.since >= self.worth
    }

    /// A commit has a head, and its first record stands at `offset`. To be told
    /// before the commit's entries are.
    pub fn head(&mut self, offset: i64) {
        self.since = 0;
        if self.marks.len() == Trim::MARKS_MAX {
            // every other one: less often is still right
            let mut at = 0;
            self.marks.retain(|_| {
                at += 1;
                at % 2 == 0
            });
        }
        self.marks.push_back(Mark { offset, before: self.before.clone() });
    }

    /// Entries of a commit, or those that a head kept; `clock` is the lane's after them.
    ///
    /// # Errors
    /// Where they are none.
    pub fn entries(&mut self, mut entries: &[u8], clock: Option<i64>) -> Result<(), Malformed> {
        self.since += entries.len() as u64;
        let mut cells = Vec::new();
        while !entries.is_empty() {
            if let Some(change) = entry::change(&mut entries)? {
                // of a fill the front of a head has all
                if let Change::Growth(Growth { tenant, families, fields }) = change {
                    self.fed.iter_mut().skip(tenant as usize).take(1).for_each(|fed| *fed = (families, fields));
                }
                continue;
            }
            cells.clear();
            let begin = entries;
            let journaled = entry::decode(&mut entries, &self.fields, &mut cells)?;
            let entry = journaled.entry;
            let tenant = entry.tenant as usize;
            if journaled.standing == Standing::Kept {
                let bytes = begin.get(..begin.len() - entries.len()).unwrap_or_default();
                let far = clock.is_some_and(|clock| entry.time > clock.saturating_add(Trim::FAR));
                if far && self.ahead_bytes + bytes.len() <= Trim::AHEAD_MAX {
                    self.ahead_bytes += bytes.len();
                    let fed = self.fed.get(tenant).copied().unwrap_or_default();
                    self.ahead.push(Ahead { tenant, time: entry.time, fed, entry: bytes.to_vec() });
                } else {
                    self.before.event(tenant, entry.time);
                }
            }
            if journaled.standing != Standing::Reused
                && let Some(newest) = self.before.ids.get_mut(tenant * self.sources + entry.source as usize)
            {
                *newest = (*newest).max(Some(entry.offset));
            }
        }
        Ok(())
    }

    /// The events far ahead of the clock, for the next head, with what each of them
    /// feeds; at the end what the next entry feeds.
    pub fn kept(&mut self, clock: Option<i64>) -> Vec<u8> {
        let (before, bytes) = (&mut self.before, &mut self.ahead_bytes);
        self.ahead.retain(|ahead| {
            let far = clock.is_some_and(|clock| ahead.time > clock.saturating_add(Trim::FAR));
            if !far {
                before.event(ahead.tenant, ahead.time);
                *bytes -= ahead.entry.len();
            }
            far
        });
        let (mut kept, mut told) = (Vec::new(), vec![(0, 0); self.fed.len()]);
        let mut tell = |tenant: usize, fed: (u32, u32), kept: &mut Vec<u8>| {
            if let Some(told) = told.get_mut(tenant).filter(|told| **told != fed) {
                *told = fed;
                // tenants are counted by 32 bits
                let (tenant, (families, fields)) = (tenant as u32, fed);
                entry::encode_growth(Growth { tenant, families, fields }, kept);
            }
        };
        for ahead in &self.ahead {
            tell(ahead.tenant, ahead.fed, &mut kept);
            kept.extend_from_slice(&ahead.entry);
        }
        self.fed.iter().enumerate().for_each(|(tenant, fed)| tell(tenant, *fed, &mut kept));
        kept
    }

    /// The newest place before which nothing is needed any more; it is forgotten
    /// with all before it.
    pub fn passed(&mut self, needed: &Needed) -> Option<Mark> {
        let passed = self.marks.iter().rposition(|mark| needed.has_passed(&mark.before))?;
        self.marks.drain(..=passed).next_back()
    }
}

impl Before {
    fn event(&mut self, tenant: usize, time: i64) {
        if let Some(newest) = self.newest.get_mut(tenant) {
            *newest = (*newest).max(Some(time));
        }
    }
}

impl Needed {
    /// Whether nothing of what came before a place is needed.
    pub(crate) fn has_passed(&self, before: &Before) -> bool {
        let events = before.newest.iter().enumerate().all(|(tenant, newest)| {
            let floor = self.floors.get(tenant).copied().flatten();
            newest.is_none_or(|newest| floor.is_some_and(|floor| newest <= floor))
        });
        let ids = before.ids.iter().enumerate().all(|(table, last)| {
            let oldest = self.ids.get(table).copied().flatten();
            last.is_none_or(|last| oldest.is_none_or(|oldest| last < oldest))
        });
        events && ids
    }
}
