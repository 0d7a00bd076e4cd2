//! The state of a lane: series, ids and the lane's clock, in memory and made
//! durable.
//!
//! # In memory
//! ```text
//!   worker: Pass::push ──► Lane::pass ─► order ─► shard ─► shard ─► … ──► answers
//!           keys, edges     batch k after k−1: ids,  windows read,
//!           (in parallel)   clock, late, bound       events added
//!   writer: Lane::settle ──► Pass::record into the journal ──► Lane::commit, or abort
//! ```
//! A [`Lane`] is shared by all workers of a lane. A [`Pass`] is a batch: what it
//! takes from its records alone is found out in parallel, then it goes through
//! the lane in its turn. What is answered depends on the order of the records and
//! on nothing else: not on batches, threads, shards, commits or restarts.
//!
//! [`Lane::abort`] takes back what is not committed. It is for sinks whose commit
//! can fail and be taken back; a lane over files ends instead, and is restored.
//!
//! # The durable side
//! ```text
//!   Folder ──► LaneFolder ──► Journal ──► commit, commit, commit …
//!   the lock   identity       replay        └─► due? compact: a snapshot in the background
//! ```
//! A [`folder::Folder`] is locked by one host and holds the lanes by their
//! outputs; a [`folder::LaneFolder`] is opened for one [`identity::Identity`];
//! what it holds is replayed into a [`replay::Restore`], which gives the
//! [`journal::Journal`] to go on with. `docs/state-format.md` explains every byte.

mod chain;
pub mod changelog;
mod disk;
mod failure;
pub mod folder;
mod frame;
pub mod identity;
pub mod journal;
pub mod portable;
pub mod position;
pub mod replay;
mod segment;
mod snapshot;
#[cfg(test)]
mod toy;

mod bound;
pub mod entry;
mod front;
mod ids;
mod lane;
mod layout;
mod pass;
mod shard;
mod texts;
mod turn;

pub use entry::{Change, Entry, Fill, Growth, Journaled, Settled, Standing};
pub use failure::{Damage, Failure};
pub use front::FrontError;
pub use lane::{FamilyReport, Lane, Needed, Report, Restoring, Size, TenantReport};
pub use layout::{GrowthError, Layout, Settings, Tenant};
pub use pass::{Answered, Fate, Late, Pass, Repeat, Warming};
pub use shard::{KeptEvent, KeptSeries};
pub use turn::Closed;

use sandgate_model::varint;
