//! How far a lane has come: what its commits write down beside the entries.
//!
//! ```text
//! u32  sources, and for each of them:
//!        u64 offset   u64 hash   u8 bits: 1 complete, 2 ended
//! u64  output   u64 dead letters   u64 records   u8 ended (0 or 1)
//! u32  length of the tally, and its bytes
//! ```
//! Numbers are least significant byte first.

#[cfg(test)]
mod tests;

use crate::varint::{Bytes, put_long};

/// Where a lane stands after a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// How far each source is read, in the order of the lane's identity.
    pub sources: Vec<SourcePosition>,
    /// Committed bytes of the output.
    pub output: u64,
    /// Committed bytes of the dead letters.
    pub dead_letters: u64,
    /// Records decided, observed or put aside so far.
    pub records: u64,
    /// What the run has counted, in the words of its owner.
    pub tally: Vec<u8>,
    /// Whether every source has come to its end, and the lane with it.
    pub ended: bool,
}

/// How far one source is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourcePosition {
    /// Bytes read, uncompressed ones where it is compressed.
    pub offset: u64,
    /// The running hash of these bytes.
    pub hash: u64,
    /// Whether the last line read had its end: if not, more of it may come, and
    /// what was decided of it cannot be continued.
    pub complete: bool,
    /// Whether its end was reached, and the lane went on without it: records that
    /// come behind it now would belong between those decided since.
    pub ended: bool,
}

/// The bit of [`SourcePosition::complete`].
const COMPLETE: u8 = 1;
/// The bit of [`SourcePosition::ended`].
const ENDED: u8 = 2;

impl SourcePosition {
    fn bits(self) -> u8 {
        (u8::from(self.complete) * COMPLETE) | (u8::from(self.ended) * ENDED)
    }

    fn decode(rest: &mut Bytes<'_>) -> Option<SourcePosition> {
        let (offset, hash, bits) = (rest.u64()?, rest.u64()?, rest.byte()?);
        let position = SourcePosition { offset, hash, complete: bits & COMPLETE != 0, ended: bits & ENDED != 0 };
        (position.bits() == bits).then_some(position)
    }
}

impl Position {
    /// Where a lane of so many sources begins.
    pub fn start(sources: usize) -> Position {
        let source = SourcePosition { complete: true, ..SourcePosition::default() };
        Position { sources: vec![source; sources], ..Position::default() }
    }

    /// Appends the stored form, or says no where it is too large for one.
    #[must_use]
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> bool {
        let Ok(sources) = u32::try_from(self.sources.len()) else { return false };
        out.extend_from_slice(&sources.to_le_bytes());
        for source in &self.sources {
            out.extend_from_slice(&source.offset.to_le_bytes());
            out.extend_from_slice(&source.hash.to_le_bytes());
            out.push(source.bits());
        }
        for number in [self.output, self.dead_letters, self.records] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.push(u8::from(self.ended));
        put_long(out, &self.tally)
    }

    /// Reads the stored form; `None` if it is none.
    pub(crate) fn decode(rest: &mut Bytes<'_>) -> Option<Position> {
        let mut sources = Vec::new();
        for _ in 0..rest.u32()? {
            sources.push(SourcePosition::decode(rest)?);
        }
        Some(Position {
            sources,
            output: rest.u64()?,
            dead_letters: rest.u64()?,
            records: rest.u64()?,
            ended: rest.flag()?,
            tally: rest.long()?.to_vec(),
        })
    }
}
