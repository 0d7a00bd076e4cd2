//! What the host measures about itself, as families of named numbers, and their
//! text form; and whether it is well. The only crate that knows how they are kept.
//!
//! There are no globals: whoever measures owns a small struct of counters that
//! it creates from the [`Registry`] it is given, and keeps clones of them where
//! they are counted. To count is one atomic add; the members of a family are
//! looked up once and kept, not once a transaction. Deliberately absent: any
//! value of a record (an account, an id, an amount) as a label.

mod family;
mod health;
mod histogram;
mod laps;
mod number;
mod plain;
mod process;
mod registry;

pub use family::{Counters, Family, Gauges, Histograms, MEMBERS_MAX, OTHER, Times};
pub use health::{Condition, Health, Pulse};
pub use histogram::{Buckets, Histogram};
pub use laps::Laps;
pub use number::{Counter, Gauge, Time};
pub use process::measure_process;
pub use registry::{Form, Registry};
