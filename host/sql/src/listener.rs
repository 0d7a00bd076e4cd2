//! What a PostgreSQL server says of its own accord: who listens is woken at once by
//! whoever notifies. A notice may be lost with its connection, so who listens still
//! looks now and then; it only need not look often.

use crate::session::Failure;
use crate::{Address, Time};
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// A connection that listens on one channel.
pub struct Listener {
    runtime: Runtime,
    /// There until it is dropped.
    listener: Option<PgListener>,
}

impl Listener {
    /// Connects and listens.
    ///
    /// # Errors
    /// Where that fails, or takes longer than `limit`.
    pub fn open(address: &Address, channel: &str, limit: Duration) -> Result<Listener, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
        let options = address.options().map_err(Failure::Sql)?;
        let opened = Time::of(limit).wait(&runtime, async {
            let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(channel).await?;
            Ok(listener)
        });
        match opened {
            Ok(listener) => Ok(Listener { runtime, listener: Some(listener) }),
            Err(failure) => {
                // looking up a name knows no limit, and a runtime that is dropped waits for it
                runtime.shutdown_background();
                Err(failure)
            }
        }
    }

    /// Waits for a notice, so long at most; says whether one came. Notices that came
    /// together are one.
    ///
    /// # Errors
    /// Where the connection is lost; then another one has to be opened.
    pub fn wait(&mut self, limit: Duration) -> Result<bool, Failure> {
        let Some(listener) = &mut self.listener else { return Err(Failure::Sql(sqlx::Error::PoolClosed)) };
        let heard = self.runtime.block_on(async { timeout(limit, listener.try_recv()).await });
        match heard {
            Err(_) => Ok(false),
            Ok(Ok(Some(_))) => {
                while listener.next_buffered().is_some() {}
                Ok(true)
            }
            Ok(Ok(None)) => Err(Failure::Sql(sqlx::Error::PoolClosed)),
            Ok(Err(error)) => Err(Failure::Sql(error)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // a connection is given back on its runtime
        let _inside = self.runtime.enter();
        self.listener = None;
    }
}
