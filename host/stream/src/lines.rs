//! Cuts a stream of bytes into records, one a line.
//!
//! - A line ends in `\n` or `\r\n`; the last one may have no end.
//! - A line of nothing but spaces is no record, and has no dead letter (unless
//!   it is over the size).
//! - A byte order mark at the start of the stream is skipped.
//! - A record's offset is that of its first byte, after decompression.
//! - Of a line over the source's size, that many bytes and up to four more are
//!   kept, as whole characters: enough to see that it is over, and a stream
//!   without ends of lines needs no more memory than others.

#[cfg(test)]
mod tests;

use crate::batch::Batch;
use crate::source::{Source, SourceError};
use memchr::memchr;
use sandgate_state::position::SourcePosition;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::Instant;
use xxhash_rust::xxh3::Xxh3;

/// The lines of a source.
pub(crate) struct Lines {
    source: Source,
    /// Which source of the lane it is.
    index: usize,
    /// The most bytes of a record that are kept.
    kept_max: usize,
    buffer: Vec<u8>,
    /// The bytes read and not cut yet: `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Up to here there is no end of a line.
    searched: usize,
    /// The offset of `buffer[start]`.
    offset: u64,
    /// A line that is longer than what is kept of it.
    long: Option<Long>,
    ended: bool,
    /// Over what was cut, so that a run that goes on can see whether the input
    /// is still the one that was judged.
    hash: Box<Xxh3>,
    /// `buffer[hashed..start]` was cut and is not in the hash yet.
    hashed: usize,
    /// Whether the last line had its end.
    complete: bool,
}

/// The beginning of a line that goes on.
struct Long {
    offset: u64,
    /// The position in front of it.
    before: SourcePosition,
    kept: Vec<u8>,
    size: u64,
    last: u8,
}

impl Lines {
    const CHUNK: usize = 256 << 10;

    /// The lines of a source that has this place in its lane.
    pub(crate) fn new(source: Source, index: usize) -> Lines {
        Lines {
            index,
            kept_max: usize::try_from(source.size_max).unwrap_or(usize::MAX).saturating_add(4),
            source,
            buffer: vec![0; Lines::CHUNK],
            start: 0,
            end: 0,
            searched: 0,
            offset: 0,
            long: None,
            ended: false,
            hash: Box::new(Xxh3::new()),
            hashed: 0,
            complete: true,
        }
    }

    /// Goes on from a position of an earlier run.
    ///
    /// `told` hears now and then how many bytes were read.
    ///
    /// # Errors
    /// Where the source cannot be read, or is not the one that was read then.
    pub(crate) fn resume(&mut self, position: &SourcePosition, told: &mut dyn FnMut(u64)) -> Result<(), SourceError> {
        if position.offset == 0 {
            return Ok(());
        }
        while self.offset < position.offset && !self.ended {
            let cut = (position.offset - self.offset).min((self.end - self.start) as u64) as usize;
            self.advance(self.start + cut);
            if self.offset < position.offset {
                self.read()?;
                told(self.bytes_read());
            }
        }
        self.searched = self.start;
        if self.position() != (SourcePosition { complete: true, ended: false, ..*position }) {
            return Err(self.source.changed(position.offset));
        }
        if !position.complete {
            // the line that was judged is not the line that stands there now
            if self.has_more()? {
                return Err(self.source.line_grew(position.offset));
            }
            self.complete = false;
        }
        Ok(())
    }

    /// The position behind the last line that was cut.
    pub(crate) fn position(&mut self) -> SourcePosition {
        self.hash.update(&self.buffer[self.hashed..self.start]);
        self.hashed = self.start;
        match &self.long {
            Some(long) => long.before,
            None => {
                SourcePosition { offset: self.offset, hash: self.hash.digest(), complete: self.complete, ended: false }
            }
        }
    }

    /// Whether there is anything behind what was cut.
    pub(crate) fn has_more(&mut self) -> Result<bool, SourceError> {
        if self.start == self.end && !self.ended {
            self.read()?;
        }
        Ok(self.start < self.end)
    }

    /// That this source has grown, and is one of several.
    pub(crate) fn one_of_several(&self) -> SourceError {
        self.source.one_of_several(self.offset)
    }

    /// How many bytes the source has, where one can know.
    pub(crate) fn total(&self) -> Option<u64> {
        self.source.total
    }

    /// How many bytes were read of the source, compressed ones where it is compressed.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.source.read.load(Ordering::Relaxed)
    }

    /// Whether reading may wait for somebody.
    pub(crate) fn waits(&self) -> bool {
        self.source.waits
    }

    /// Fills an empty batch with at most `records` lines, fewer where the rest
    /// would have to be waited for. Answers whether there may be more.
    ///
    /// # Errors
    /// Where the source cannot be read; the batch then holds what came before.
    pub(crate) fn fill(&mut self, batch: &mut Batch, records: usize) -> Result<bool, SourceError> {
        let more = self.cut_until_full(batch, records);
        batch.admitted = Instant::now();
        more
    }

    fn cut_until_full(&mut self, batch: &mut Batch, records: usize) -> Result<bool, SourceError> {
        loop {
            while !batch.is_full(records) {
                let Some(at) = memchr(b'\n', &self.buffer[self.searched..self.end]) else {
                    self.searched = self.end;
                    break;
                };
                self.cut(self.searched + at, 1, batch);
            }
            if batch.is_full(records) {
                return Ok(true);
            }
            if self.ended {
                if self.start < self.end || self.long.is_some() {
                    self.cut(self.end, 0, batch);
                }
                return Ok(false);
            }
            if self.source.waits && !batch.is_empty() {
                return Ok(true);
            }
            self.read()?;
        }
    }

    /// Takes the line that goes up to `end` and the `feed` behind it.
    fn cut(&mut self, end: usize, feed: usize, batch: &mut Batch) {
        self.complete = feed > 0;
        let line = &self.buffer[self.start..end];
        match self.long.take() {
            Some(mut long) => {
                long.extend(line, self.kept_max);
                let size = long.size - u64::from(long.last == b'\r');
                batch.push(self.index, long.offset, whole_characters(&long.kept), size);
            }
            None => {
                let mut offset = self.offset;
                let mut line = line.strip_suffix(b"\r").unwrap_or(line);
                // What follows looks at whole lines, so it leaves out those that
                // could as well have come in pieces, as `long`.
                let whole = line.len() <= self.kept_max;
                if whole && offset == 0 && line.starts_with(b"\xef\xbb\xbf") {
                    (offset, line) = (3, &line[3..]);
                }
                if !whole || !line.trim_ascii_start().is_empty() {
                    let kept = if whole { line } else { whole_characters(&line[..self.kept_max]) };
                    batch.push(self.index, offset, kept, line.len() as u64);
                }
            }
        }
        self.advance(end + feed);
    }

    fn advance(&mut self, to: usize) {
        self.offset += (to - self.start) as u64;
        self.start = to;
        self.searched = to;
    }

    /// Reads what there is, once; before that, makes room for it.
    fn read(&mut self) -> Result<(), SourceError> {
        // The `\r` of the line's end may be among the bytes: it is too long for
        // certain with two more than fit.
        if self.long.is_some() || self.end - self.start > self.kept_max.saturating_add(1) {
            let before = self.position();
            let long = self.long.get_or_insert_with(|| Long {
                offset: self.offset,
                before,
                kept: Vec::new(),
                size: 0,
                last: 0,
            });
            long.extend(&self.buffer[self.start..self.end], self.kept_max);
            self.advance(self.end);
        }
        self.hash.update(&self.buffer[self.hashed..self.start]);
        self.hashed = 0;
        self.buffer.copy_within(self.start..self.end, 0);
        self.searched -= self.start;
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.source.reader.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.ended = read == 0;
                    self.end += read;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let at = self.offset + (self.end - self.start) as u64;
                    return Err(self.source.failed(at, error));
                }
            }
        }
    }
}

/// A cut text without the character that the cut went through.
fn whole_characters(cut: &[u8]) -> &[u8] {
    match std::str::from_utf8(cut) {
        Err(error) if error.error_len().is_none() => &cut[..error.valid_up_to()],
        _ => cut,
    }
}

impl Long {
    fn extend(&mut self, bytes: &[u8], kept_max: usize) {
        let room = kept_max - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.size += bytes.len() as u64;
        self.last = bytes.last().copied().unwrap_or(self.last);
    }
}
