//! Being woken by changes, where the database can do that: PostgreSQL tells whoever
//! listens at the moment of each change's commit. A poll stands behind it, for a notice
//! is lost with its connection.

use crate::session::failed;
use crate::{Error, Location};
use sandgate_sql::{Address, Listener};
use std::time::Duration;

/// The channel that changes are told on.
const CHANNEL: &str = "sandgate_control";
/// What a change says as it is committed.
pub(crate) const NOTIFY: &str = "NOTIFY sandgate_control";

/// Who waits to be woken.
pub struct Wake {
    address: Address,
    limit: Duration,
    listener: Option<Listener>,
}

impl Wake {
    /// For the registry at this place, if it can wake anybody; it is connected to within
    /// `limit`.
    pub fn of(location: &Location, limit: Duration) -> Option<Wake> {
        match location {
            Location::Sqlite(_) => None,
            Location::Postgres(address) => Some(Wake { address: address.clone(), limit, listener: None }),
        }
    }

    /// Waits until something was changed, so long at most, and says whether that is so.
    /// Where it has only just begun to listen, something may have been: that counts.
    ///
    /// # Errors
    /// Where the registry cannot be listened to now.
    pub fn wait(&mut self, most: Duration) -> Result<bool, Error> {
        let failure = match &mut self.listener {
            Some(listener) => match listener.wait(most) {
                Ok(woken) => return Ok(woken),
                Err(failure) => failure,
            },
            None => match Listener::open(&self.address, CHANNEL, self.limit) {
                Ok(listener) => {
                    self.listener = Some(listener);
                    return Ok(true);
                }
                Err(failure) => failure,
            },
        };
        self.listener = None;
        Err(failed(&Location::Postgres(self.address.clone()), failure))
    }
}
