//! The Redis itself: one server, or the nodes of a cluster. One call sends what is
//! asked of each node in one go and reads what all of them answer.
//!
//! The client's own pipelines are not used: behind a server that hangs they wait
//! the whole time limit for each answer anew, and those for clusters keep answers
//! in the pipe when one failed. Here a call has one deadline, and a connection whose
//! call failed is dropped. What a call does may be done twice, so after a redirection
//! all of it is sent again.
//!
//! Connecting happens on a thread of its own, because looking up a host's name knows
//! no time-out. Where one connection is found dead, those that nobody uses are dropped
//! with it: a server that was restarted has closed them all.

mod command;
mod slots;

pub use command::Ask;

use crate::failure::Failure;
use crate::url::Url;
use redis::{Client, Connection, RedisError, Value};
use slots::Slots;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a call is sent again because slots have moved.
const MOVES_MAX: u32 = 3;
/// Most threads that try to connect at once.
const CONNECTING_MAX: usize = 8;
/// Most connections that are kept while nobody uses them.
const IDLE_MAX: usize = 256;

/// A node's address, and what it does where memory runs out, if it says so.
pub type Policy = (String, Option<String>);

/// A node by host and port.
type Address = (String, u16);

/// The server, or the cluster.
#[derive(Debug)]
pub struct Server {
    urls: Vec<Url>,
    cluster: bool,
    /// Connections that nobody uses.
    idle: Arc<Mutex<Vec<Link>>>,
    /// Threads that try to connect.
    connecting: Arc<AtomicUsize>,
    known: Mutex<Known>,
}

/// What is known of a cluster.
#[derive(Debug, Default)]
struct Known {
    /// Who has which slot, if somebody has asked and nothing has moved since.
    slots: Option<Arc<Slots>>,
    /// The nodes as they were last told: one of them knows the slots where those
    /// that the configuration names are gone.
    nodes: Vec<Address>,
}

/// Connections, one for each node.
#[derive(Default)]
struct Link(HashMap<Address, Connection>);

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How a call ended that did not fail.
enum Ended {
    Answered(Vec<Vec<Value>>),
    /// A slot is elsewhere by now.
    Moved,
}

/// When a call has to be over.
#[derive(Clone, Copy)]
struct Time {
    until: Instant,
    limit: Duration,
}

impl Time {
    /// A limit that no clock can reach is one of an hour.
    fn of(limit: Duration) -> Time {
        const LONGEST: Duration = Duration::from_secs(3_600);
        let limit = limit.min(LONGEST);
        Time { until: Instant::now() + limit, limit }
    }

    fn left(self) -> Result<Duration, Failure> {
        let left = self.until.saturating_duration_since(Instant::now());
        // none at all would mean for ever
        if left < Duration::from_micros(1) { Err(Failure::Deadline(self.limit)) } else { Ok(left) }
    }

    /// A fair part of what is left, so that a silent node leaves time to ask others.
    fn part(self, parts: usize) -> Time {
        let now = Instant::now();
        let left = self.until.saturating_duration_since(now);
        Time { until: now + left / u32::try_from(parts).unwrap_or(u32::MAX).max(1), ..self }
    }

    fn failed(self, error: &RedisError) -> Failure {
        Failure::of(error, self.limit)
    }

    /// Has the next read and write of a connection end at the deadline.
    fn bound(self, connection: &Connection) -> Result<(), Failure> {
        let left = Some(self.left()?);
        let set = connection.set_read_timeout(left).and_then(|()| connection.set_write_timeout(left));
        set.map_err(|error| self.failed(&error))
    }

    /// The next answer; the inner error is the server's, and the next answer follows it.
    fn receive(self, connection: &mut Connection) -> Result<Result<Value, RedisError>, Failure> {
        let answer = connection.recv_response().map_err(|error| self.failed(&error))?;
        if Instant::now() > self.until {
            return Err(Failure::Deadline(self.limit));
        }
        Ok(answer.extract_error())
    }
}

impl Server {
    /// A Redis that nobody has connected to yet. Several URLs are nodes of a cluster.
    pub fn new(urls: Vec<Url>) -> Server {
        let cluster = urls.len() > 1 || urls.iter().any(Url::is_cluster);
        Server { urls, cluster, idle: Arc::default(), connecting: Arc::default(), known: Mutex::default() }
    }

    /// What it is called in a message: without its password.
    pub fn name(&self) -> String {
        self.urls.iter().map(Url::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Whether keys are spread over nodes, so that one command cannot name several.
    pub fn is_cluster(&self) -> bool {
        self.cluster
    }

    /// Sends everything and gives back the answers to each, within `limit`: connecting,
    /// sending and every answer share it.
    ///
    /// # Errors
    /// The first failure; what was sent may have been done all the same.
    pub fn exchange(&self, asks: &[Ask], limit: Duration) -> Result<Vec<Vec<Value>>, Failure> {
        let time = Time::of(limit);
        let mut link = lock(&self.idle).pop().unwrap_or_default();
        for _ in 0..=MOVES_MAX {
            match self.send(&mut link, asks, time) {
                Ok(Ended::Answered(answers)) => {
                    keep(&self.idle, link);
                    return Ok(answers);
                }
                Ok(Ended::Moved) => lock(&self.known).slots = None,
                Err(failure) => {
                    // a server that took over may be somewhere else
                    lock(&self.known).slots = None;
                    if matches!(failure, Failure::Unreachable(_) | Failure::Deadline(_)) {
                        // what is found dead here is dead there too
                        lock(&self.idle).clear();
                    }
                    return Err(failure);
                }
            }
        }
        Err(Failure::Answer("its slots are moving".to_owned()))
    }

    fn send(&self, link: &mut Link, asks: &[Ask], time: Time) -> Result<Ended, Failure> {
        let slots = self.slots(link, time)?;
        let mut nodes: Vec<(Address, Vec<usize>)> = Vec::new();
        for (at, ask) in asks.iter().enumerate() {
            let address = match &slots {
                Some(slots) => slots.node(ask.slot()).cloned(),
                None => self.urls.first().map(Url::host),
            };
            let address = address.ok_or_else(|| Failure::Answer("nobody has some of its slots".to_owned()))?;
            match nodes.iter_mut().find(|(node, _)| *node == address) {
                Some((_, asks)) => asks.push(at),
                None => nodes.push((address, vec![at])),
            }
        }
        for (address, of_node) in &nodes {
            let mut bytes = Vec::new();
            of_node.iter().filter_map(|at| asks.get(*at)).for_each(|ask| bytes.extend_from_slice(ask.bytes()));
            let connection = self.connection(link, address, time)?;
            time.bound(connection)?;
            connection.send_packed_command(&bytes).map_err(|error| time.failed(&error))?;
        }
        let mut answers: Vec<Vec<Value>> = asks.iter().map(|ask| Vec::with_capacity(ask.commands())).collect();
        let (mut moved, mut elsewhere, mut refused) = (false, Vec::new(), None);
        for (address, of_node) in &nodes {
            let connection = self.connection(link, address, time)?;
            time.bound(connection)?;
            for at in of_node {
                let Some((ask, answers)) = asks.get(*at).zip(answers.get_mut(*at)) else { continue };
                for _ in 0..ask.commands() {
                    match time.receive(connection)? {
                        Ok(value) => answers.push(value),
                        Err(error) if error.code() == Some("MOVED") => moved = true,
                        Err(error) if error.code() == Some("ASK") => {
                            elsewhere.push((*at, slots::redirected(&error, address)));
                        }
                        // the rest is read all the same: the next call begins behind it
                        Err(error) => refused = refused.or_else(|| Some(time.failed(&error))),
                    }
                }
            }
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        elsewhere.dedup_by_key(|(at, _)| *at);
        for (at, address) in elsewhere {
            let (Some(ask), Some(answers)) = (asks.get(at), answers.get_mut(at)) else { continue };
            *answers = self.ask_elsewhere(link, ask, &address?, time)?;
        }
        Ok(if moved { Ended::Moved } else { Ended::Answered(answers) })
    }

    /// Sends what is asked of a series to the node that is about to take its slot over.
    fn ask_elsewhere(&self, link: &mut Link, ask: &Ask, address: &Address, time: Time) -> Result<Vec<Value>, Failure> {
        let connection = self.connection(link, address, time)?;
        time.bound(connection)?;
        connection.send_packed_command(&ask.asking()).map_err(|error| time.failed(&error))?;
        let mut answers = Vec::with_capacity(ask.commands());
        for number in 0..2 * ask.commands() {
            let value = time.receive(connection)?.map_err(|error| time.failed(&error))?;
            if number % 2 == 1 {
                answers.push(value);
            }
        }
        Ok(answers)
    }

    /// Who has which slot; nothing of a single server.
    fn slots(&self, link: &mut Link, time: Time) -> Result<Option<Arc<Slots>>, Failure> {
        if !self.cluster {
            return Ok(None);
        }
        let mut nodes: Vec<Address> = self.urls.iter().map(Url::host).collect();
        {
            let known = lock(&self.known);
            if known.slots.is_some() {
                return Ok(known.slots.clone());
            }
            let others: Vec<Address> = known.nodes.iter().filter(|node| !nodes.contains(node)).cloned().collect();
            nodes.extend(others);
        }
        let mut last = Failure::Unreachable("no node is named".to_owned());
        for (at, address) in nodes.iter().enumerate() {
            match self.command(link, address, &["CLUSTER", "SLOTS"], time.part(nodes.len() - at)) {
                Ok(value) => {
                    let slots = Arc::new(Slots::read(&value, address));
                    *lock(&self.known) = Known { slots: Some(Arc::clone(&slots)), nodes: slots.nodes() };
                    return Ok(Some(slots));
                }
                Err(failure) => {
                    link.0.remove(address);
                    last = failure;
                }
            }
        }
        Err(last)
    }

    fn command(&self, link: &mut Link, address: &Address, words: &[&str], time: Time) -> Result<Value, Failure> {
        let connection = self.connection(link, address, time)?;
        time.bound(connection)?;
        let mut bytes = Vec::new();
        command::put(words.iter().map(|word| word.as_bytes()), &mut bytes);
        connection.send_packed_command(&bytes).map_err(|error| time.failed(&error))?;
        time.receive(connection)?.map_err(|error| time.failed(&error))
    }

    fn connection<'l>(&self, link: &'l mut Link, address: &Address, time: Time) -> Result<&'l mut Connection, Failure> {
        if !link.0.contains_key(address) {
            let url = self.urls.iter().find(|url| url.host() == *address).or(self.urls.first());
            let url = url.ok_or_else(|| Failure::Unreachable("no server is named".to_owned()))?;
            let url = url.at(&address.0, address.1);
            let client = Client::open(url.info().clone()).map_err(|error| time.failed(&error))?;
            link.0.insert(address.clone(), self.connect(client, address, time)?);
        }
        link.0.get_mut(address).ok_or_else(|| Failure::Unreachable("no connection".to_owned()))
    }

    /// Connects on a thread of its own. A connection that comes too late is kept for
    /// the next who asks.
    fn connect(&self, client: Client, address: &Address, time: Time) -> Result<Connection, Failure> {
        let left = time.left()?;
        if self.connecting.fetch_add(1, Ordering::AcqRel) >= CONNECTING_MAX {
            self.connecting.fetch_sub(1, Ordering::AcqRel);
            return Err(Failure::Deadline(time.limit));
        }
        let (sender, receiver) = sync_channel(0);
        let (address, idle, connecting) = (address.clone(), Arc::clone(&self.idle), Arc::clone(&self.connecting));
        let work = move || {
            let connected = client.get_connection_with_timeout(left);
            connecting.fetch_sub(1, Ordering::AcqRel);
            if let Err(unheard) = sender.send(connected)
                && let Ok(connection) = unheard.0
            {
                keep(&idle, Link(HashMap::from([(address, connection)])));
            }
        };
        if let Err(error) = std::thread::Builder::new().name("redis-connect".to_owned()).spawn(work) {
            self.connecting.fetch_sub(1, Ordering::AcqRel);
            return Err(Failure::Unreachable(error.to_string()));
        }
        let connected = receiver.recv_timeout(left).map_err(|_| Failure::Deadline(time.limit))?;
        connected.map_err(|error| time.failed(&error))
    }

    /// What each node does where memory runs out.
    ///
    /// # Errors
    /// Who could not be asked, and why.
    pub fn policies(&self, limit: Duration) -> Result<Vec<Policy>, (String, Failure)> {
        let (mut link, time) = (Link::default(), Time::of(limit));
        let nodes = match self.slots(&mut link, time).map_err(|failure| (self.name(), failure))? {
            Some(slots) => slots.nodes(),
            None => self.urls.iter().map(Url::host).collect(),
        };
        let policy = |node: &Address| {
            let address = format!("{}:{}", node.0, node.1);
            match self.policy(&mut link, node, time) {
                Ok(policy) => Ok((address, policy)),
                Err(failure) => Err((address, failure)),
            }
        };
        nodes.iter().map(policy).collect()
    }

    fn policy(&self, link: &mut Link, node: &Address, time: Time) -> Result<Option<String>, Failure> {
        for words in [&["CONFIG", "GET", "maxmemory-policy"][..], &["INFO", "memory"]] {
            match self.command(link, node, words, time) {
                Ok(value) => {
                    if let Some(policy) = slots::policy(&value) {
                        return Ok(Some(policy));
                    }
                }
                // it is there, and keeps that to itself
                Err(Failure::Answer(_)) => {}
                Err(Failure::Refused(said)) if said.starts_with("NOPERM") => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }
}

fn keep(idle: &Mutex<Vec<Link>>, link: Link) {
    let mut idle = lock(idle);
    if idle.len() < IDLE_MAX {
        idle.push(link);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
