//! What an id and the content of a record are remembered by: the first 128 bits
//! of the SHA-256 of their canonical bytes.
//!
//! Content is the values of all declared fields of the source, each as its kind,
//! so that spaces, the order of keys and what nobody declared do not matter. A
//! hash that one can find collisions of would let somebody ask with one amount
//! and pay with another, hence SHA-256.

use crate::decode::Transaction;
use sandgate_model::Value;
use sandgate_model::schema::Schema;
use sha2::{Digest as _, Sha256};

/// The hash of an id.
pub(crate) fn of_id(id: &str) -> [u8; 16] {
    first_half(&Sha256::digest(id.as_bytes()))
}

/// The hash of an id that is composed of several fields: two records are the same
/// only if all of them is, so the content is part of it.
pub(crate) fn of_composed(id: &str, content: &[u8; 16]) -> [u8; 16] {
    first_half(&Sha256::new().chain_update(content).chain_update(id.as_bytes()).finalize())
}

/// The hash of a transaction's content; `buffer` is used again for the next.
pub(crate) fn of_content(schema: &Schema, transaction: &Transaction<'_>, buffer: &mut Vec<u8>) -> [u8; 16] {
    buffer.clear();
    for (at, field) in schema.fields.iter().enumerate() {
        match transaction.value(at, field.kind) {
            Ok(None) => buffer.push(0),
            Ok(Some(value)) => put(value, buffer),
            Err(_) => {
                buffer.push(7);
                put_text(transaction.written(at), buffer);
            }
        }
    }
    first_half(&Sha256::digest(&*buffer))
}

fn put(value: Value<&str>, out: &mut Vec<u8>) {
    let (tag, number) = match value {
        Value::Flag(flag) => (1, u64::from(flag)),
        Value::Integer(integer) => (2, integer as u64),
        // 0 and -0 are one number
        Value::Number(number) => (3, (number + 0.0).to_bits()),
        Value::Decimal(decimal) => (4, decimal.units as u64),
        Value::Instant(instant) => (5, instant.millis() as u64),
        Value::Text(text) => {
            out.push(6);
            put_text(text, out);
            return;
        }
    };
    out.push(tag);
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn first_half(digest: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}
