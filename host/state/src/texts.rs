//! The texts that events hold, each kept once: an event holds a small number
//! instead. A text is freed when the last event lets go of it.

use hashbrown::HashTable;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The texts of a shard.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    held: Vec<Held>,
    /// Free places of `held`.
    free: Vec<u32>,
    ids: HashTable<u32>,
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    text: Option<Arc<str>>,
    hash: u64,
    holds: u64,
}

impl Texts {
    /// The id of a text, held once more.
    pub(crate) fn hold(&mut self, text: &str) -> u64 {
        let hash = xxh3_64(text.as_bytes());
        let held = &mut self.held;
        let is_it = |id: &u32| held.get(*id as usize).and_then(|held| held.text.as_deref()) == Some(text);
        if let Some(id) = self.ids.find(hash, is_it).copied() {
            if let Some(held) = held.get_mut(id as usize) {
                held.holds = held.holds.saturating_add(1);
            }
            return u64::from(id);
        }
        let new = Held { text: Some(Arc::from(text)), hash, holds: 1 };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = held.get_mut(id as usize) {
                    *place = new;
                }
                id
            }
            None => {
                // more than 2^32 texts do not fit into memory
                let id = held.len() as u32;
                held.push(new);
                id
            }
        };
        self.bytes = self.bytes.saturating_add(text.len());
        let held = &self.held;
        self.ids.insert_unique(hash, id, |id| held.get(*id as usize).map_or(0, |held| held.hash));
        u64::from(id)
    }

    /// One hold fewer.
    pub(crate) fn release(&mut self, id: u64) {
        let Some(held) = usize::try_from(id).ok().and_then(|id| self.held.get_mut(id)) else { return };
        held.holds = held.holds.saturating_sub(1);
        if held.holds > 0 {
            return;
        }
        if let Some(text) = held.text.take() {
            self.bytes = self.bytes.saturating_sub(text.len());
            let (hash, id) = (held.hash, id as u32);
            if let Ok(entry) = self.ids.find_entry(hash, |other| *other == id) {
                entry.remove();
            }
            self.free.push(id);
        }
    }

    /// The text of an id, while anybody holds it.
    pub(crate) fn get(&self, id: u64) -> Option<&Arc<str>> {
        self.held.get(usize::try_from(id).ok()?)?.text.as_ref()
    }

    /// How many texts are held.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The bytes of memory that they take up.
    pub(crate) fn heap_bytes(&self) -> usize {
        // an Arc has two counters before its text
        self.bytes
            + self.ids.len() * 2 * size_of::<usize>()
            + self.held.capacity() * size_of::<Held>()
            + self.free.capacity() * size_of::<u32>()
            + self.ids.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_while_it_is_held() {
        let mut texts = Texts::default();
        let (a, b) = (texts.hold("a"), texts.hold("b"));
        assert_eq!((texts.hold("a"), texts.len()), (a, 2));
        assert_ne!(a, b);
        texts.release(a);
        assert_eq!(texts.get(a).map(|text| &**text), Some("a"), "held a second time");
        texts.release(a);
        assert_eq!((texts.get(a), texts.len()), (None, 1));
        assert_eq!(texts.hold("c"), a, "its place is used again");
        assert_eq!(texts.get(a).map(|text| &**text), Some("c"));
        assert_eq!(texts.get(b).map(|text| &**text), Some("b"));
        texts.release(sandgate_window::NO_TEXT);
        assert_eq!(texts.len(), 2, "no text is not a text");
    }

    #[test]
    fn nothing_is_left_when_everybody_let_go() {
        let mut texts = Texts::default();
        let ids: Vec<_> = (0..1_000).map(|n: u32| texts.hold(&(n % 100).to_string())).collect();
        assert_eq!(texts.len(), 100);
        ids.into_iter().for_each(|id| texts.release(id));
        assert_eq!((texts.len(), texts.bytes), (0, 0));
    }
}
