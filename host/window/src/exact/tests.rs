//! Means and deviations against long division and long roots.

use super::{Squares, deviation, mean, parts, root_over, spread};
use num_bigint::{BigInt, BigUint};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The float nearest to √(`over` / `under`), or to `over` / `under` itself: bit by
/// bit, with a last bit that stands for all the rest.
fn nearest(over: &BigUint, under: &BigUint, root: bool) -> f64 {
    if *over == BigUint::ZERO {
        return 0.0;
    }
    let step = if root { 2 } else { 1 };
    // shifted so that 64 bits or more of the result stand before the point
    let up = (64 * step + under.bits() as i64 - over.bits() as i64 + 2).max(0);
    let up = up + up % step;
    let over: BigUint = over << up;
    let whole = &over / under;
    let result = if root { whole.sqrt() } else { whole };
    let exact = if root { &result * &result * under == over } else { &result * under == over };
    let bits = result.bits() as i64;
    assert!(bits > 54, "{bits} bits");
    let cut = bits - 53;
    let mut kept: BigUint = &result >> cut;
    let rest = &result - (&kept << cut);
    let half = BigUint::from(1u32) << (cut - 1);
    if rest > half || rest == half && (!exact || kept.bit(0)) {
        kept += 1u32;
    }
    // 53 bits, so both factors are exact
    u64::try_from(kept).unwrap() as f64 * 2f64.powi((cut - up / step) as i32)
}

fn under(count: u64, scale: u8) -> BigUint {
    BigUint::from(10u32).pow(u32::from(scale)) * count
}

fn check_mean(sum: i128, count: u64, scale: u8) {
    let expected = nearest(&BigUint::from(sum.unsigned_abs()), &under(count, scale), false);
    let expected = if sum < 0 { -expected } else { expected };
    assert_eq!(mean(sum, count, scale).to_bits(), expected.to_bits(), "{sum} / {count} at scale {scale}: {expected:e}");
}

fn check_deviation(operands: &[i64], times: u64, scale: u8) {
    let count = operands.len() as u64 * times;
    let squares = operands.iter().fold(Squares::default(), |sum, operand| sum.plus(Squares::of(*operand)));
    let sum: i128 = operands.iter().map(|operand| i128::from(*operand)).sum();
    let exact: BigUint = operands.iter().map(|operand| BigUint::from(operand.unsigned_abs()).pow(2)).sum();
    let (mut total, mut left) = (Squares::default(), times);
    let mut doubled = squares;
    // the squares of all, by doubling
    while left > 0 {
        if left & 1 == 1 {
            total = total.plus(doubled);
        }
        doubled = doubled.plus(doubled);
        left >>= 1;
    }
    let sum = sum * i128::from(times);
    let over = BigInt::from(exact) * times * count - BigInt::from(sum) * sum;
    let under = under(count, scale);
    let expected = nearest(&over.to_biguint().unwrap(), &(&under * &under), true);
    let found = deviation(count, sum, total, scale);
    assert_eq!(found.to_bits(), expected.to_bits(), "{operands:?} × {times} at scale {scale}: {found:e}, {expected:e}");
    let long = root_over(spread(count, sum, total), parts(count, scale));
    assert_eq!(long.to_bits(), expected.to_bits(), "{operands:?} × {times} at scale {scale}, the long way: {long:e}");
}

#[test]
fn mean_is_the_nearest_float() {
    let two = |bits: u32| 1i128 << bits;
    let sums = [0, 1, 3, 7, 10, 12_345, two(53) - 1, two(53) + 1, two(54) + 1, two(54) + 3, two(62) + 1, two(100) + 1];
    for sum in sums.into_iter().flat_map(|sum| [sum, -sum]).chain([i128::MIN, i128::MAX]) {
        for count in [1, 2, 3, 7, 10, 1 << 20, 1 << 53, (1 << 53) + 1, u64::MAX] {
            for scale in [0, 1, 2, 4, 18] {
                check_mean(sum, count, scale);
            }
        }
    }
    assert_eq!(mean(30, 4, 1), 0.75);
    assert_eq!(mean(5, 0, 0), 0.0);
}

#[test]
fn mean_of_a_tie_is_even() {
    // 2^53 + 1 and 2^53 + 3 lie in the middle of two floats
    assert_eq!(mean((1 << 53) + 1, 1, 0), 9_007_199_254_740_992.0);
    assert_eq!(mean((1 << 53) + 3, 1, 0), 9_007_199_254_740_996.0);
    assert_eq!(mean(-(1 << 54) - 6, 2, 0), -9_007_199_254_740_996.0);
}

#[test]
fn deviation_is_the_nearest_float() {
    let cases: [&[i64]; 10] = [
        &[5],
        &[i64::MIN],
        &[i64::MIN, i64::MAX],
        &[i64::MIN, i64::MIN, i64::MAX],
        &[i64::MAX, i64::MAX - 1],
        &[0, 1],
        &[0, (1 << 54) + 2],
        &[0, (1 << 54) + 6],
        &[2, 4, 4, 4, 5, 5, 7, 9],
        &[100, 10_000, 1_000_000, -3],
    ];
    for operands in cases {
        for times in [1, 3, 1 << 20, 1 << 60] {
            for scale in [0, 2, 4, 18] {
                check_deviation(operands, times, scale);
            }
        }
    }
    // 0 and (1 << 54) + 2 deviate by the middle of two floats, which no pair of floats can settle
    assert_eq!(deviation(2, (1 << 54) + 2, Squares::of((1 << 54) + 2), 0), 9_007_199_254_740_992.0);
    assert_eq!(deviation(1, 5, Squares::of(5), 0), 0.0);
    assert_eq!(deviation(0, 0, Squares::default(), 0), 0.0);
}

#[test]
fn random_operands_are_rounded_once() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..30_000 {
        let mut draw = || random.next_u64() as i64;
        let scale = (draw() as u64 % 19) as u8;
        let (sum, count) = (i128::from(draw()) << 64 | i128::from(draw() as u64), draw() as u64);
        check_mean(sum >> (draw() as u64 % 128), (count >> (draw() as u64 % 64)).max(1), scale);
        let (width, many) = (draw() as u64 % 64, 1 + draw() as u64 % 6);
        let operands: Vec<_> = (0..many).map(|_| draw() >> width).collect();
        check_deviation(&operands, 1 + (draw() as u64 >> (4 + draw() as u64 % 60)), scale);
    }
}
