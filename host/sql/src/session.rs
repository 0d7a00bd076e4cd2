//! A connection and what drives it, on the thread that asks.
//!
//! Each session has a small runtime of its own, which only ever runs while its
//! thread waits: sqlx is async, and whoever asks here is not.

use sandgate_remote::Deadline;
use sqlx::{ConnectOptions, Connection};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Why a session did not do something.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It took longer than is allowed.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// There is nothing to wait with.
    #[error("{0}")]
    Runtime(std::io::Error),
    /// The database, or the way to it, failed.
    #[error("{0}")]
    Sql(sqlx::Error),
}

/// When something that is done with a session has to be over: connecting, and each
/// of its statements, share it.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    deadline: Deadline,
    limit: Duration,
}

impl Time {
    /// So long from now on.
    pub fn of(limit: Duration) -> Time {
        Time { deadline: Deadline::after(Instant::now(), limit), limit }
    }

    /// Waits for something that a database does.
    pub(crate) fn wait<T>(
        self,
        runtime: &Runtime,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Failure> {
        let late = || Failure::Late(self.limit);
        let left = self.deadline.left(Instant::now()).ok_or_else(late)?;
        let done = runtime.block_on(async { timeout(left, work).await });
        done.map_err(|_| late())?.map_err(Failure::Sql)
    }
}

/// A connection of one thread.
#[derive(Debug)]
pub struct Session<C> {
    runtime: Runtime,
    connection: C,
}

impl<C: Connection> Session<C> {
    /// Connects.
    ///
    /// # Errors
    /// Where that fails, or takes too long.
    pub fn open<O: ConnectOptions<Connection = C>>(options: &O, time: Time) -> Result<Session<C>, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
        match time.wait(&runtime, options.connect()) {
            Ok(connection) => Ok(Session { runtime, connection }),
            Err(failure) => {
                // looking up a name knows no limit, and a runtime that is dropped waits for it
                runtime.shutdown_background();
                Err(failure)
            }
        }
    }

    /// Waits for something that this session does. After a failure it must not be
    /// used again, unless what failed was a statement alone.
    ///
    /// # Errors
    /// Where it fails, or takes too long.
    pub fn wait<'s, T, F>(&'s mut self, time: Time, work: impl FnOnce(&'s mut C) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        time.wait(&self.runtime, work(&mut self.connection))
    }
}
