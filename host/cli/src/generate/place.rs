//! Where records go: a file, standard output, or a topic.

use super::topic::Topic;
use std::io::{self, Write};

/// Where records go.
pub(super) enum Place<'a> {
    /// One after the other.
    Lines(Box<dyn Write + 'a>),
    /// Each as a message.
    Topic(Topic),
}

impl Place<'_> {
    /// When the next record happens, where the seed does not say it.
    pub(super) fn time(&mut self) -> Option<u64> {
        match self {
            Place::Lines(_) => None,
            Place::Topic(topic) => topic.time(),
        }
    }

    /// Takes the line of a record, which ends with a newline.
    pub(super) fn take(&mut self, key: &[u8], line: &[u8]) -> io::Result<()> {
        match self {
            Place::Lines(out) => out.write_all(line),
            Place::Topic(topic) => topic.take(key, line),
        }
    }

    /// Everything is where it belongs.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Place::Lines(out) => out.flush(),
            Place::Topic(topic) => topic.finish(),
        }
    }
}
