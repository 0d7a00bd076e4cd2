//! An event as a member of a sorted set.
//!
//! ```text
//! 4 bytes    its source: the first bytes of the SHA-256 of its name
//! ordered    its partition
//! ordered    its offset
//! signed     its time, in milliseconds: the score of the member too
//! values, to the end; each:
//!   4 bytes  its field: the first bytes of the SHA-256 of name and kind
//!   1 byte   what it is, and then
//!     0      it cannot be read
//!     1, 2   a flag: false, true
//!     3      signed: an integer, or the units of a decimal
//!     4      signed: an instant's milliseconds less those of the event
//!     5      8 bytes: the bits of a float, least significant first
//!     6      unsigned: how many bytes of text follow
//! ```
//! *ordered* is a byte that says how many follow, and these, most significant first:
//! so members of one score are ordered by their position. An event has the
//! values that its windows need; a field that is absent is left out. Fields go by
//! their names, so that hosts with other policies read each other's events; what
//! they do not know they skip. Flags, classes and operands are no part of it, since
//! they follow from the windows that are asked.

use sandgate_model::varint::{self, Bytes};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::Cell;
use sandgate_window::key::TEXT_BYTES_MAX;

/// The hash of a source's or a field's name.
pub(crate) type Tag = [u8; 4];

/// Where an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) source: Tag,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

/// A member that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member<'m> {
    pub(crate) position: Position,
    /// The bytes of the position: members are ordered by them.
    pub(crate) name: &'m [u8],
    pub(crate) time: i64,
    /// The bytes of the values.
    values: &'m [u8],
}

/// Appends the position of a member.
pub(crate) fn put_position(position: Position, out: &mut Vec<u8>) {
    out.extend_from_slice(&position.source);
    put_ordered(position.partition.into(), out);
    put_ordered(position.offset, out);
}

/// Appends what follows the position: the time, and the values of these fields.
pub(crate) fn put_values<'a>(time: i64, cells: impl Iterator<Item = (Tag, Kind, Cell<'a>)>, out: &mut Vec<u8>) {
    varint::signed(time, out);
    for (tag, kind, cell) in cells {
        let value = match cell {
            Cell::Absent => continue,
            Cell::Value(value) if value.kind() == kind => Some(value),
            _ => None,
        };
        out.extend_from_slice(&tag);
        match value {
            None => out.push(0),
            Some(Value::Flag(flag)) => out.push(1 + u8::from(flag)),
            Some(Value::Integer(integer)) => put_signed(3, integer, out),
            Some(Value::Decimal(decimal)) => put_signed(3, decimal.units, out),
            Some(Value::Instant(instant)) => put_signed(4, instant.millis().wrapping_sub(time), out),
            Some(Value::Number(number)) => {
                out.push(5);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Some(Value::Text(text)) => {
                out.push(6);
                varint::bytes(bounded(text).as_bytes(), out);
            }
        }
    }
}

/// A text that is too long for an event stays too long, and is no longer than it must be for that.
fn bounded(text: &str) -> &str {
    let end = text.ceil_char_boundary(TEXT_BYTES_MAX + 1);
    text.get(..end).unwrap_or(text)
}

fn put_signed(kind: u8, value: i64, out: &mut Vec<u8>) {
    out.push(kind);
    varint::signed(value, out);
}

fn put_ordered(value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let skipped = value.leading_zeros() as usize / 8;
    out.push((bytes.len() - skipped) as u8);
    out.extend(bytes.iter().skip(skipped));
}

fn ordered(rest: &mut Bytes<'_>) -> Option<u64> {
    let length = usize::from(rest.byte().filter(|length| *length <= 8)?);
    let bytes = rest.take(length)?;
    // one way to write a number: no zero in front
    if bytes.first() == Some(&0) {
        return None;
    }
    Some(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

impl<'m> Member<'m> {
    /// Reads a member, its values not yet.
    pub(crate) fn read(bytes: &'m [u8]) -> Option<Member<'m>> {
        let mut rest = Bytes(bytes);
        let source = rest.array()?;
        let partition = ordered(&mut rest)?.try_into().ok()?;
        let position = Position { source, partition, offset: ordered(&mut rest)? };
        let name = bytes.get(..bytes.len() - rest.0.len())?;
        let time = rest.signed()?;
        Some(Member { position, name, time, values: rest.0 })
    }

    /// How many bytes its values take up: of two that were written for one position
    /// the longer one knows more.
    pub(crate) fn weight(&self) -> usize {
        self.values.len()
    }

    /// Puts its values to the fields that are known, by `field`: a field's place and
    /// kind. `None` where the bytes are no values.
    pub(crate) fn values(&self, field: impl Fn(Tag) -> Option<(usize, Kind)>, cells: &mut [Cell<'m>]) -> Option<()> {
        let mut rest = Bytes(self.values);
        while !rest.0.is_empty() {
            let known = field(rest.array()?);
            let value = match rest.byte()? {
                0 => Stored::Misread,
                flag @ (1 | 2) => Stored::Flag(flag == 2),
                3 => Stored::Whole(rest.signed()?),
                4 => Stored::After(rest.signed()?),
                5 => Stored::Number(f64::from_le_bytes(rest.array()?)),
                6 => Stored::Text(rest.text()?),
                _ => return None,
            };
            if let Some((place, kind)) = known
                && let Some(cell) = cells.get_mut(place)
            {
                *cell = value.cell(kind, self.time);
            }
        }
        Some(())
    }
}

/// A value as it stands there.
enum Stored<'m> {
    Misread,
    Flag(bool),
    Whole(i64),
    After(i64),
    Number(f64),
    Text(&'m str),
}

impl<'m> Stored<'m> {
    fn cell(self, kind: Kind, time: i64) -> Cell<'m> {
        let value = match (self, kind) {
            (Stored::Flag(flag), Kind::Flag) => Value::Flag(flag),
            (Stored::Whole(integer), Kind::Integer) => Value::Integer(integer),
            (Stored::Whole(units), Kind::Decimal { scale }) => Value::Decimal(Decimal { units, scale }),
            (Stored::After(after), Kind::Instant) => match Instant::from_millis(time.wrapping_add(after)) {
                Ok(instant) => Value::Instant(instant),
                Err(_) => return Cell::Misread,
            },
            (Stored::Number(number), Kind::Number) if number.is_finite() => Value::Number(number),
            (Stored::Text(text), Kind::Text) => Value::Text(text),
            _ => return Cell::Misread,
        };
        Cell::Value(value)
    }
}

#[cfg(test)]
#[path = "member/tests.rs"]
mod tests;
