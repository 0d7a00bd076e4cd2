//! The Redis of the shared series: one that never drops what it holds, asked
//! within one deadline.

pub(crate) use sandgate_redis::{Ask, Value};

use crate::config::Url;
use crate::failure::{Failure, OpenError};
use std::time::Duration;

/// The server, or the cluster.
#[derive(Debug)]
pub(crate) struct Server {
    redis: sandgate_redis::Server,
    deadline: Duration,
}

impl Server {
    pub(crate) fn new(urls: Vec<Url>, deadline: Duration) -> Server {
        Server { redis: sandgate_redis::Server::new(urls), deadline }
    }

    /// Sends everything and gives back the answers to each.
    pub(crate) fn exchange(&self, asks: &[Ask]) -> Result<Vec<Vec<Value>>, Failure> {
        self.redis.exchange(asks, self.deadline)
    }

    /// How long a call may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Refuses servers that may drop what they hold; a note where one does not say.
    pub(crate) fn check(&self, within: Duration) -> Result<Option<String>, OpenError> {
        let policies = self.redis.policies(within);
        let policies = policies.map_err(|(address, failure)| OpenError::Unusable { address, failure })?;
        let mut note = None;
        for (address, policy) in policies {
            match policy {
                Some(policy) if policy == "noeviction" => {}
                Some(policy) => return Err(OpenError::Evicts { address, policy }),
                None => {
                    note = Some(format!(
                        "redis {address} does not say its maxmemory-policy; shared series need noeviction, see to it"
                    ));
                }
            }
        }
        Ok(note)
    }
}
