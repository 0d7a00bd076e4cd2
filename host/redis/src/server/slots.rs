//! What a server says about itself: which node has which slots, what it does where
//! memory runs out.

use crate::failure::Failure;
use crate::slot::SLOTS;
use redis::{RedisError, Value};

/// A node by host and port.
type Address = (String, u16);

/// Who has which slots.
#[derive(Debug, Default)]
pub(crate) struct Slots(Vec<(u16, u16, Address)>);

impl Slots {
    /// Reads the answer to `CLUSTER SLOTS`; a node that does not say its host is
    /// where it was asked. What is malformed is left out, so that nobody has its slots.
    pub(crate) fn read(value: &Value, asked: &Address) -> Slots {
        let Value::Array(ranges) = value else { return Slots::default() };
        let range = |range: &Value| {
            let Value::Array(parts) = range else { return None };
            let number = |at: usize| match parts.get(at) {
                Some(Value::Int(number)) => u16::try_from(*number).ok().filter(|number| *number < SLOTS),
                _ => None,
            };
            let (Some(first), Some(last), Some(Value::Array(node))) = (number(0), number(1), parts.get(2)) else {
                return None;
            };
            let host = node.first().and_then(text).filter(|host| !host.is_empty());
            let port = match node.get(1) {
                Some(Value::Int(port)) => u16::try_from(*port).ok()?,
                _ => return None,
            };
            Some((first, last, (host.unwrap_or_else(|| asked.0.clone()), port)))
        };
        Slots(ranges.iter().filter_map(range).collect())
    }

    /// The node that has a slot.
    pub(crate) fn node(&self, slot: u16) -> Option<&Address> {
        self.0.iter().find(|(first, last, _)| (*first..=*last).contains(&slot)).map(|(_, _, node)| node)
    }

    /// All nodes that have slots, each once.
    pub(crate) fn nodes(&self) -> Vec<Address> {
        let mut nodes: Vec<Address> = self.0.iter().map(|(_, _, node)| node.clone()).collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }
}

/// Where an error sends a command; without a host it is the one that was asked.
pub(crate) fn redirected(error: &RedisError, asked: &Address) -> Result<Address, Failure> {
    let malformed = || Failure::Answer("it redirects to nobody".to_owned());
    let (address, _) = error.redirect_node().ok_or_else(malformed)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(malformed)?;
    let host = if host.is_empty() { asked.0.clone() } else { host.to_owned() };
    Ok((host, port.parse().map_err(|_| malformed())?))
}

/// The policy in an answer to `CONFIG GET maxmemory-policy` or `INFO memory`.
pub(crate) fn policy(value: &Value) -> Option<String> {
    match value {
        Value::Array(pair) => pair.get(1).and_then(text),
        Value::Map(pairs) => pairs.first().and_then(|(_, policy)| text(policy)),
        value => {
            let text = text(value)?;
            let line = text.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
            line.map(|policy| policy.trim().to_owned())
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn slots_belong_to_the_first_node_of_their_range() {
        let node = |host: &str, port| Value::Array(vec![bulk(host), Value::Int(port), bulk("id")]);
        let range =
            |first, last, nodes: Vec<Value>| Value::Array([vec![Value::Int(first), Value::Int(last)], nodes].concat());
        let answer = Value::Array(vec![
            range(0, 5_460, vec![node("10.0.0.1", 7_000), node("10.0.0.9", 7_009)]),
            range(5_461, 10_922, vec![node("", 7_001)]),
            range(10_923, 99_999, vec![node("10.0.0.3", 7_002)]),
            Value::Nil,
        ]);
        let slots = Slots::read(&answer, &("asked".to_owned(), 1));
        assert_eq!(slots.node(5_460), Some(&("10.0.0.1".to_owned(), 7_000)));
        assert_eq!(slots.node(5_461), Some(&("asked".to_owned(), 7_001)));
        assert_eq!((slots.node(16_000), slots.nodes().len()), (None, 2));
    }

    #[test]
    fn a_policy_is_found_in_whatever_says_it() {
        let pair = vec![bulk("maxmemory-policy"), bulk("allkeys-lru")];
        assert_eq!(policy(&Value::Array(pair)).as_deref(), Some("allkeys-lru"));
        let info = bulk("# Memory\r\nused_memory:1\r\nmaxmemory_policy:noeviction\r\nx:1\r\n");
        assert_eq!(policy(&info).as_deref(), Some("noeviction"));
        assert_eq!((policy(&Value::Array(Vec::new())), policy(&Value::Nil)), (None, None));
    }
}
