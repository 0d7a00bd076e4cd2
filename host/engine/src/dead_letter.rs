//! A record that could not be used, as one JSON object on a line: where it
//! stood, why it could not be used, and its bytes as they came.
//!
//! Keys, in this order: `position`, `cause` (a word of the closed list),
//! `detail`, then the record itself: `record` where its bytes are text, else
//! `base64`. `size` is the record's length in bytes; a record over the size of
//! its source is kept up to that size only, and `size` tells how long it was.

use crate::decision::{Origin, position};
use crate::decode::Unusable;
use crate::json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Appends a dead letter.
pub(crate) fn write(origin: &Origin<'_>, bytes: &[u8], size: u64, unusable: &Unusable, out: &mut Vec<u8>) {
    out.push(b'{');
    position(origin, out);
    out.extend_from_slice(b",\"cause\":");
    json::string(out, unusable.cause.word());
    out.extend_from_slice(b",\"detail\":");
    json::string(out, &unusable.detail);
    out.extend_from_slice(b",\"size\":");
    out.extend_from_slice(itoa::Buffer::new().format(size).as_bytes());
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            out.extend_from_slice(b",\"record\":");
            json::string(out, text);
        }
        Err(_) => {
            out.extend_from_slice(b",\"base64\":\"");
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.push(b'"');
        }
    }
    out.extend_from_slice(b"}\n");
}
