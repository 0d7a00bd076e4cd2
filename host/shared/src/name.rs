//! What a series is called in Redis.
//!
//! ```text
//! sandgate:1:{payments:device+ip:3f0c…}
//!          │  │        │         └ the first 16 bytes of a SHA-256, in hexadecimal digits
//!          │  │        └ the fields of its key, by name
//!          │  └ the tenant
//!          └ the version of this form
//! ```
//! The hash covers tenant, fields with their kinds, and the values of the key: so a
//! name is bounded, says nothing of anybody, and no value can be made up that lands
//! in the series of another. Everything is inside of the braces: a series is one key,
//! and what is done to it happens on one node of a cluster.

use sandgate_model::Kind;
use sandgate_window::key;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The most bytes of a tenant's name or of the names of fields, as they are shown.
const SHOWN_MAX: usize = 64;

/// What the names of a family have in common.
#[derive(Clone, Debug)]
pub(crate) struct Naming {
    front: String,
    seed: Vec<u8>,
    /// The kinds of the key's parts, in the order in which keys hold them.
    kinds: Vec<Kind>,
    /// Which part comes when, by the names of the fields; empty where it is that order.
    order: Vec<usize>,
}

impl Naming {
    /// The names of the series of a tenant by these fields, as their keys hold them.
    pub(crate) fn new(tenant: &str, by: &[(&str, Kind)]) -> Naming {
        let mut order: Vec<usize> = (0..by.len()).collect();
        // which one is first is a matter of the policies: hosts may have others
        order.sort_by_key(|part| by.get(*part).map(|(name, _)| *name));
        let sorted = || order.iter().filter_map(|part| by.get(*part));
        let names: Vec<&str> = sorted().map(|(name, _)| *name).collect();
        let mut seed = Vec::new();
        for text in [tenant.to_owned()].into_iter().chain(sorted().map(|(name, kind)| format!("{name}:{kind}"))) {
            sandgate_model::varint::bytes(text.as_bytes(), &mut seed);
        }
        let front = format!("sandgate:1:{{{}:{}:", shown(tenant), shown(&names.join("+")));
        let order = if order.is_sorted() { Vec::new() } else { order };
        Naming { front, seed, kinds: by.iter().map(|(_, kind)| *kind).collect(), order }
    }

    /// The name of the series of a key.
    pub(crate) fn name(&self, key: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new_with_prefix(&self.seed);
        match self.ordered(key) {
            Some(ordered) => hash.update(ordered),
            None => hash.update(key),
        }
        let mut name = self.front.clone();
        for byte in hash.finalize().iter().take(16) {
            // writing to a text cannot fail
            let _ = write!(name, "{byte:02x}");
        }
        name.push('}');
        name.into_bytes()
    }

    /// The parts of a key in the order of their fields' names, where that is another one.
    fn ordered(&self, key: &[u8]) -> Option<Vec<u8>> {
        if self.order.is_empty() {
            return None;
        }
        let parts = key::decode(key, &self.kinds).ok()?;
        let mut ordered = Vec::with_capacity(key.len());
        for part in &self.order {
            key::push(&mut ordered, *parts.get(*part)?).ok()?;
        }
        Some(ordered)
    }
}

/// The first bytes of the hash of a text.
pub(crate) fn tag(text: &str) -> [u8; 4] {
    let hash = Sha256::digest(text.as_bytes());
    hash.first_chunk().copied().unwrap_or_default()
}

/// A text as a part of a name: letters, digits and a few signs, and not too long;
/// the hash behind it tells apart what looks alike.
fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "+-_.".contains(c) { c } else { '_' };
    text.chars().take(SHOWN_MAX).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandgate_model::Value;

    fn key(values: &[Value<&str>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| key::push(&mut bytes, *value).unwrap());
        bytes
    }

    fn name(tenant: &str, by: &[(&str, Kind)], values: &[Value<&str>]) -> String {
        String::from_utf8(Naming::new(tenant, by).name(&key(values))).unwrap()
    }

    #[test]
    fn a_name_stays_as_it_is_whatever_the_order_of_the_fields() {
        let text = Kind::Text;
        let one = name("payments", &[("device", text)], &[Value::Text("d1")]);
        assert_eq!(one, "sandgate:1:{payments:device:0c95d42706dd6d1760150f319649df51}");
        let (device, ip) = (("device", text), ("ip", text));
        let [d, i] = [Value::Text("d1"), Value::Text("10.0.0.1")];
        assert_eq!(name("payments", &[device, ip], &[d, i]), name("payments", &[ip, device], &[i, d]));
        assert_ne!(name("payments", &[device, ip], &[d, i]), name("payments", &[device, ip], &[i, d]));
    }

    #[test]
    fn a_name_is_bounded_and_tells_apart_what_looks_alike() {
        let text = Kind::Text;
        let long = "x".repeat(900);
        let names = [
            name("a b", &[("device", text)], &[Value::Text(&long)]),
            name("a_b", &[("device", text)], &[Value::Text(&long)]),
            name("a}b", &[("device", text)], &[Value::Text(&long)]),
            name("a b", &[(&long, text)], &[Value::Text("x")]),
            name("a b", &[("device", Kind::Integer)], &[Value::Integer(1)]),
            name("a b", &[("device", Kind::Instant)], &[Value::Integer(1)]),
        ];
        for (at, name) in names.iter().enumerate() {
            assert!(name.len() < 200 && !names[..at].contains(name), "{name}");
            assert_eq!(name.matches(['{', '}']).count(), 2, "{name}");
        }
    }
}
