//! A TCP proxy between a host and a server, whose manners a test can change
//! while connections are open: slow, silent, or cut.
//!
//! It knows no protocol. Clients of Kafka follow what the broker advertises, so
//! its broker has to advertise the proxy (`Own::kafka_behind_proxy`).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How a proxy treats its connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Manner {
    /// Everything passes at once.
    Pass,
    /// Each answer arrives that much later; how much flows stays the same.
    Delay(Duration),
    /// Connections are accepted and stay open, and nothing passes, in neither
    /// direction; later it passes after all.
    Silent,
    /// Open connections were cut, and new ones are closed at once.
    Refuse,
}

/// `HOST:PORT` of a URL, also of one without user and path.
pub fn address(url: &str) -> &str {
    let behind = url.rsplit_once('@').or_else(|| url.split_once("://")).map_or(url, |(_, behind)| behind);
    behind.split('/').next().unwrap_or(behind)
}

/// Chunks on their way in one direction of one connection; then its reader waits.
const WAITING_MAX: usize = 64;

/// A proxy on a port of its own, until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    manner: Manner,
    target: Option<String>,
    over: bool,
    /// Both ends of each connection, to cut them.
    open: Vec<[TcpStream; 2]>,
    accepted: usize,
}

impl Proxy {
    /// A proxy in front of a server, `HOST:PORT`.
    pub fn to(server: &str) -> Proxy {
        let proxy = Proxy::nowhere();
        proxy.lead_to(server);
        proxy
    }

    /// A proxy whose server is not known yet: until then it refuses.
    pub fn nowhere() -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|error| panic!("a port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("a port: {error}"));
        let state = State { manner: Manner::Pass, target: None, over: false, open: Vec::new(), accepted: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || accepting.accept(&listener));
        Proxy { address, shared, accepting: Some(accepting) }
    }

    /// The server that connections from now on lead to.
    pub fn lead_to(&self, server: &str) {
        self.shared.state().target = Some(server.to_owned());
    }

    /// Where it listens, as `HOST:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The URL of a server as it is through this proxy.
    pub fn through(&self, url: &str) -> String {
        url.replace(address(url), &self.address())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes its manner, for open connections too.
    pub fn set(&self, manner: Manner) {
        self.shared.state().manner = manner;
        if manner == Manner::Refuse {
            self.cut();
        }
        self.shared.changed.notify_all();
    }

    /// Cuts all open connections; new ones are welcome.
    pub fn cut(&self) {
        self.shared.state().cut();
        self.shared.changed.notify_all();
    }

    /// How many connections it has led to the server so far.
    pub fn accepted(&self) -> usize {
        self.shared.state().accepted
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        {
            let mut state = self.shared.state();
            state.over = true;
            state.cut();
        }
        self.shared.changed.notify_all();
        // wakes the thread that accepts
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl State {
    fn cut(&mut self) {
        for end in self.open.drain(..).flatten() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.state().over {
                return;
            }
            if let Ok(client) = client {
                // a server that is not there: the client sees a connection that ends
                let _ = self.lead(client);
            }
        }
    }

    fn lead(self: &Arc<Self>, client: TcpStream) -> std::io::Result<()> {
        let (target, refused) = {
            let state = self.state();
            (state.target.clone(), state.manner == Manner::Refuse)
        };
        let Some(target) = target.filter(|_| !refused) else { return Ok(()) };
        let server = TcpStream::connect(target)?;
        for end in [&client, &server] {
            end.set_nodelay(true)?;
        }
        {
            let mut state = self.state();
            state.open.retain(|[client, _]| client.peer_addr().is_ok());
            state.open.push([client.try_clone()?, server.try_clone()?]);
            state.accepted += 1;
        }
        self.pump(client.try_clone()?, server.try_clone()?, false);
        self.pump(server, client, true);
        Ok(())
    }

    /// One direction: what is read waits between two threads until it is due.
    fn pump(self: &Arc<Self>, from: TcpStream, to: TcpStream, answers: bool) {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let shared = Arc::clone(self);
        std::thread::spawn(move || read(from, &sender));
        std::thread::spawn(move || shared.write(to, &receiver, answers));
    }

    fn write(&self, mut to: TcpStream, chunks: &Receiver<(Instant, Vec<u8>)>, answers: bool) {
        for (arrived, chunk) in chunks {
            if !self.wait_until_due(arrived, answers) || to.write_all(&chunk).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    /// Waits as the manner of the moment wants it; false when the proxy is over.
    fn wait_until_due(&self, arrived: Instant, answers: bool) -> bool {
        let mut state = self.state();
        loop {
            let wait = match state.manner {
                _ if state.over => return false,
                Manner::Silent => None,
                Manner::Delay(delay) if answers => Some(delay.saturating_sub(arrived.elapsed())),
                Manner::Delay(_) | Manner::Pass | Manner::Refuse => Some(Duration::ZERO),
            };
            state = match wait {
                Some(Duration::ZERO) => return true,
                Some(wait) => self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

fn read(mut from: TcpStream, chunks: &SyncSender<(Instant, Vec<u8>)>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if chunks.send((Instant::now(), buffer[..length].to_vec())).is_err() {
            break;
        }
    }
}
