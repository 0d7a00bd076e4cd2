//! The bytes of a journal entry.
//!
//! ```text
//! 1 byte     bit 0 judged, bit 1 the id is composed, bits 2 and 3 the standing
//!            (0 kept, 1 refused, 2 reused), bit 4 there is a clock, bit 5 it was
//!            decided, bit 6 a field cannot be read, bit 7 is zero
//! unsigned   tenant
//! unsigned   source
//! signed     time, in milliseconds
//! unsigned   offset
//! 16 bytes   hash of the id
//! 16 bytes   hash of the content
//! signed     the clock before the record, less its time      if there is a clock
//! 1 byte     outcome                                          if it was decided
//! unsigned   generation                                       if it was decided
//! bits       fields that are not absent
//! bits       fields that cannot be read                       if there is one
//! the values of all other fields that are not absent, by their kind:
//!   flag     1 byte, 0 or 1
//!   integer  signed
//!   decimal  signed, its units
//!   instant  signed, its milliseconds less those of the record
//!   number   8 bytes, the bits of the float, least significant first
//!   text     unsigned, how many bytes follow
//! ```
//! *bits* are one for each stored field of the tenant, seven to a byte, the lowest
//! first; the highest bit of a byte says that another one follows. Bytes of zeros at
//! the end are left out, but for the first: so it does not matter how many fields a
//! tenant has by now, and an entry is read with more of them than it was written
//! with. Numbers are as `varint.rs` writes them. There is one way to write an entry,
//! and no length in front: the frame around the entries of a commit has one, and a
//! checksum.
//!
//! Between entries stands where a tenant's entries feed more families or hold more
//! fields: those behind it so many, those before it what there was.
//! ```text
//! 1 byte     128
//! unsigned   tenant
//! unsigned   how many families
//! unsigned   how many stored fields
//! ```
//! And where a family has got what there was before its beginning:
//! ```text
//! 1 byte     129
//! unsigned   tenant
//! unsigned   family
//! …          since when it knows all (see `bound/since.rs`)
//! ```

use super::{Change, Entry, Fill, Growth, Journaled, Settled, Standing};
use crate::bound::Since;
use crate::varint::{self, Bytes};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::Cell;

const JUDGED: u8 = 1;
const COMPOSED: u8 = 1 << 1;
const STANDING: u8 = 0b11 << 2;
const CLOCK: u8 = 1 << 4;
const DECIDED: u8 = 1 << 5;
const MISREAD: u8 = 1 << 6;
/// What stands in place of an entry's first byte where a tenant's entries feed or hold more.
const GROWTH: u8 = 1 << 7;
/// The same where a family has got what there was before it.
const FILL: u8 = GROWTH | 1;
/// The bit of a byte of bits that says that another one follows.
const MORE: u8 = 1 << 7;
/// Bits in a byte of them.
const BITS: usize = 7;

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// They are cut off, or hold what no writer writes.
    #[error("holds an entry that is cut off or malformed")]
    Malformed,
    /// The tenant has no stored fields here.
    #[error("holds an entry of tenant number {0}, and there is none such")]
    Tenant(u32),
    /// The tenant has fewer stored fields here.
    #[error(
        "holds an entry of tenant number {tenant} with {fields} stored fields, and there are {known} here: it was \
             written when the tenant's policies stored more"
    )]
    Fields {
        /// The tenant.
        tenant: u32,
        /// How many fields the entry has at least.
        fields: usize,
        /// How many are known.
        known: usize,
    },
}

/// Appends the entry. `fields` are the kinds of the tenant's stored fields,
/// `cells` their values; a value of another kind is written as one that cannot be read.
pub fn encode(journaled: &Journaled, fields: &[Kind], cells: &[Cell<'_>], out: &mut Vec<u8>) {
    let Journaled { entry, clock, standing, settled } = journaled;
    let readable = |(at, kind): (usize, &Kind)| match cells.get(at).copied().unwrap_or(Cell::Absent) {
        Cell::Value(value) if value.kind() != *kind => Cell::Misread,
        Cell::Value(Value::Number(number)) if !number.is_finite() => Cell::Misread,
        cell => cell,
    };
    let cells = || fields.iter().enumerate().map(readable);
    let misread = cells().any(|cell| cell == Cell::Misread);
    let decided = *settled != Settled::default();
    let flags = [(entry.judged, JUDGED), (entry.composed, COMPOSED), (clock.is_some(), CLOCK)];
    let flags = flags.into_iter().chain([(decided, DECIDED), (misread, MISREAD)]);
    out.push(flags.filter(|(set, _)| *set).fold(standing.bits(), |bits, (_, bit)| bits | bit));
    varint::unsigned(entry.tenant.into(), out);
    varint::unsigned(entry.source.into(), out);
    varint::signed(entry.time, out);
    varint::unsigned(entry.offset, out);
    out.extend_from_slice(&entry.id);
    out.extend_from_slice(&entry.content);
    if let Some(clock) = clock {
        varint::signed(clock.wrapping_sub(entry.time), out);
    }
    if decided {
        out.push(settled.outcome);
        varint::unsigned(settled.generation.into(), out);
    }
    put_bits(cells().map(|cell| cell != Cell::Absent), out);
    if misread {
        put_bits(cells().map(|cell| cell == Cell::Misread), out);
    }
    for cell in cells() {
        let Cell::Value(value) = cell else { continue };
        match value {
            Value::Flag(flag) => out.push(u8::from(flag)),
            Value::Integer(integer) => varint::signed(integer, out),
            Value::Decimal(decimal) => varint::signed(decimal.units, out),
            Value::Instant(instant) => varint::signed(instant.millis().wrapping_sub(entry.time), out),
            Value::Number(number) => out.extend_from_slice(&number.to_le_bytes()),
            Value::Text(text) => varint::bytes(text.as_bytes(), out),
        }
    }
}

/// Reads the entry at the front of `bytes`, which are then what follows it; its
/// values are appended to `cells`, their texts borrowed. `tenants` holds the
/// kinds of the stored fields of each tenant: those that the writer had, or more.
///
/// # Errors
/// [`EntryError`] where the bytes are not what [`encode`] writes; never a panic.
pub fn decode<'a>(
    bytes: &mut &'a [u8],
    tenants: &[Vec<Kind>],
    cells: &mut Vec<Cell<'a>>,
) -> Result<Journaled, EntryError> {
    let mut rest = Bytes(bytes);
    let (journaled, misread) = head(&mut rest).ok_or(EntryError::Malformed)?;
    let tenant = journaled.entry.tenant;
    let fields = tenants.get(tenant as usize).ok_or(EntryError::Tenant(tenant))?;
    let present = take_bits(&mut rest).ok_or(EntryError::Malformed)?;
    let last = length(present);
    if last > fields.len() {
        return Err(EntryError::Fields { tenant, fields: last, known: fields.len() });
    }
    let misread = if misread { take_bits(&mut rest).filter(|bits| length(bits) > 0) } else { Some(&[][..]) };
    let misread = misread.filter(|bits| length(bits) <= last).ok_or(EntryError::Malformed)?;
    values(&mut rest, journaled.entry.time, fields, (present, misread), cells).ok_or(EntryError::Malformed)?;
    *bytes = rest.0;
    Ok(journaled)
}

/// Appends what a tenant's entries feed and hold from here on.
pub(crate) fn encode_growth(growth: Growth, out: &mut Vec<u8>) {
    out.push(GROWTH);
    varint::unsigned(growth.tenant.into(), out);
    varint::unsigned(growth.families.into(), out);
    varint::unsigned(growth.fields.into(), out);
}

/// Appends that a family has what there was before it.
pub(crate) fn encode_fill(fill: Fill, out: &mut Vec<u8>) {
    out.push(FILL);
    varint::unsigned(fill.tenant.into(), out);
    varint::unsigned(fill.family.into(), out);
    fill.since.encode(out);
}

/// Reads what stands at the front of `bytes` if it is no entry but a change.
///
/// # Errors
/// Where it is cut off.
pub fn change(bytes: &mut &[u8]) -> Result<Option<Change>, EntryError> {
    let mut rest = Bytes(bytes);
    let Some(tag @ (GROWTH | FILL)) = rest.0.first().copied() else { return Ok(None) };
    let mut read = || {
        rest.byte()?;
        let (tenant, second) = (rest.unsigned32()?, rest.unsigned32()?);
        Some(match tag {
            FILL => Change::Fill(Fill { tenant, family: second, since: Since::decode(&mut rest)? }),
            _ => Change::Growth(Growth { tenant, families: second, fields: rest.unsigned32()? }),
        })
    };
    let change = read().ok_or(EntryError::Malformed)?;
    *bytes = rest.0;
    Ok(Some(change))
}

/// Everything before the values, and whether there are fields that cannot be read.
fn head(rest: &mut Bytes<'_>) -> Option<(Journaled, bool)> {
    let flags = rest.byte().filter(|flags| flags >> 7 == 0)?;
    let entry = Entry {
        judged: flags & JUDGED != 0,
        composed: flags & COMPOSED != 0,
        tenant: rest.unsigned32()?,
        source: rest.unsigned32()?,
        time: rest.signed()?,
        offset: rest.unsigned()?,
        id: rest.array()?,
        content: rest.array()?,
    };
    let clock = match flags & CLOCK {
        0 => None,
        _ => Some(rest.signed()?.wrapping_add(entry.time)),
    };
    let settled = match flags & DECIDED {
        0 => Settled::default(),
        _ => Some(Settled { outcome: rest.byte()?, generation: rest.unsigned32()? })
            .filter(|settled| *settled != Settled::default())?,
    };
    let standing = Standing::of_bits(flags & STANDING)?;
    Some((Journaled { entry, clock, standing, settled }, flags & MISREAD != 0))
}

fn values<'a>(
    rest: &mut Bytes<'a>,
    time: i64,
    fields: &[Kind],
    (present, misread): (&[u8], &[u8]),
    cells: &mut Vec<Cell<'a>>,
) -> Option<()> {
    for (at, kind) in fields.iter().enumerate() {
        cells.push(match (bit(present, at), bit(misread, at)) {
            (false, false) => Cell::Absent,
            (true, true) => Cell::Misread,
            (false, true) => return None,
            (true, false) => Cell::Value(match *kind {
                Kind::Flag => Value::Flag(rest.flag()?),
                Kind::Integer => Value::Integer(rest.signed()?),
                Kind::Decimal { scale } => Value::Decimal(Decimal { units: rest.signed()?, scale }),
                Kind::Instant => Value::Instant(Instant::from_millis(rest.signed()?.wrapping_add(time)).ok()?),
                Kind::Number => {
                    Value::Number(Some(f64::from_le_bytes(rest.array()?)).filter(|number| number.is_finite())?)
                }
                Kind::Text => Value::Text(rest.text()?),
            }),
        });
    }
    Some(())
}

fn put_bits(bits: impl Iterator<Item = bool>, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(0);
    for (at, _) in bits.enumerate().filter(|(_, set)| *set) {
        // bytes of zeros come in only where a later bit is set
        while out.len() - start <= at / BITS {
            set(out, MORE);
            out.push(0);
        }
        set(out, 1 << (at % BITS));
    }
}

/// Sets bits of the last byte.
fn set(out: &mut [u8], bits: u8) {
    if let Some(last) = out.last_mut() {
        *last |= bits;
    }
}

/// Bits up to the byte behind which none follows; that one is not empty, but for the first.
fn take_bits<'a>(rest: &mut Bytes<'a>) -> Option<&'a [u8]> {
    let last = rest.0.iter().position(|byte| byte & MORE == 0)?;
    let bits = rest.take(last + 1)?;
    (last == 0 || bits.last() != Some(&0)).then_some(bits)
}

/// How many bits there are up to the last one that is set.
fn length(bits: &[u8]) -> usize {
    let Some((last, before)) = bits.split_last() else { return 0 };
    before.len() * BITS + (u8::BITS - last.leading_zeros()) as usize
}

fn bit(bits: &[u8], at: usize) -> bool {
    bits.get(at / BITS).is_some_and(|bits| bits >> (at % BITS) & 1 == 1)
}

impl Standing {
    fn bits(self) -> u8 {
        match self {
            Standing::Kept => 0,
            Standing::Refused => 1 << 2,
            Standing::Reused => 2 << 2,
        }
    }

    fn of_bits(bits: u8) -> Option<Standing> {
        [Standing::Kept, Standing::Refused, Standing::Reused].into_iter().find(|standing| standing.bits() == bits)
    }
}
