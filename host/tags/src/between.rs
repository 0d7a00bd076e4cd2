//! Redis between the process caches of a fleet and its database: what one host
//! has looked up, the others need not ask the database for.
//!
//! A tag is a key of its own, so that it expires by itself and a cluster spreads
//! them; a batch is one round trip all the same. The value begins with `=`, or is
//! `-` for a name without a tag. It is a cache and nothing else: an evicting
//! policy, a restart or a flush cost time, never a tag.
//!
//! The client blocks, because so does the thread that asks; its sockets have the
//! deadline as their time-out. Connecting happens on a thread of its own, because
//! looking up a host's name knows no time-out.

use crate::{Address, Error, Wanted};
use redis::cluster::{ClusterClient, ClusterConnection, cluster_pipe};
use redis::{Client, Cmd, Connection, Pipeline, RedisError, RedisResult, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Schemes of one server or a replica set, without and with TLS.
const SINGLE: [&str; 2] = ["redis", "rediss"];
/// Schemes of a cluster, of which any node is named.
const CLUSTER: [&str; 2] = ["redis+cluster", "rediss+cluster"];
/// Most threads that try to connect at once.
const CONNECTING_MAX: usize = 8;
/// What all keys begin with.
const PREFIX: &str = "sandgate:tag:";

/// A Redis, with a connection for each thread that asks at the same time.
pub struct Between {
    address: Address,
    client: Arc<Kind>,
    idle: Arc<Mutex<Vec<Session>>>,
    connecting: Arc<AtomicUsize>,
}

/// How it is connected to.
enum Kind {
    Single(Client),
    Cluster(ClusterClient),
}

enum Session {
    Single(Connection),
    Cluster(Box<ClusterConnection>),
}

/// What Redis knows of a name: nothing, or an answer.
pub type Known = Option<Option<Arc<str>>>;

impl Between {
    /// Reads the address of a Redis: `redis://`, `rediss://` with TLS, or a
    /// cluster's `redis+cluster://` and `rediss+cluster://`.
    pub fn parse(text: &str) -> Option<Address> {
        let address = Address::parse(text, &SINGLE).or_else(|| Address::parse(text, &CLUSTER))?;
        Between::new(&address).is_ok().then_some(address)
    }

    /// A Redis that nobody has connected to yet.
    ///
    /// # Errors
    /// Where the address makes no sense.
    pub fn new(address: &Address) -> Result<Between, Error> {
        let url = address.url();
        let client = match url.split_once("+cluster") {
            Some((scheme, rest)) if SINGLE.contains(&scheme) => {
                ClusterClient::new(vec![format!("{scheme}{rest}")]).map(Kind::Cluster)
            }
            _ => Client::open(url).map(Kind::Single),
        };
        let client = client.map_err(|error| failed(address, Duration::ZERO, &error))?;
        Ok(Between {
            address: address.clone(),
            client: Arc::new(client),
            idle: Arc::default(),
            connecting: Arc::default(),
        })
    }

    /// Looks up names: afterwards `found[i]` says what is known of `names[i]`.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`.
    pub fn look_up(&self, names: &[Wanted<'_>], limit: Duration, found: &mut Vec<Known>) -> Result<(), Error> {
        let values: Vec<Option<Vec<u8>>> = self.with(limit, |session| match session {
            Session::Single(connection) => {
                let mut command = redis::cmd("MGET");
                command.arg(names.iter().map(key).collect::<Vec<_>>());
                command.query(connection)
            }
            Session::Cluster(connection) => {
                let mut pipe = cluster_pipe();
                for name in names {
                    pipe.get(key(name));
                }
                pipe.query(connection)
            }
        })?;
        found.clear();
        found.extend(values.into_iter().map(|value| value.as_deref().and_then(read)));
        // an answer of another length would answer other names
        found.resize(names.len(), None);
        Ok(())
    }

    /// Writes what the database answered, for `ttl`. Without `over` an entry that
    /// is there already stays: it is at least as new.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`.
    pub fn put(&self, tags: &[Put<'_>], ttl: Duration, limit: Duration) -> Result<(), Error> {
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2);
        let commands = tags.iter().map(|tag| {
            let mut command = redis::cmd("SET");
            let value = tag.value.map_or("-".to_owned(), |value| format!("={value}"));
            command.arg(key(&tag.name)).arg(value).arg("PX").arg(ttl);
            if !tag.over {
                command.arg("NX");
            }
            command
        });
        self.run(commands.collect(), limit)
    }

    /// Takes names out.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`.
    pub fn remove(&self, names: &[Wanted<'_>], limit: Duration) -> Result<(), Error> {
        let commands = names.iter().map(|name| {
            let mut command = redis::cmd("UNLINK");
            command.arg(key(name));
            command
        });
        self.run(commands.collect(), limit)
    }

    /// Names that the fleet has asked for lately, at most so many. Of a cluster
    /// there are none: each of its nodes would have to be walked.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`, for each part.
    pub fn lately(&self, most: usize, limit: Duration) -> Result<Vec<crate::database::Name>, Error> {
        let mut names = Vec::new();
        let mut cursor = 0_u64;
        // an empty or foreign part of the keys must not keep us here for ever
        for _ in 0..most.max(1) {
            let (next, keys): (u64, Vec<String>) = self.with(limit, |session| match session {
                Session::Single(connection) => {
                    let pattern = format!("{PREFIX}*");
                    redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1_000).query(connection)
                }
                Session::Cluster(_) => Ok((0, Vec::new())),
            })?;
            names.extend(keys.iter().filter_map(|key| name(key)));
            cursor = next;
            if cursor == 0 || names.len() >= most {
                break;
            }
        }
        names.truncate(most);
        Ok(names)
    }

    fn run(&self, commands: Vec<Cmd>, limit: Duration) -> Result<(), Error> {
        if commands.is_empty() {
            return Ok(());
        }
        self.with(limit, |session| match session {
            Session::Single(connection) => {
                let mut pipe = Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipe.add_command(command);
                }
                pipe.query::<Value>(connection).map(drop)
            }
            Session::Cluster(connection) => {
                let mut pipe = cluster_pipe();
                for command in commands {
                    pipe.add_command(command);
                }
                pipe.query::<Value>(connection).map(drop)
            }
        })
    }

    /// Does something with a session of this thread's own. One that failed is
    /// dropped: what it has not answered yet would answer the next question.
    fn with<T>(&self, limit: Duration, work: impl FnOnce(&mut Session) -> RedisResult<T>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = idle.map_or_else(|| self.connect(limit), Ok)?;
        let done = session.limit(limit).and_then(|()| work(&mut session));
        let done = done.map_err(|error| failed(&self.address, limit, &error))?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        Ok(done)
    }

    /// Connects on a thread of its own. A connection that comes too late is kept
    /// for the next who asks.
    fn connect(&self, limit: Duration) -> Result<Session, Error> {
        let late = || Error::Late { server: self.address.to_string(), limit };
        if self.connecting.fetch_add(1, Ordering::AcqRel) >= CONNECTING_MAX {
            self.connecting.fetch_sub(1, Ordering::AcqRel);
            return Err(late());
        }
        let (sender, receiver) = sync_channel(0);
        let (client, idle, connecting) =
            (Arc::clone(&self.client), Arc::clone(&self.idle), Arc::clone(&self.connecting));
        let work = move || {
            let session = client.connect(limit);
            connecting.fetch_sub(1, Ordering::AcqRel);
            if let Err(unheard) = sender.send(session)
                && let Ok(session) = unheard.0
            {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
            }
        };
        let spawned = std::thread::Builder::new().name("tags-redis-connect".to_owned()).spawn(work);
        if let Err(error) = spawned {
            self.connecting.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::Unreachable { server: self.address.to_string(), said: error.to_string() });
        }
        let session = receiver.recv_timeout(limit).map_err(|_| late())?;
        session.map_err(|error| failed(&self.address, limit, &error))
    }
}

/// What is written to Redis.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// The name.
    pub name: Wanted<'a>,
    /// Its value, or that there is no tag.
    pub value: Option<&'a str>,
    /// Whether it takes the place of what is there.
    pub over: bool,
}

impl Kind {
    fn connect(&self, limit: Duration) -> RedisResult<Session> {
        match self {
            Kind::Single(client) => client.get_connection_with_timeout(limit).map(Session::Single),
            Kind::Cluster(client) => client.get_connection().map(|connection| Session::Cluster(Box::new(connection))),
        }
    }
}

impl Session {
    fn limit(&self, limit: Duration) -> RedisResult<()> {
        // a time-out of zero would mean none
        let limit = Some(limit.max(Duration::from_millis(1)));
        match self {
            Session::Single(connection) => {
                connection.set_write_timeout(limit)?;
                connection.set_read_timeout(limit)
            }
            Session::Cluster(connection) => {
                connection.set_write_timeout(limit)?;
                connection.set_read_timeout(limit)
            }
        }
    }
}

/// The key of a name. In the words `:` is escaped, so that two names never share
/// a key; the id stands last, as it is.
fn key(name: &Wanted<'_>) -> String {
    let escaped = |word: &str| word.replace('%', "%25").replace(':', "%3A");
    format!("{PREFIX}{}:{}:{}", escaped(name.entity), escaped(name.attribute), name.id)
}

/// The name of a key.
fn name(key: &str) -> Option<crate::database::Name> {
    let plain = |word: &str| word.replace("%3A", ":").replace("%25", "%");
    let (entity, rest) = key.strip_prefix(PREFIX)?.split_once(':')?;
    let (attribute, id) = rest.split_once(':')?;
    Some(crate::database::Name { entity: plain(entity), attribute: plain(attribute), id: id.to_owned() })
}

/// What an entry says; nothing if somebody else wrote it.
fn read(entry: &[u8]) -> Known {
    match entry {
        b"-" => Some(None),
        [b'=', value @ ..] if value.len() <= crate::tag::VALUE_MAX => {
            Some(Some(Arc::from(std::str::from_utf8(value).ok()?)))
        }
        _ => None,
    }
}

/// Why Redis would not do something. Its client puts no password into an error.
fn failed(address: &Address, limit: Duration, error: &RedisError) -> Error {
    let server = address.to_string();
    if error.is_timeout() {
        return Error::Late { server, limit };
    }
    let said = error.to_string();
    let refused = error.kind() == redis::ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
        || ["NOAUTH", "WRONGPASS", "NOPERM"].iter().any(|code| said.contains(code));
    if refused { Error::Refused { server, said } } else { Error::Unreachable { server, said } }
}

#[cfg(test)]
mod tests;
