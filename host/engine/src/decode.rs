//! The bytes of a record as a [`Transaction`]: its roles are read at once, its
//! fields only where somebody asks.
//!
//! A record is one JSON object. It is walked once; on the way each declared key
//! notes where its value stands, and everything else is checked and skipped.
//! Nothing is converted and nothing copied, except a declared text written with
//! escapes. The rules:
//!
//! - Declared keys may stand there once; of others nobody knows, so they may
//!   repeat. `null` is the same as absent, and so is a path that leads through
//!   something that is no object.
//! - A number is exact: decimals, integers and times are read from its own text,
//!   never through a float. A whole number is one by its value (`12.0`). A
//!   decimal may also be a string that holds a number; no other kind may.
//! - A declared text with half of a surrogate pair, two of the same declared key,
//!   bytes that are not UTF-8, or nesting deeper than 128 make the whole record
//!   [`Unusable`], whoever reads it. A field of the wrong kind does not: it is a
//!   [`Misread`] of whoever asks for it.
//! - The id, the account and the tenant must be there and not empty; the time
//!   must lie in the bounds of the schema, edges included; the amount may be
//!   absent, but not inexact.
//! - An id of several fields is their texts with `|` between them, decimals at
//!   the field's scale and times as RFC 3339 in UTC (`\|` and `\\` inside texts).

#[cfg(test)]
mod against_serde_json;
mod head;
mod paths;
mod scan;
mod slot;
#[cfg(test)]
mod tests;
mod unescape;
mod unusable;
mod walk;

use head::Head;
use paths::Paths;
use sandgate_model::schema::{Schema, TenantRole};
use sandgate_model::{Decimal, Instant, Kind, Value};
use slot::Slot;
use std::sync::Arc;
use walk::Walk;

pub use slot::Misread;
pub(crate) use slot::widen;
pub use unusable::{Cause, Unusable};

/// Reads the records of one source.
#[derive(Debug)]
pub struct Decoder {
    schema: Arc<Schema>,
    paths: Paths,
}

/// The usable transactions of one batch, in the order in which they were pushed.
/// They borrow from the bytes of their records.
#[derive(Debug)]
pub struct Transactions<'a> {
    decoder: &'a Decoder,
    heads: Vec<Head<'a>>,
    /// One row of slots after the other.
    slots: Vec<Slot<'a>>,
}

/// One transaction of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'t> {
    schema: &'t Schema,
    head: &'t Head<'t>,
    slots: &'t [Slot<'t>],
}

impl Decoder {
    /// A decoder for the records of this schema.
    pub fn new(schema: Arc<Schema>) -> Decoder {
        Decoder { paths: Paths::new(&schema.fields), schema }
    }

    /// The schema that it reads by.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// An empty batch with room for so many records.
    pub fn batch(&self, records: usize) -> Transactions<'_> {
        Transactions {
            decoder: self,
            heads: Vec::with_capacity(records),
            slots: Vec::with_capacity(records * self.paths.slots),
        }
    }
}

impl<'a> Transactions<'a> {
    /// Decodes the bytes of one record and appends it.
    ///
    /// # Errors
    /// Where the record cannot be used; the batch is then as it was before.
    pub fn push(&mut self, record: &'a [u8]) -> Result<(), Unusable> {
        let start = self.slots.len();
        let decoder = self.decoder;
        match self.walk(record, start).and_then(|()| Head::read(&decoder.schema, &self.slots[start..])) {
            Ok(head) => {
                self.heads.push(head);
                Ok(())
            }
            Err(unusable) => {
                self.slots.truncate(start);
                Err(unusable)
            }
        }
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The transaction of that row.
    ///
    /// # Panics
    /// Like a slice, where there is no such row.
    pub fn row(&self, row: usize) -> Transaction<'_> {
        let width = self.decoder.paths.slots;
        Transaction {
            schema: &self.decoder.schema,
            head: &self.heads[row],
            slots: &self.slots[row * width..(row + 1) * width],
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Transaction<'_>> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// Notes where the declared fields stand, from slot `start` on.
    fn walk(&mut self, record: &'a [u8], start: usize) -> Result<(), Unusable> {
        let size_max = self.decoder.schema.size_max;
        if record.len() as u64 > size_max {
            return Err(Unusable::new(
                Cause::Size,
                format!("is longer than the {size_max} bytes that its source allows"),
            ));
        }
        let text = std::str::from_utf8(record).map_err(|error| {
            Unusable::new(Cause::Utf8, format!("is not UTF-8: byte {} cannot stand there", error.valid_up_to()))
        })?;
        self.slots.resize(start + self.decoder.paths.slots, Slot::Missing);
        Walk::new(text, self.decoder, &mut self.slots[start..]).record()
    }
}

impl<'t> Transaction<'t> {
    /// The transaction's id, never empty.
    pub fn id(&self) -> &'t str {
        &self.head.id
    }

    /// Whose transaction it is, never empty.
    pub fn account(&self) -> &'t str {
        &self.head.account
    }

    /// The name of the tenant, never empty; nobody has looked whether there is one.
    pub fn tenant(&self) -> &'t str {
        match (&self.head.tenant, &self.schema.roles.tenant) {
            (Some(tenant), _) => tenant,
            (None, TenantRole::Fixed(tenant)) => tenant,
            (None, TenantRole::Field(_)) => "",
        }
    }

    /// When it happened.
    pub fn time(&self) -> Instant {
        self.head.time
    }

    /// A field that is a number or a text as it was written; of others nothing.
    pub(crate) fn written(&self, field: usize) -> &'t str {
        self.slots[field].written()
    }

    /// Its amount, where the schema has one and the record too.
    pub fn amount(&self) -> Option<Decimal> {
        self.head.amount
    }

    /// The value of a field, by its index in the schema, as a reader wants it: at
    /// the field's own kind, or a wider one ([`Kind::reads_as`]). `None` where the
    /// record has none.
    ///
    /// # Errors
    /// Where the record holds something that cannot be read so.
    #[inline]
    pub fn value(&self, field: usize, wanted: Kind) -> Result<Option<Value<&'t str>>, Misread> {
        let declared = &self.schema.fields[field];
        match self.slots[field].read(declared.kind, declared.unit)? {
            Some(value) => widen(value, wanted).map(Some),
            None => Ok(None),
        }
    }
}
