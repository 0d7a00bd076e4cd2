//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest
//! first (LEB128); signed ones are zigzagged, so that small negative ones are short too.

mod fixed;

pub use fixed::put_long;

/// Bytes that are read from the front. Every read answers `None` where they end
/// too early, and leaves nothing half read that anybody may use.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(
    /// What is left.
    pub &'a [u8],
);

impl<'a> Bytes<'a> {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next unsigned number; `None` also where it needs more than 64 bits or
    /// was written longer than it needs to be.
    pub fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return (byte != 0 || shift == 0).then_some(value);
            }
        }
        None
    }

    /// The next unsigned number of 32 bits.
    pub fn unsigned32(&mut self) -> Option<u32> {
        self.unsigned()?.try_into().ok()
    }

    /// The next signed number.
    pub fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// The next length and as many bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.unsigned()?.try_into().ok()?;
        self.take(length)
    }

    /// The next length and as many bytes of text.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The next byte as a flag, which has no third value.
    pub fn flag(&mut self) -> Option<bool> {
        self.byte().filter(|byte| *byte <= 1).map(|byte| byte == 1)
    }

    /// The next flag and, if it is set, signed number.
    pub fn option(&mut self) -> Option<Option<i64>> {
        if self.flag()? { self.signed().map(Some) } else { Some(None) }
    }
}

/// Appends an unsigned number.
pub fn unsigned(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends a signed number.
pub fn signed(value: i64, out: &mut Vec<u8>) {
    unsigned(((value << 1) ^ (value >> 63)).cast_unsigned(), out);
}

/// Appends a length and the bytes.
pub fn bytes(value: &[u8], out: &mut Vec<u8>) {
    unsigned(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Appends a flag, and the number if there is one.
pub fn option(value: Option<i64>, out: &mut Vec<u8>) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        signed(value, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_take_the_bytes_they_need() {
        for (value, bytes) in [(0u64, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u64::MAX, 10)] {
            let mut out = Vec::new();
            unsigned(value, &mut out);
            assert_eq!(out.len(), bytes, "{value}");
        }
        let mut out = Vec::new();
        for value in [0, -1, 1, -64, 63, i64::MIN, i64::MAX] {
            signed(value, &mut out);
        }
        assert_eq!(out[..5], [0, 1, 2, 127, 126]);
        let mut bytes = Bytes(&out[5..]);
        assert_eq!((bytes.signed(), bytes.signed(), bytes.signed()), (Some(i64::MIN), Some(i64::MAX), None));
    }

    #[test]
    fn a_number_is_written_in_one_way_only() {
        for bytes in [
            &[0x80, 0x00][..],
            &[0xff; 10],
            &[0x80; 3],
            &[],
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
        ] {
            assert_eq!(Bytes(bytes).unsigned(), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(a in any::<u64>(), b in any::<i64>(), c in ".{0,20}") {
            let mut out = Vec::new();
            unsigned(a, &mut out);
            signed(b, &mut out);
            bytes(c.as_bytes(), &mut out);
            let mut rest = Bytes(&out);
            prop_assert_eq!((rest.unsigned(), rest.signed(), rest.text()), (Some(a), Some(b), Some(c.as_str())));
            prop_assert!(rest.0.is_empty());
        }
    }
}
