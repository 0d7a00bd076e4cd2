//! A root and a quotient with twice the digits of a float.
//!
//! A value is held as the sum of two floats, as Dekker does it (1971), with a bit
//! more than 100 digits. That nearly always settles how it is rounded; where it
//! comes too close to the middle of two floats, it says so (Ziv's test) and leaves
//! the answer to exact arithmetic, which takes ten times as long.

/// How far off a quotient can be, as a part of itself: its four steps lose some
/// 2^-104 each.
const DOUBT: f64 = 1.0 / (1u128 << 98) as f64;

/// √`size` / `parts`, correctly rounded, unless that is in doubt. Both are less
/// than 2^126 and not 0.
pub(super) fn root_over(size: u128, parts: u128) -> Option<f64> {
    let (size, size_rest) = split(size);
    let (parts, parts_rest) = split(parts);
    let root = size.sqrt();
    let root_rest = (root.mul_add(-root, size) + size_rest) / (2.0 * root);
    let quotient = root / parts;
    let left = quotient.mul_add(-parts, root) + (root_rest - quotient * parts_rest);
    let rest = left / parts;
    let doubt = quotient * DOUBT;
    let (low, high) = (quotient + (rest - doubt), quotient + (rest + doubt));
    (low == high).then_some(low)
}

/// A whole number as a float and what that leaves out.
fn split(whole: u128) -> (f64, f64) {
    let near = whole as f64;
    (near, (whole as i128 - near as i128) as f64)
}
