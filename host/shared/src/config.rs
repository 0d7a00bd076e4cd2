//! Where the shared series are, and what bounds them.

pub use sandgate_redis::{Url, UrlError};
use std::time::Duration;

/// Where the shared series are, and what bounds them.
#[derive(Clone, Debug)]
pub struct Config {
    /// The server, or some nodes of a cluster.
    pub urls: Vec<Url>,
    /// How long a call may take, its connection included.
    pub deadline: Duration,
    /// Most events of one series that are kept, and read for a batch.
    pub events: usize,
    /// How far behind a lane's clock a transaction is late, in milliseconds.
    pub lateness: i64,
}
