//! Commands as bytes. Nothing of the client is used for it: a batch has some
//! hundred of them, whose words are bytes already.

use crate::slot::slot;

/// What is asked of one key.
#[derive(Debug)]
pub struct Ask {
    slot: u16,
    bytes: Vec<u8>,
    /// Where each command ends.
    ends: Vec<usize>,
}

impl Ask {
    /// Nothing yet, of this key.
    pub fn of(key: &[u8]) -> Ask {
        Ask { slot: slot(key), bytes: Vec::new(), ends: Vec::new() }
    }

    /// One more command.
    pub fn command<'w>(&mut self, words: impl IntoIterator<Item = &'w [u8], IntoIter: ExactSizeIterator>) {
        put(words, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn slot(&self) -> u16 {
        self.slot
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many commands there are, each with one answer.
    pub fn commands(&self) -> usize {
        self.ends.len()
    }

    /// The same, each command with `ASKING` before it.
    pub(crate) fn asking(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 16 * self.ends.len());
        let mut start = 0;
        for end in &self.ends {
            put([&b"ASKING"[..]], &mut bytes);
            bytes.extend_from_slice(self.bytes.get(start..*end).unwrap_or_default());
            start = *end;
        }
        bytes
    }
}

/// Appends a command.
pub(crate) fn put<'w>(words: impl IntoIterator<Item = &'w [u8], IntoIter: ExactSizeIterator>, out: &mut Vec<u8>) {
    let words = words.into_iter();
    head(b'*', words.len(), out);
    for word in words {
        head(b'$', word.len(), out);
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

fn head(sign: u8, length: usize, out: &mut Vec<u8>) {
    out.push(sign);
    out.extend_from_slice(length.to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_bytes_one_after_the_other() {
        let mut ask = Ask::of(b"{foo}bar");
        ask.command([&b"ZCARD"[..], b"k"]);
        ask.command([&b"PING"[..]]);
        assert_eq!(ask.bytes(), b"*2\r\n$5\r\nZCARD\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n");
        assert_eq!((ask.commands(), ask.slot()), (2, 12_182));
        let asking =
            b"*1\r\n$6\r\nASKING\r\n*2\r\n$5\r\nZCARD\r\n$1\r\nk\r\n*1\r\n$6\r\nASKING\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(ask.asking(), asking);
    }
}
