//! Files and folders in memory: as they are, and as a crash would leave them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng as _;
use std::collections::BTreeMap;

/// A number below a bound.
pub(super) fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

#[derive(Clone)]
pub(super) enum Node {
    File { now: Vec<u8>, synced: Vec<u8> },
    Folder { now: BTreeMap<String, usize>, synced: BTreeMap<String, usize>, since: Vec<Change> },
}

#[derive(Clone)]
pub(super) enum Change {
    Add(String, usize),
    Remove(String),
    Rename(String, String, usize),
}

impl Change {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Change::Add(name, node) => {
                names.insert(name.clone(), *node);
            }
            Change::Remove(name) => {
                names.remove(name);
            }
            Change::Rename(from, to, node) => {
                if names.get(from) == Some(node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
        }
    }
}

impl Node {
    pub(super) fn file() -> Node {
        Node::File { now: Vec::new(), synced: Vec::new() }
    }

    pub(super) fn folder() -> Node {
        Node::Folder { now: BTreeMap::new(), synced: BTreeMap::new(), since: Vec::new() }
    }

    pub(super) fn sync(&mut self) {
        match self {
            Node::File { now, synced } => synced.clone_from(now),
            Node::Folder { now, synced, since } => {
                synced.clone_from(now);
                since.clear();
            }
        }
    }

    /// What a crash leaves of a node.
    pub(super) fn survivor(&self, random: &mut ChaCha8Rng) -> Node {
        match self {
            Node::File { now, synced } => {
                let mut left = synced.clone();
                let added = now.strip_prefix(&synced[..]).unwrap_or_default();
                let kept = below(random, added.len() + 1);
                left.extend_from_slice(&added[..kept]);
                match below(random, 4) {
                    0 => {}
                    1 => left.extend_from_slice(&added[kept..]),
                    2 => left.resize(left.len() + added.len() - kept, 0),
                    _ => left.extend((kept..added.len()).map(|_| random.next_u64() as u8)),
                }
                Node::File { now: left.clone(), synced: left }
            }
            Node::Folder { synced, since, .. } => {
                let mut names = synced.clone();
                for change in since {
                    if below(random, 3) > 0 {
                        change.apply(&mut names);
                    }
                }
                Node::Folder { now: names.clone(), synced: names, since: Vec::new() }
            }
        }
    }
}
