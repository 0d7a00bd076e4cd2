//! Windows whose series are shared between lanes, beside those of a lane's own state:
//! which of a set's windows they are, and what they answer for a batch.

use crate::Engine;
use crate::cells::Seen;
use crate::circumstance::{Circumstance, What};
use crate::document::MissingState;
use crate::generation::{Apart, Generation, Windows};
use crate::judged::Unjudged;
use sandgate_shared::{Batch, Entry, Layout, LayoutError, Missing, Shared, Tenant, Unanswered};
use sandgate_state::{Answered, Closed, Fate, Pass};
use sandgate_window::{Cell, Part};
use std::sync::{Arc, RwLock};

/// The shared windows of a batch; nothing where none are shared.
pub(crate) struct SharedBatch<'a> {
    batch: Option<Batch<'a>>,
    missing: Option<Missing>,
}

// === impl Generation ===

impl Generation {
    /// Keeps these families of its plan (by their index) apart from the state of lanes.
    pub(crate) fn keep_apart(&mut self, families: &[bool]) {
        let split = self.windows.base.plan.split(|family, _| families.get(family).copied().unwrap_or(false));
        self.windows.plan = Arc::new(split.here);
        self.windows.apart = Some(Apart { plan: Arc::new(split.apart), parts: split.parts });
    }

    /// Whether some of its windows are shared between lanes.
    pub fn shares(&self) -> bool {
        self.windows.apart.is_some()
    }
}

// === impl Engine ===

impl Engine {
    /// The same engine with the store of its shared series: those that
    /// [`Sharing::split`](crate::sharing::Sharing::split) took out of the lanes.
    /// `lateness` is that of the lanes, in milliseconds.
    ///
    /// # Errors
    /// Where names of sources or fields cannot be told apart in the store.
    pub fn with_shared(mut self, shared: Arc<Shared>, lateness: i64) -> Result<Engine, LayoutError> {
        self.shared = Some((shared, lateness));
        let roster = self.enrol(self.roster().teams(), &mut self.counted(), None)?;
        self.roster = RwLock::new(Arc::new(roster));
        Ok(self)
    }
}

/// What the shared series of these generations are laid out by.
pub(crate) fn layout(
    generations: &[Arc<Generation>],
    sources: &[Arc<str>],
    lateness: i64,
) -> Result<Layout, LayoutError> {
    let tenants = generations.iter().map(|generation| {
        let Windows { base, kept, apart, .. } = &generation.windows;
        let (name, fields, kept) = (Arc::clone(&generation.tenant), base.stored.clone(), kept.clone());
        apart.as_ref().map(|apart| Tenant { name, plan: Arc::clone(&apart.plan), fields, kept })
    });
    Layout::new(tenants.collect(), sources, lateness)
}

// === impl SharedBatch ===

impl<'a> SharedBatch<'a> {
    pub(crate) fn new(layout: Option<&Arc<Layout>>) -> SharedBatch<'a> {
        SharedBatch { batch: layout.map(Batch::new), missing: None }
    }

    /// Adds a record; its row is that of the pass.
    pub(crate) fn push(&mut self, entry: &sandgate_state::Entry, cells: &[Cell<'a>]) {
        if let Some(batch) = &mut self.batch {
            let sandgate_state::Entry { tenant, source, judged, time, offset, .. } = *entry;
            batch.push(Entry { tenant, source, judged, time, offset }, cells);
        }
    }

    /// Asks the store, once the lane has said what each row is.
    pub(crate) fn ask(
        &mut self,
        lane: Option<&sandgate_shared::Lane>,
        number: u64,
        pass: &Pass<'_>,
        generations: &[Arc<Generation>],
    ) -> Result<(), Unjudged> {
        let (Some(lane), Some(batch)) = (lane, &mut self.batch) else { return Ok(()) };
        for row in (0..pass.len()).filter(|row| matches!(pass.fate(*row), Fate::New | Fate::Full)) {
            batch.admit(row, pass.horizon(row));
        }
        let waits = |tenant: u32| {
            generations.get(tenant as usize).is_some_and(|generation| generation.missing_state == MissingState::Wait)
        };
        self.missing = lane.ask(number, batch, waits).map_err(|unanswered| match unanswered {
            Unanswered::Closed => Unjudged::Closed(Closed),
            waits @ Unanswered::Waits(_) => Unjudged::Waits(waits.to_string()),
        })?;
        Ok(())
    }

    /// Why windows of a row are missing, if some are.
    pub(crate) fn missing(&self, row: usize) -> Option<Circumstance> {
        let (missing, batch) = (self.missing.as_ref()?, self.batch.as_ref()?);
        batch.asked(row).next()?;
        Some(Circumstance::new(What::MissingState, missing.detail.as_str()))
    }

    fn is_missing(&self, row: usize, window: usize) -> bool {
        self.missing.is_some() && self.batch.as_ref().is_some_and(|batch| batch.asked(row).any(|asked| asked == window))
    }

    fn answer(&self, row: usize, window: usize) -> &Answered {
        self.batch.as_ref().and_then(|batch| batch.answers(row).get(window)).unwrap_or(&Answered::Absent)
    }
}

// === impl Windows ===

impl Windows {
    /// Appends what every window answers for a row of a batch.
    pub(crate) fn answers(&self, pass: &Pass<'_>, shared: &SharedBatch<'_>, row: usize, out: &mut Vec<Seen>) {
        out.extend(self.base.kinds.iter().enumerate().map(|(window, kind)| {
            match self.apart.as_ref().and_then(|apart| apart.parts.get(window)) {
                None => self.seen(pass.answer(row, window), *kind),
                Some(Part::Here(window)) => self.seen(pass.answer(row, *window), *kind),
                Some(Part::Apart(window)) => match shared.answer(row, *window) {
                    // a window that was not asked would look empty
                    Answered::Absent if shared.is_missing(row, *window) => Seen::Missing,
                    Answered::Full => Seen::Crowded,
                    answered => self.seen(answered, *kind),
                },
            }
        }));
    }
}
