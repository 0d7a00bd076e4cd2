//! The admin API: what tenants run, over HTTP, for whoever has a token.
//!
//! One thread, one small runtime, and a few threads that may wait: for the registry, and
//! for what compiles and replays. Whoever is not let in costs one question to the
//! registry at most, and everything that comes from outside is bounded: connections,
//! heads, bodies, times, requests of a token, failed logins of an address.
//!
//! The table of `routes` is all there is: the router and the OpenAPI document are made
//! of it. How a policy set is made ready is not known here; a [`Desk`] does that.

mod change;
pub mod desk;
mod doors;
mod gate;
mod openapi;
mod problem;
mod read;
mod route;
mod routes;
mod sent;
mod serve;
mod shapes;
#[cfg(test)]
mod tests;
mod tls;

pub use desk::Desk;
pub use tls::Tls;

use gate::Gate;
use sandgate_control::Registry;
use sandgate_metrics::Counters;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tls::Certificates;
use tokio::sync::{Semaphore, watch};

/// Requests at a time that ask the registry.
const QUICK_MAX: usize = 4;
/// Requests at a time that compile, replay or verify: they take whole cores, and the
/// host has other work.
const SLOW_MAX: usize = 1;
/// How long answers that are under way may take when the server stops.
const STOPPING: Duration = Duration::from_secs(5);

/// Where and for whom it answers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub address: SocketAddr,
    /// With which certificate; none for plain HTTP.
    pub tls: Option<Tls>,
    /// Requests of one token in a second.
    pub rate: u32,
}

/// What the API works on.
pub struct Parts {
    /// What tenants run.
    pub registry: Arc<Registry>,
    /// Who makes things ready.
    pub desk: Arc<dyn Desk>,
    /// The time, in milliseconds since 1970.
    pub clock: fn() -> i64,
    /// Where requests are counted.
    pub metrics: sandgate_metrics::Registry,
}

/// A server that runs until it is dropped.
pub struct Admin {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not of this machine.
    #[error("[admin] listen: nothing can listen on {address}: {why}; name another address")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        why: io::Error,
    },
    /// A file for TLS cannot be used.
    #[error("[admin] tls: {} cannot be used: {why}; both files must be PEM and fit each other", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system gives no more threads or files.
    #[error("[admin] listen: the server cannot be started: {0}")]
    Start(#[from] io::Error),
}

/// What all requests share.
struct Room {
    registry: Arc<Registry>,
    desk: Arc<dyn Desk>,
    clock: fn() -> i64,
    gate: Gate,
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    requests: Counters<2>,
}

impl Admin {
    /// Begins to answer.
    ///
    /// # Errors
    /// Where nothing can listen there, or the certificate cannot be used.
    pub fn start(settings: &Settings, parts: Parts) -> Result<Admin, Error> {
        let address = settings.address;
        let listener = TcpListener::bind(address).map_err(|why| Error::Listen { address, why })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let certificates = settings.tls.clone().map(Certificates::of).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(QUICK_MAX + SLOW_MAX)
            .thread_name("admin")
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let what = "Requests to the admin API, by route and status of the answer";
        let room = Arc::new(Room {
            registry: parts.registry,
            desk: parts.desk,
            clock: parts.clock,
            gate: Gate::new(settings.rate),
            quick: Arc::new(Semaphore::new(QUICK_MAX)),
            slow: Arc::new(Semaphore::new(SLOW_MAX)),
            requests: parts.metrics.counters("admin_requests", what, ["route", "status"]),
        });
        let (stop, mut stopping) = watch::channel(false);
        let work = move || {
            runtime.block_on(async {
                let doors = doors::open(listener, certificates, serve::router(&room), stopping.clone());
                let doors = tokio::spawn(doors);
                // an error says that the sender is gone, which is the end as well
                let _told = stopping.wait_for(|stop| *stop).await;
                if tokio::time::timeout(STOPPING, doors).await.is_err() {
                    tracing::debug!("a connection to the admin API was cut off, for the host stops");
                }
            });
            // a change that is under way is one commit: it is made or not
            runtime.shutdown_timeout(STOPPING);
        };
        let thread = std::thread::Builder::new().name("admin".to_owned()).spawn(work)?;
        Ok(Admin { address, stop, thread: Some(thread) })
    }

    /// Where it answers; with the port that it was given where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // it has no more to say, whether it ended well or not
            let _ = thread.join();
        }
    }
}
