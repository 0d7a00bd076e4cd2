//! The key of a series as a shard keeps it.

/// Bytes of a key that need no memory of their own: an account and a device, mostly.
const SHORT: usize = 22;

/// The bytes of a key; short ones lie inside, beside what they are the key of.
#[derive(Debug)]
pub(super) enum Key {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Key {
    pub(super) fn new(key: &[u8]) -> Key {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(key);
                Key::Short { length, bytes }
            }
            _ => Key::Long(key.into()),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Key::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Key::Long(bytes) => bytes,
        }
    }

    /// The bytes of memory beside itself.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Key::Short { .. } => 0,
            Key::Long(bytes) => bytes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_bytes_whatever_their_length() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 1_000] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(Key::new(&bytes).bytes(), bytes);
        }
        assert_eq!(size_of::<Key>(), 24);
    }
}
