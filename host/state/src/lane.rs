//! The state of one lane in memory, shared by the threads that work for it.

mod report;
mod restore;

pub use report::{FamilyReport, Kept, Report, TenantReport};
pub use restore::Restoring;

use crate::entry::Settled;
use crate::front::FrontError;
use crate::layout::{Layout, Settings};
use crate::pass::{Pass, Repeat};
use crate::turn::Closed;
use std::sync::Arc;

/// The state of one lane.
#[derive(Debug)]
pub struct Lane {
    layout: Arc<Layout>,
    settings: Settings,
}

impl Lane {
    /// An empty lane with its series spread over `shards` (at least one).
    pub fn new(layout: Arc<Layout>, settings: Settings, shards: usize) -> Lane {
        let _ = shards;
        Lane { layout, settings }
    }

    /// The layout that it was made with.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Takes a batch through the lane: waits for its turn, finds out what is a
    /// repeat or late, reads the windows of each new row and adds its events.
    /// Batches are numbered 0, 1, 2, … without gaps, whichever thread brings them.
    ///
    /// # Errors
    /// [`Closed`] where the lane was closed or aborted meanwhile: the batch left
    /// nothing behind that outlives [`Lane::abort`].
    pub fn pass(&self, number: u64, pass: &mut Pass<'_>) -> Result<(), Closed> {
        let _ = (number, pass);
        Ok(())
    }

    /// Says what was decided for the next rows whose ids the lane remembers: all
    /// rows of [`crate::Fate::New`] and [`crate::Fate::Full`], judged or
    /// observed, in the order of the lane.
    pub fn settle(&self, settled: &[Settled]) {
        let _ = settled;
    }

    /// What the first record of a repeated id was answered; to be asked after
    /// the batch of the repeat was settled, and before it is committed.
    pub fn first(&self, repeat: &Repeat) -> Option<Settled> {
        let _ = repeat;
        None
    }

    /// Everything through this batch is durable: it can no longer be aborted.
    pub fn commit(&self, through: u64) {
        let _ = through;
    }

    /// Puts everything back to the last commit. Batches under way come back with
    /// [`Closed`]; the next batch has the number after the last committed one.
    pub fn abort(&self) {}

    /// Wakes everybody who waits for a turn: the lane takes no more batches.
    pub fn close(&self) {}

    /// The committed front: the lane's clock, the counts of the bound and the
    /// lost times, for [`Lane::set_front`]. It stands for everything through the
    /// last commit.
    pub fn front(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Sets the front of an empty lane; entries that it covers are then restored
    /// with `in_ring` false.
    ///
    /// # Errors
    /// [`FrontError`] where the bytes are not what [`Lane::front`] writes.
    pub fn set_front(&self, bytes: &[u8]) -> Result<(), FrontError> {
        let _ = bytes;
        Ok(())
    }

    /// Begins to restore entries; no batch may have passed yet.
    pub fn restore(&self) -> Restoring<'_> {
        Restoring { lane: self }
    }

    /// The clock of the last commit.
    pub fn committed_clock(&self) -> Option<i64> {
        None
    }

    /// What the lane holds.
    pub fn report(&self) -> Report {
        Report::default()
    }

    /// The events kept of one series, oldest first; `key` as
    /// [`sandgate_window::key`] writes it, `family` counts as the tenant's plan does.
    pub fn series(&self, tenant: u32, family: u32, key: &[u8]) -> Vec<Kept> {
        let _ = (tenant, family, key);
        Vec::new()
    }
}
