//! The registry: which policies there are, which policy set each tenant runs, who
//! changed that and why, and what the hosts of a fleet make of it. It is kept in SQL,
//! a SQLite file or a PostgreSQL database, behind one type: [`Registry`].
//!
//! - *Policies* by digest: component, cases and README, each by its own ([`policies`]).
//! - *Generations* by tenant and number: documents that never change ([`generations`]).
//! - For each tenant a *pointer* to the active one, moved by compare-and-set ([`tenants`], [`activation`]).
//! - What each tenant has on *trial* beside it ([`trials`], [`candidates`]), what ends a trial by itself
//!   ([`guards`]), and what hosts have counted of it ([`compared`]).
//! - The *history*: one entry for each change, written with it, hashed over the one
//!   before ([`chain`]), and checked against all of the above ([`verify`]).
//! - *Proposals* where a tenant asks for four eyes ([`proposals`]), and the *tokens*
//!   of those who come without the database ([`tokens`]).
//! - What each *host* says that it runs ([`hosts`]); PostgreSQL wakes them at once ([`wake`]).
//!
//! The registry's *revision* is the number of its last change; a tenant's, of the last
//! change of that tenant. So whoever follows asks for one number, and whoever has been
//! overtaken is told by whom.
//!
//! Absent on purpose: what a document means, or a manifest (text is kept as it is);
//! clocks (times come in, as milliseconds since 1970); tries and breakers. Every
//! call waits on its own thread, no longer than the deadline it was opened with.

pub mod activation;
pub mod bounds;
pub mod candidates;
pub mod chain;
pub mod compared;
mod database;
pub mod error;
pub mod generations;
pub mod guards;
pub mod hosts;
pub mod policies;
pub mod proposals;
mod schema;
mod session;
pub mod tenants;
pub mod tokens;
pub mod trials;
pub mod verify;
pub mod wake;
mod work;

pub use activation::{Imported, New};
pub use candidates::Started;
pub use chain::{Entry, Head, Who};
pub use compared::Compared;
pub use error::Error;
pub use generations::Generation;
pub use guards::Guards;
pub use hosts::{Host, Runs, State};
pub use policies::{Bundle, Pushed, Stored};
pub use proposals::{Proposal, Stands, Submitted};
pub use sandgate_sql::{Address, Location, LocationError};
pub use tenants::{Managed, Moved, Pointer};
pub use tokens::{Login, Role, Secret, Token, Wish};
pub use trials::{Canary, Candidate, Trial};
pub use verify::Verified;
pub use wake::Wake;

use std::time::Duration;

/// The registry. Threads may share it; each call has a session of its own.
pub struct Registry {
    database: database::Database,
}

impl Registry {
    /// Opens the registry, whose every call ends within `deadline`. Where there is none
    /// yet, it has nothing in it, and the first change makes it.
    ///
    /// # Errors
    /// Where it is something else or of a later format, refuses us, or cannot be
    /// reached now.
    pub fn open(location: &Location, deadline: Duration) -> Result<Registry, Error> {
        let registry = Registry::later(location, deadline);
        registry.database.check()?;
        Ok(registry)
    }

    /// The same without asking: for a host that starts while its registry is away.
    pub fn later(location: &Location, deadline: Duration) -> Registry {
        Registry { database: database::Database::new(location, deadline) }
    }

    /// The number of the last change of anything but what hosts say: zero before the
    /// first. What follows the registry asks for this, and for the rest where it rose.
    ///
    /// # Errors
    /// Where it cannot be read, or has been taken over by a later version.
    pub fn revision(&self) -> Result<u64, Error> {
        self.database.read(|work| schema::revision(work, false))
    }
}
