//! Writes messages for people's tools: each leaves at once, and at the end it is
//! known whether all have arrived.

use super::client::{ClientError, Clients, Purpose};
use super::plain::Plain;
use super::transaction::Message;
use std::time::{Duration, Instant};

/// A producer of messages that need no commit.
pub struct Writer {
    plain: Plain,
    clients: Clients,
}

/// Messages that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("messages do not arrive: {what}")]
pub struct Undelivered {
    /// What the library says.
    pub what: String,
}

impl Writer {
    /// A producer.
    ///
    /// # Errors
    /// Where the library does not make it.
    pub fn new(clients: &Clients) -> Result<Writer, ClientError> {
        Ok(Writer { plain: Plain::new(clients.plain(Purpose::Plain)?), clients: clients.clone() })
    }

    /// Hands over a message. Where the queue is full it waits for room, some seconds.
    ///
    /// # Errors
    /// Where it is not taken.
    pub fn send(&mut self, message: &Message<'_>) -> Result<(), Undelivered> {
        self.plain.send(message).map_err(|failure| self.failed(&failure.what))
    }

    /// Waits until everything has arrived, some seconds.
    ///
    /// # Errors
    /// Where something has not.
    pub fn finish(&mut self) -> Result<(), Undelivered> {
        self.plain.flush().map_err(|failure| self.failed(&failure.what))
    }

    /// Who turned this host away comes first: the library only says that time was up.
    fn failed(&self, what: &str) -> Undelivered {
        const LATELY: Duration = Duration::from_secs(20);
        let lately = Instant::now().checked_sub(LATELY).unwrap_or_else(Instant::now);
        let what = self.clients.refused(lately).unwrap_or_else(|| what.to_owned());
        Undelivered { what: self.clients.config().settings.masked(&what) }
    }
}
