//! Series that lanes share: those whose key crosses partitions (a device, an ip),
//! kept in Redis.
//!
//! ```text
//!  Batch::push ──► Batch::admit ──► Lane::ask ──► Batch::answers
//!  keys, edges     what the lane    one round     the windows, by the same
//!  of each row     made of the row  trip a node   arithmetic as embedded ones
//! ```
//! A series is one sorted set: its members are events, scored by their time, and
//! named by their position, so that an event is in it once however often it is
//! sent. Redis computes nothing. It adds what a batch brings and hands back what the
//! batch's windows reach; a [`sandgate_window::Series`] is built of that and read, row
//! by row. So a shared window answers what an embedded one does, to the last unit.
//!
//! **What it promises.** Exact by event time among the events that have reached that
//! Redis. A row sees what came before it in its own lane and nothing that comes
//! after it there, also where the lane is replayed. Among equal times of different
//! sources or partitions the order is that of their positions, always the same one.
//! **What it does not**: two lanes reach Redis in an order that no replay can bring
//! back, and the series are as durable as that Redis is.
//!
//! `docs/state-format.md` explains every byte. There is no transaction and no script
//! here: each command can be sent twice, and each touches one key.

mod answer;
mod batch;
mod behind;
mod config;
mod failure;
mod lane;
mod layout;
mod member;
mod name;
mod server;
mod shared;

pub use batch::{Batch, Entry};
pub use config::{Config, Url, UrlError};
pub use failure::{Failure, OpenError};
pub use lane::{Closed, Lane, Missing};
pub use layout::{Layout, LayoutError, Tenant};
pub use shared::{Counts, Shared};
