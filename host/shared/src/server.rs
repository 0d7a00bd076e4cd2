//! The Redis itself: one server, or the nodes of a cluster. One call sends what is
//! asked of each node in one go and reads what all of them answer.
//!
//! The client's own pipelines are not used: behind a server that hangs they wait
//! the whole time limit for each answer anew, and those for clusters keep answers
//! in the pipe when one failed. Here a call has one deadline, and a connection whose
//! call failed is dropped. What a call does may be done twice, so after a redirection
//! all of it is sent again.

mod command;
mod slots;

pub(crate) use command::Ask;
pub(crate) use redis::Value;

use crate::config::Url;
use crate::failure::{Failure, OpenError};
use redis::{Connection, RedisError};
use slots::Slots;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a call is sent again because slots have moved.
const MOVES_MAX: u32 = 3;

/// A node by host and port.
type Address = (String, u16);

/// The server, or the cluster.
#[derive(Debug)]
pub(crate) struct Server {
    urls: Vec<Url>,
    cluster: bool,
    deadline: Duration,
    /// Connections that nobody uses.
    idle: Mutex<Vec<Link>>,
    /// Who has which slot, if it is a cluster and somebody has asked.
    slots: Mutex<Option<Arc<Slots>>>,
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

impl Server {
    pub(crate) fn new(urls: Vec<Url>, deadline: Duration) -> Server {
        let cluster = urls.len() > 1 || urls.iter().any(Url::is_cluster);
        Server { urls, cluster, deadline, idle: Mutex::default(), slots: Mutex::default() }
    }

    /// What it is called in a message: without its password.
    pub(crate) fn name(&self) -> String {
        self.urls.iter().map(Url::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Sends everything and gives back the answers to each.
    pub(crate) fn exchange(&self, asks: &[Ask]) -> Result<Vec<Vec<Value>>, Failure> {
        let until = Instant::now() + self.deadline;
        let mut link = lock(&self.idle).pop().unwrap_or_default();
        for _ in 0..=MOVES_MAX {
            match self.send(&mut link, asks, until) {
                Ok(Ended::Answered(answers)) => {
                    lock(&self.idle).push(link);
                    return Ok(answers);
                }
                Ok(Ended::Moved) => *lock(&self.slots) = None,
                Err(failure) => {
                    // a server that took over may be somewhere else
                    *lock(&self.slots) = None;
                    lock(&self.idle).clear();
                    return Err(failure);
                }
            }
        }
        Err(Failure::Answer("its slots are moving".to_owned()))
    }

    fn send(&self, link: &mut Link, asks: &[Ask], until: Instant) -> Result<Ended, Failure> {
        let slots = self.slots(link, until)?;
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
            let connection = self.connection(link, address, until)?;
            self.ready(connection, until)?;
            connection.send_packed_command(&bytes).map_err(|error| self.failed(&error))?;
        }
        let mut answers: Vec<Vec<Value>> = asks.iter().map(|ask| Vec::with_capacity(ask.commands())).collect();
        let (mut moved, mut elsewhere, mut refused) = (false, Vec::new(), None);
        for (address, of_node) in &nodes {
            let connection = self.connection(link, address, until)?;
            self.ready(connection, until)?;
            for at in of_node {
                let Some((ask, answers)) = asks.get(*at).zip(answers.get_mut(*at)) else { continue };
                for _ in 0..ask.commands() {
                    match self.receive(connection, until)? {
                        Ok(value) => answers.push(value),
                        Err(error) if error.code() == Some("MOVED") => moved = true,
                        Err(error) if error.code() == Some("ASK") => {
                            elsewhere.push((*at, slots::redirected(&error, address)));
                        }
                        // the rest is read all the same: the next call begins behind it
                        Err(error) => refused = refused.or_else(|| Some(self.failed(&error))),
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
            *answers = self.ask_elsewhere(link, ask, &address?, until)?;
        }
        Ok(if moved { Ended::Moved } else { Ended::Answered(answers) })
    }

    /// Sends what is asked of a series to the node that is about to take its slot over.
    fn ask_elsewhere(
        &self,
        link: &mut Link,
        ask: &Ask,
        address: &Address,
        until: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let connection = self.connection(link, address, until)?;
        self.ready(connection, until)?;
        connection.send_packed_command(&ask.asking()).map_err(|error| self.failed(&error))?;
        let mut answers = Vec::with_capacity(ask.commands());
        for number in 0..2 * ask.commands() {
            let value = self.receive(connection, until)?.map_err(|error| self.failed(&error))?;
            if number % 2 == 1 {
                answers.push(value);
            }
        }
        Ok(answers)
    }

    /// The next answer; the inner error is the server's, and the next answer follows it.
    fn receive(&self, connection: &mut Connection, until: Instant) -> Result<Result<Value, RedisError>, Failure> {
        let answer = connection.recv_response().map_err(|error| self.failed(&error))?;
        if Instant::now() > until {
            return Err(Failure::Deadline(self.deadline));
        }
        Ok(answer.extract_error())
    }

    /// Who has which slot; nothing of a single server.
    fn slots(&self, link: &mut Link, until: Instant) -> Result<Option<Arc<Slots>>, Failure> {
        if !self.cluster {
            return Ok(None);
        }
        let known = lock(&self.slots).clone();
        if known.is_some() {
            return Ok(known);
        }
        let mut last = Failure::Unreachable("no node is named".to_owned());
        for url in &self.urls {
            let address = url.host();
            match self.command(link, &address, &["CLUSTER", "SLOTS"], until) {
                Ok(value) => {
                    let slots = Arc::new(Slots::read(&value, &address));
                    *lock(&self.slots) = Some(Arc::clone(&slots));
                    return Ok(Some(slots));
                }
                Err(failure) => {
                    link.0.remove(&address);
                    last = failure;
                }
            }
        }
        Err(last)
    }

    fn command(&self, link: &mut Link, address: &Address, words: &[&str], until: Instant) -> Result<Value, Failure> {
        let connection = self.connection(link, address, until)?;
        self.ready(connection, until)?;
        let mut bytes = Vec::new();
        command::put(words.iter().map(|word| word.as_bytes()), &mut bytes);
        connection.send_packed_command(&bytes).map_err(|error| self.failed(&error))?;
        self.receive(connection, until)?.map_err(|error| self.failed(&error))
    }

    fn connection<'l>(
        &self,
        link: &'l mut Link,
        address: &Address,
        until: Instant,
    ) -> Result<&'l mut Connection, Failure> {
        if !link.0.contains_key(address) {
            let url = self.urls.iter().find(|url| url.host() == *address).or(self.urls.first());
            let url = url.ok_or_else(|| Failure::Unreachable("no server is named".to_owned()))?;
            let url = url.at(&address.0, address.1);
            let client = redis::Client::open(url.info().clone()).map_err(|error| self.failed(&error))?;
            let left = self.left(until)?;
            let connection = client.get_connection_with_timeout(left).map_err(|error| self.failed(&error))?;
            link.0.insert(address.clone(), connection);
        }
        link.0.get_mut(address).ok_or_else(|| Failure::Unreachable("no connection".to_owned()))
    }

    /// Has the next read and write of a connection end at the deadline.
    fn ready(&self, connection: &Connection, until: Instant) -> Result<(), Failure> {
        let left = Some(self.left(until)?);
        let set = connection.set_read_timeout(left).and_then(|()| connection.set_write_timeout(left));
        set.map_err(|error| self.failed(&error))
    }

    fn left(&self, until: Instant) -> Result<Duration, Failure> {
        let left = until.saturating_duration_since(Instant::now());
        // none at all would mean for ever
        if left < Duration::from_micros(1) { Err(Failure::Deadline(self.deadline)) } else { Ok(left) }
    }

    fn failed(&self, error: &RedisError) -> Failure {
        Failure::of(error, self.deadline)
    }

    /// How long a call may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Refuses servers that may drop what they hold; a note where one does not say.
    pub(crate) fn check(&self, within: Duration) -> Result<Option<String>, OpenError> {
        let unusable = |failure| OpenError::Unusable { address: self.name(), failure };
        let (mut link, until) = (Link::default(), Instant::now() + within);
        let nodes = match self.slots(&mut link, until).map_err(unusable)? {
            Some(slots) => slots.nodes(),
            None => self.urls.iter().map(Url::host).collect(),
        };
        let mut note = None;
        for node in nodes {
            let address = format!("{}:{}", node.0, node.1);
            let unusable = |failure| OpenError::Unusable { address: address.clone(), failure };
            match self.policy(&mut link, &node, until).map_err(unusable)? {
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

    /// What a node does where memory runs out, if it says so.
    fn policy(&self, link: &mut Link, node: &Address, until: Instant) -> Result<Option<String>, Failure> {
        for words in [&["CONFIG", "GET", "maxmemory-policy"][..], &["INFO", "memory"]] {
            match self.command(link, node, words, until) {
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
