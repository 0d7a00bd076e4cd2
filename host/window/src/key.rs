//! The key of a series as bytes: the values of the `by` fields, one after the other.
//!
//! Each part says its kind and where it ends, so that no two lists of values give
//! the same bytes (`"ab", "c"` and `"a", "bc"` do not), and the bytes can be read
//! again for people. Equal values of one kind are equal bytes. A key holds no
//! float: two that print alike may differ, and such a series would never be found.
//!
//! | kind | bytes, integers with the least significant byte first |
//! |---|---|
//! | flag | `1`, then 0 or 1 |
//! | integer | `2`, then 8 bytes |
//! | decimal | `3`, then 8 bytes: units at the scale of the field, which is not stored |
//! | instant | `4`, then 8 bytes: milliseconds |
//! | text | `5`, then 2 bytes for how long it is, then the text |

use sandgate_model::{Decimal, Instant, Kind, Value};

/// The most bytes of a text that is part of a key, or an operand.
pub const TEXT_BYTES_MAX: usize = 1_024;

const FLAG: u8 = 1;
const INTEGER: u8 = 2;
const DECIMAL: u8 = 3;
const INSTANT: u8 = 4;
const TEXT: u8 = 5;

/// Why a value cannot be part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// Numbers are floats.
    #[error("is a number; a key is made of flags, integers, decimals, texts and instants")]
    Number,
    /// The text is longer than [`TEXT_BYTES_MAX`].
    #[error("has {bytes} bytes; a text of a key has at most {TEXT_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

/// Why bytes are not the key of fields of these kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a key of these fields: part {part} is not a {kind}", kind = kind.word())]
pub struct KeyError {
    /// Which part, from 0.
    pub part: usize,
    /// What it should have been.
    pub kind: Kind,
}

/// Appends one part.
///
/// # Errors
/// Where the value is a number, or a text that is too long; nothing is appended then.
pub fn push(key: &mut Vec<u8>, value: Value<&str>) -> Result<(), PartError> {
    match value {
        Value::Flag(flag) => key.extend_from_slice(&[FLAG, u8::from(flag)]),
        Value::Integer(integer) => push_word(key, INTEGER, integer),
        Value::Decimal(decimal) => push_word(key, DECIMAL, decimal.units),
        Value::Instant(instant) => push_word(key, INSTANT, instant.millis()),
        Value::Text(text) => {
            let bytes = text.len();
            let length = u16::try_from(bytes).ok().filter(|_| bytes <= TEXT_BYTES_MAX);
            let [low, high] = length.ok_or(PartError::TooLong { bytes })?.to_le_bytes();
            key.extend_from_slice(&[TEXT, low, high]);
            key.extend_from_slice(text.as_bytes());
        }
        Value::Number(_) => return Err(PartError::Number),
    }
    Ok(())
}

fn push_word(key: &mut Vec<u8>, tag: u8, word: i64) {
    let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
    key.extend_from_slice(&[tag, a, b, c, d, e, f, g, h]);
}

/// Reads the values of a key again, for fields of these kinds: exactly so many,
/// and nothing behind them.
///
/// # Errors
/// Where the bytes are something else.
pub fn decode<'a>(key: &'a [u8], kinds: &[Kind]) -> Result<Vec<Value<&'a str>>, KeyError> {
    let mut rest = key;
    let mut values = Vec::with_capacity(kinds.len());
    for (part, &kind) in kinds.iter().enumerate() {
        let (value, behind) = take(rest, kind).ok_or(KeyError { part, kind })?;
        values.push(value);
        rest = behind;
    }
    match kinds.last() {
        Some(&kind) if !rest.is_empty() => Err(KeyError { part: kinds.len() - 1, kind }),
        _ => Ok(values),
    }
}

fn take(key: &[u8], kind: Kind) -> Option<(Value<&str>, &[u8])> {
    let (&tag, rest) = key.split_first()?;
    let word = || rest.split_first_chunk::<8>().map(|(word, rest)| (i64::from_le_bytes(*word), rest));
    match (tag, kind) {
        (FLAG, Kind::Flag) => {
            let (&flag, rest) = rest.split_first()?;
            (flag < 2).then_some((Value::Flag(flag == 1), rest))
        }
        (INTEGER, Kind::Integer) => word().map(|(integer, rest)| (Value::Integer(integer), rest)),
        (DECIMAL, Kind::Decimal { scale }) => {
            word().map(|(units, rest)| (Value::Decimal(Decimal { units, scale }), rest))
        }
        (INSTANT, Kind::Instant) => {
            let (millis, rest) = word()?;
            Some((Value::Instant(Instant::from_millis(millis).ok()?), rest))
        }
        (TEXT, Kind::Text) => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_le_bytes(*length));
            let (text, rest) = rest.split_at_checked(length).filter(|_| length <= TEXT_BYTES_MAX)?;
            Some((Value::Text(std::str::from_utf8(text).ok()?), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyError, PartError, TEXT_BYTES_MAX, decode, push};
    use sandgate_model::{Decimal, Instant, Kind, Value};

    fn key(values: &[Value<&str>]) -> Vec<u8> {
        let mut key = Vec::new();
        values.iter().for_each(|value| push(&mut key, *value).unwrap());
        key
    }

    #[test]
    fn a_key_reads_back_as_its_values() {
        let longest = "é".repeat(TEXT_BYTES_MAX / 2);
        let values = [
            Value::Flag(true),
            Value::Flag(false),
            Value::Integer(i64::MIN),
            Value::Integer(-1),
            Value::Decimal(Decimal { units: 1_250, scale: 2 }),
            Value::Instant(Instant::MIN),
            Value::Instant(Instant::MAX),
            Value::Text(""),
            Value::Text("a\u{0}b"),
            Value::Text(&longest),
        ];
        let kinds: Vec<_> = values.iter().map(Value::kind).collect();
        assert_eq!(decode(&key(&values), &kinds), Ok(values.to_vec()));
        for value in values {
            assert_eq!(decode(&key(&[value]), &[value.kind()]), Ok(vec![value]));
        }
    }

    #[test]
    fn bytes_of_a_key_stay_as_they_are() {
        let values = [
            Value::Flag(true),
            Value::Integer(-2),
            Value::Decimal(Decimal { units: 258, scale: 4 }),
            Value::Instant(Instant::from_millis(1).unwrap()),
            Value::Text("ab"),
        ];
        let golden = [
            &[1, 1][..],
            &[2, 254, 255, 255, 255, 255, 255, 255, 255],
            &[3, 2, 1, 0, 0, 0, 0, 0, 0],
            &[4, 1, 0, 0, 0, 0, 0, 0, 0],
            &[5, 2, 0, b'a', b'b'],
        ];
        assert_eq!(key(&values), golden.concat());
    }

    #[test]
    fn no_two_lists_of_values_share_a_key() {
        let lists: [&[Value<&str>]; 9] = [
            &[],
            &[Value::Text("")],
            &[Value::Text(""), Value::Text("")],
            &[Value::Text("ab"), Value::Text("c")],
            &[Value::Text("a"), Value::Text("bc")],
            &[Value::Text("abc")],
            &[Value::Integer(1)],
            &[Value::Flag(true)],
            &[Value::Decimal(Decimal { units: 1, scale: 0 })],
        ];
        for (at, left) in lists.iter().enumerate() {
            for right in &lists[at + 1..] {
                assert_ne!(key(left), key(right), "{left:?} and {right:?}");
            }
        }
    }

    #[test]
    fn what_no_key_can_hold_is_refused_and_leaves_nothing_behind() {
        let mut key = Vec::new();
        let long = "a".repeat(TEXT_BYTES_MAX + 1);
        assert_eq!(push(&mut key, Value::Text(&long)), Err(PartError::TooLong { bytes: TEXT_BYTES_MAX + 1 }));
        assert_eq!(push(&mut key, Value::Text(&"a".repeat(1 << 17))), Err(PartError::TooLong { bytes: 1 << 17 }));
        assert_eq!(push(&mut key, Value::Number(1.0)), Err(PartError::Number));
        assert!(key.is_empty());
    }

    #[test]
    fn bytes_that_are_no_such_key_are_refused() {
        let table: [(&[u8], &[Kind], usize); 9] = [
            (&[], &[Kind::Text], 0),
            (&[1, 2], &[Kind::Flag], 0),
            (&[1, 1, 0], &[Kind::Flag], 0),
            (&[2, 0, 0], &[Kind::Integer], 0),
            (&[5, 3, 0, b'a', b'b'], &[Kind::Text], 0),
            (&[5, 1, 0, 255], &[Kind::Text], 0),
            (&[1, 1], &[Kind::Integer], 0),
            (&[1, 1], &[Kind::Flag, Kind::Flag], 1),
            (&[4, 255, 255, 255, 255, 255, 255, 255, 127], &[Kind::Instant], 0),
        ];
        for (bytes, kinds, part) in table {
            assert_eq!(decode(bytes, kinds), Err(KeyError { part, kind: kinds[part] }), "{bytes:?}");
        }
    }
}
