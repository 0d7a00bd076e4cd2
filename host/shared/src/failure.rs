//! What can go wrong with the Redis of the shared series: when it is opened, and
//! when it is asked.

pub use sandgate_redis::Failure;

/// Why the shared series cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody can be asked.
    #[error("redis {address} cannot be used: {failure}; shared series are kept there ([state] redis)")]
    Unusable {
        /// Which one.
        address: String,
        /// Why.
        failure: Failure,
    },
    /// It may drop what it holds.
    #[error(
        "redis {address} has maxmemory-policy {policy} and may drop series while they are counted, so that windows \
         would be too low; set maxmemory-policy noeviction, or keep shared series in a redis of their own"
    )]
    Evicts {
        /// Which one.
        address: String,
        /// What it does where memory runs out.
        policy: String,
    },
}

impl OpenError {
    /// Whether it may be over by itself: nobody answered, or not in time.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, OpenError::Unusable { failure: Failure::Unreachable(_) | Failure::Deadline(_), .. })
    }
}
