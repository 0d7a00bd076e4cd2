//! The slot of a key in a Redis cluster.
//!
//! What is in braces is hashed alone, as Redis does it, so that whoever looks finds
//! the same node.

/// How many slots a cluster has.
pub(crate) const SLOTS: u16 = 16_384;

/// The slot of a key: the CRC16 of what stands in its first braces, if something
/// does, else of all of it.
pub fn slot(key: &[u8]) -> u16 {
    crc16(tag(key)) % SLOTS
}

fn tag(key: &[u8]) -> &[u8] {
    let inside = key.iter().position(|byte| *byte == b'{').and_then(|open| key.get(open + 1..));
    let tag = inside.and_then(|rest| rest.get(..rest.iter().position(|byte| *byte == b'}')?));
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

/// CRC-16/XMODEM, bit by bit: a key is short, and its slot is asked for once a batch.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc >> 15 == 1 { crc << 1 ^ 0x1021 } else { crc << 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis() {
        // of CLUSTER KEYSLOT
        for (key, expected) in [
            ("123456789", 12_739),
            ("", 0),
            ("foo", 12_182),
            ("{foo}bar", 12_182),
            ("bar{foo}{zap}", 12_182),
            ("foo{}{bar}", 8_363),
            ("foo{{bar}}zap", 4_015),
            ("somekey", 11_058),
        ] {
            assert_eq!(slot(key.as_bytes()), expected, "{key}");
        }
    }
}
