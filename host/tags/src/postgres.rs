//! PostgreSQL: the tags of a fleet, in one database.
//!
//! `sandgate_tags (entity, attribute, id) → value`, and beside it
//! `sandgate_tag_changes`, which triggers fill: whoever writes to the table, by
//! whatever means, tells the hosts. `sandgate tags` makes both on first use; a
//! host only reads.
//!
//! A batch crosses as three arrays and one statement, whatever its length. Every
//! value is bound, none is part of a statement's text.

mod read;
mod write;

pub use read::Reader;
pub use write::{Loading, Writer};

use crate::{Address, Error};
use sandgate_remote::Deadline;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// A connection and what drives it, on the thread that asks.
struct Session {
    server: String,
    runtime: Runtime,
    connection: PgConnection,
}

/// What an address says to the client.
///
/// # Errors
/// Where the URL is none.
pub(crate) fn options(address: &Address) -> Result<PgConnectOptions, sqlx::Error> {
    address
        .url()
        .parse::<PgConnectOptions>()
        .map(|options| options.application_name("sandgate").disable_statement_logging())
}

/// When something that is done with a session has to be over: connecting, and each
/// of its statements, share it.
#[derive(Clone, Copy)]
struct Time {
    deadline: Deadline,
    limit: Duration,
}

impl Time {
    fn of(limit: Duration) -> Time {
        Time { deadline: Deadline::after(Instant::now(), limit), limit }
    }

    /// Waits for something that a server does.
    fn wait<T>(
        self,
        server: &str,
        runtime: &Runtime,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let late = || Error::Late { server: server.to_owned(), limit: self.limit };
        let left = self.deadline.left(Instant::now()).ok_or_else(late)?;
        let done = runtime.block_on(async { timeout(left, work).await });
        done.map_err(|_| late())?.map_err(|error| failed(server, &error))
    }
}

impl Session {
    fn open(address: &Address, time: Time) -> Result<Session, Error> {
        let server = address.to_string();
        let unusable = |error: std::io::Error| Error::Unreachable { server: server.clone(), said: error.to_string() };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(unusable)?;
        let options = options(address).map_err(|error| failed(&server, &error))?;
        match time.wait(&server, &runtime, PgConnection::connect_with(&options)) {
            Ok(connection) => Ok(Session { server, runtime, connection }),
            Err(error) => {
                // looking up a name knows no limit, and a runtime that is dropped waits for it
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Waits for something that this session does. After an error the session must
    /// not be used again.
    fn wait<'s, T, F>(&'s mut self, time: Time, work: impl FnOnce(&'s mut PgConnection) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let Session { server, runtime, connection } = self;
        time.wait(server, runtime, work(connection))
    }
}

/// Why the server would not do something, as far as its answer tells.
fn failed(server: &str, error: &sqlx::Error) -> Error {
    let server = server.to_owned();
    let Some(answer) = error.as_database_error() else {
        return match error {
            // what is wrong with a certificate will be wrong the next time
            sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => Error::Refused { server, said: error.to_string() },
            _ => Error::Unreachable { server, said: error.to_string() },
        };
    };
    let said = answer.message().to_owned();
    match answer.code().as_deref() {
        // no such table
        Some("42P01") => Error::Unfilled { server },
        // no such user or password, no such database, no right to it
        Some("28P01" | "28000" | "3D000" | "42501") => Error::Refused { server, said },
        _ => Error::Unreachable { server, said },
    }
}
