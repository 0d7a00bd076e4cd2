//! The host over HTTP: its metrics and its health, on a port of its own; the admin API
//! on another ([`admin`]); and the signals that end it.
//!
//! One thread, one small runtime: a scrape never waits for work, and work never
//! for a scrape. Everything that comes from outside is bounded: connections at a
//! time, bytes of a request, time of a connection, which carries one request.
//! Deliberately absent: judging, and on the port of the metrics changes and passwords.
//! Whoever can reach that port can read, so it is the loopback's unless an operator says
//! otherwise.

pub mod admin;
mod bounded;
mod routes;
mod signals;
#[cfg(test)]
mod tests;

pub use signals::stop_on_signal;

use bounded::Bounded;
use sandgate_metrics::{Health, Registry};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Notify;

/// How long answers that are under way may take when the server stops.
const STOPPING: Duration = Duration::from_secs(1);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not of this machine.
    #[error("[metrics] listen: nothing can listen on {address}: {why}; name another address, or \"\" for none")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        why: io::Error,
    },
    /// The system gives no more threads or files.
    #[error("[metrics] listen: the server cannot be started: {0}")]
    Start(#[from] io::Error),
}

impl Server {
    /// Answers on this address about these numbers and this health.
    ///
    /// # Errors
    /// Where nothing can listen there.
    pub fn start(address: SocketAddr, registry: Registry, health: Health) -> Result<Server, Error> {
        let listener = TcpListener::bind(address).map_err(|why| Error::Listen { address, why })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _inside = runtime.enter();
            Bounded::new(tokio::net::TcpListener::from_std(listener)?)
        };
        let stop = Arc::new(Notify::new());
        let stopping = Arc::clone(&stop);
        let serve = move || runtime.block_on(serve(listener, routes::all(registry, health), stopping));
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(serve)?;
        Ok(Server { address, stop, thread: Some(thread) })
    }

    /// Where it answers; with the port that it was given where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: Bounded, routes: axum::Router, stop: Arc<Notify>) {
    let end = Arc::new(Notify::new());
    let ended = Arc::clone(&end);
    let serving = axum::serve(listener, routes).with_graceful_shutdown(async move { ended.notified().await });
    let serving = tokio::spawn(async move { serving.await });
    stop.notified().await;
    end.notify_one();
    if tokio::time::timeout(STOPPING, serving).await.is_err() {
        tracing::debug!("a connection to the metrics was cut off, for the host stops");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // it has no more to say, whether it ended well or not
            let _ = thread.join();
        }
    }
}
