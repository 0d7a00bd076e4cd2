//! Writing JSON without a tree in between: a decision is a few hundred bytes of
//! fixed text with values in it, and it is written for every transaction.

use sandgate_model::Value;

/// Appends a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends what stands between the quotes of a JSON string; `text` is UTF-8.
pub fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut from = 0;
    for (at, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&text[from..]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends a whole number.
pub fn integer(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends the shortest number that reads back the same. The host lets no
/// number in that is not finite; should one get here it is written as null.
pub fn number(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Appends a value: decimals as strings at their scale, instants as RFC 3339.
pub fn value(out: &mut Vec<u8>, value: Value<&str>) {
    match value {
        Value::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Value::Integer(number) => integer(out, number),
        Value::Number(float) => number(out, float),
        Value::Text(text) => string(out, text),
        Value::Decimal(decimal) => {
            out.push(b'"');
            decimal.write(out);
            out.push(b'"');
        }
        Value::Instant(instant) => {
            out.push(b'"');
            instant.write(out);
            out.push(b'"');
        }
    }
}

/// Puts the commas between the elements of a list or the members of an object.
#[derive(Debug)]
pub struct List {
    first: bool,
}

impl List {
    /// Nothing was written yet.
    pub fn new() -> List {
        List { first: true }
    }

    /// Is called before each element.
    pub fn next(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.first) {
            out.push(b',');
        }
    }
}

impl Default for List {
    fn default() -> List {
        List::new()
    }
}

/// Appends a list, each of whose elements `one` writes.
pub fn list<T>(out: &mut Vec<u8>, all: &[T], one: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    let mut list = List::new();
    for element in all {
        list.next(out);
        one(out, element);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::{number, string};

    #[test]
    fn strings_read_back_the_same() {
        for text in ["", "plain", "a \"b\" \\ c", "line\nbreak\t\r", "\u{0}\u{1f}\u{7f}", "申购 💶", "\u{202e}"] {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn numbers_are_the_shortest_that_read_back_the_same() {
        for (float, expected) in
            [(0.5, "0.5"), (-0.0, "-0.0"), (1.0, "1.0"), (0.1 + 0.2, "0.30000000000000004"), (1e300, "1e+300")]
        {
            let mut out = Vec::new();
            number(&mut out, float);
            assert_eq!(String::from_utf8_lossy(&out), expected);
            assert_eq!(serde_json::from_slice::<f64>(&out).ok().map(f64::to_bits), Some(float.to_bits()));
        }
    }
}
