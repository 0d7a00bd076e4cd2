//! Redis between the process caches of a fleet and its database: what one host
//! has looked up, the others need not ask the database for.
//!
//! A tag is a key of its own, so that it expires by itself and a cluster spreads
//! them; a batch is one round trip all the same. It is a cache and nothing else: an
//! evicting policy, a restart or a flush cost time, never a tag.
//!
//! An entry is `NUMBER=value`, or `NUMBER-` for a name without a tag. The number is
//! that of the last change which its writer had heard of before it asked the database,
//! so that the value is at least as new. Who has heard of a later change of that name
//! does not believe it (see `knowledge`), however late it was written: an entry need
//! not be deleted in time, and no clock is asked.

use crate::database::Name;
use crate::{Error, Wanted};
use sandgate_redis::{Ask, Failure, Server, Url, Value};
use std::sync::Arc;
use std::time::Duration;

/// What all keys begin with.
const PREFIX: &str = "sandgate:tag:";

/// A Redis with tags in it.
pub struct Between {
    server: Server,
}

/// What an entry of Redis says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last change that its writer had heard of; below all of them where somebody
    /// else wrote the entry.
    pub number: i64,
    /// The value, or that there is no tag.
    pub value: Option<Arc<str>>,
}

/// What is written to Redis.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// The name.
    pub name: Wanted<'a>,
    /// Its value, or that there is no tag.
    pub value: Option<&'a str>,
    /// The last change that was heard of before the database was asked for it.
    pub number: i64,
    /// Whether it takes the place of what is there.
    pub over: bool,
}

impl Between {
    /// A Redis, or the nodes of a cluster, that nobody has connected to yet.
    pub fn new(urls: &[Url]) -> Between {
        Between { server: Server::new(urls.to_vec()) }
    }

    /// Looks up names: afterwards `found[i]` is the entry of `names[i]`, if there is one.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`.
    pub fn look_up(&self, names: &[Wanted<'_>], limit: Duration, found: &mut Vec<Option<Entry>>) -> Result<(), Error> {
        found.clear();
        let keys: Vec<String> = names.iter().map(key).collect();
        let Some(first) = keys.first() else { return Ok(()) };
        let asks: Vec<Ask> = if self.server.is_cluster() {
            keys.iter().map(|key| ask(key, [&b"GET"[..], key.as_bytes()])).collect()
        } else {
            let words: Vec<&[u8]> = [&b"MGET"[..]].into_iter().chain(keys.iter().map(String::as_bytes)).collect();
            vec![ask(first, words)]
        };
        let answers = self.exchange(&asks, limit)?.into_iter().flatten();
        for answer in answers {
            match answer {
                Value::Array(values) => found.extend(values.into_iter().map(entry)),
                value => found.push(entry(value)),
            }
        }
        // an answer of another length would answer other names
        found.resize(names.len(), None);
        Ok(())
    }

    /// Writes what the database answered, for `ttl`. Without `over` an entry that
    /// is there already stays.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`.
    pub fn put(&self, tags: &[Put<'_>], ttl: Duration, limit: Duration) -> Result<(), Error> {
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2).to_string();
        let asks = tags.iter().map(|tag| {
            let key = key(&tag.name);
            let entry = match tag.value {
                Some(value) => format!("{}={value}", tag.number),
                None => format!("{}-", tag.number),
            };
            let mut words = vec![&b"SET"[..], key.as_bytes(), entry.as_bytes(), b"PX", ttl.as_bytes()];
            if !tag.over {
                words.push(b"NX");
            }
            ask(&key, words)
        });
        let asks: Vec<Ask> = asks.collect();
        if asks.is_empty() {
            return Ok(());
        }
        self.exchange(&asks, limit).map(drop)
    }

    /// Names that the fleet has asked for lately, at most so many. Of a cluster
    /// there are none: each of its nodes would have to be walked.
    ///
    /// # Errors
    /// Where Redis does not answer within `limit`, for each part.
    pub fn lately(&self, most: usize, limit: Duration) -> Result<Vec<Name>, Error> {
        let mut names = Vec::new();
        if self.server.is_cluster() {
            return Ok(names);
        }
        let pattern = format!("{PREFIX}*");
        let mut cursor = b"0".to_vec();
        // an empty or foreign part of the keys must not keep us here for ever
        for _ in 0..most.max(1) {
            let words = [&b"SCAN"[..], &cursor, b"MATCH", pattern.as_bytes(), b"COUNT", b"1000"];
            let answer = self.exchange(&[ask(PREFIX, words)], limit)?.pop().and_then(|mut answers| answers.pop());
            let Some(Value::Array(parts)) = answer else { break };
            let [Value::BulkString(next), Value::Array(keys)] = &parts[..] else { break };
            names.extend(keys.iter().filter_map(|key| match key {
                Value::BulkString(bytes) => name(std::str::from_utf8(bytes).ok()?),
                _ => None,
            }));
            if next == b"0" || names.len() >= most {
                break;
            }
            cursor.clone_from(next);
        }
        names.truncate(most);
        Ok(names)
    }

    fn exchange(&self, asks: &[Ask], limit: Duration) -> Result<Vec<Vec<Value>>, Error> {
        self.server.exchange(asks, limit).map_err(|failure| {
            let server = format!("redis {}", self.server.name());
            match failure {
                Failure::Deadline(limit) => Error::Late { server, limit },
                Failure::Refused(said) => Error::Refused { server, said },
                Failure::Unreachable(said) | Failure::Answer(said) => Error::Unreachable { server, said },
                Failure::Open => Error::Unreachable { server, said: "it is left alone".to_owned() },
            }
        })
    }
}

/// One command about a key.
fn ask<'w>(key: &str, words: impl IntoIterator<Item = &'w [u8], IntoIter: ExactSizeIterator>) -> Ask {
    let mut ask = Ask::of(key.as_bytes());
    ask.command(words);
    ask
}

/// The key of a name. In the words `:` is escaped, so that two names never share
/// a key; the id stands last, as it is.
fn key(name: &Wanted<'_>) -> String {
    let escaped = |word: &str| word.replace('%', "%25").replace(':', "%3A");
    format!("{PREFIX}{}:{}:{}", escaped(name.entity), escaped(name.attribute), name.id)
}

/// The name of a key.
fn name(key: &str) -> Option<Name> {
    let plain = |word: &str| word.replace("%3A", ":").replace("%25", "%");
    let (entity, rest) = key.strip_prefix(PREFIX)?.split_once(':')?;
    let (attribute, id) = rest.split_once(':')?;
    Some(Name { entity: plain(entity), attribute: plain(attribute), id: id.to_owned() })
}

/// What Redis has under a key. What is none of ours is an entry that nobody
/// believes, and that is written over.
fn entry(value: Value) -> Option<Entry> {
    match value {
        Value::Nil => None,
        Value::BulkString(bytes) => Some(read(&bytes).unwrap_or(Entry::FOREIGN)),
        _ => Some(Entry::FOREIGN),
    }
}

impl Entry {
    const FOREIGN: Entry = Entry { number: i64::MIN, value: None };
}

fn read(bytes: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let value = match rest.as_bytes() {
        b"-" => None,
        [b'=', ..] if rest.len() <= crate::tag::VALUE_MAX + 1 => Some(Arc::from(&rest[1..])),
        _ => return None,
    };
    Some(Entry { number: number.parse().ok()?, value })
}

#[cfg(test)]
mod tests;
