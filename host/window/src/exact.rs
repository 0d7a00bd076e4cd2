//! Exact sums, and their quotients and roots as correctly rounded floats.

/// The mean of `count` values that add up to `sum` units of 10^-`scale`.
pub fn mean(sum: i128, count: u64, scale: u8) -> f64 {
    sum as f64 / count as f64 / 10f64.powi(i32::from(scale))
}
