//! The logistic function in additions, multiplications and divisions, which IEEE
//! 754 rounds the same everywhere: a score is the same bits in a sandbox,
//! in a native test, and on every machine. The platform's `exp` is not.

/// The probability of a logit: 1 / (1 + e^-logit), the same bits natively, in a
/// sandbox and on every machine. NaN only where the logit is.
pub fn probability(logit: f64) -> f64 {
    // never of a large positive number, so that no quotient of infinities appears
    let odds = exp(-logit.abs());
    if logit >= 0.0 { 1.0 / (1.0 + odds) } else { odds / (1.0 + odds) }
}

/// e to the power of `x`, for `x` from −∞ to 0, within 1 ulp; 0 below −708,
/// where the result would no longer be a normal number.
///
/// By halves of ln 2: x = k ln 2 + r with |r| ≤ ln 2 / 2, so e^x = 2^k e^r, and
/// the series of e^r is cut where the rest is below half an ulp (0.35^14 / 14! <
/// 2^-57). ln 2 is taken in two parts, the first with so many zeros at its end
/// that k times it is exact (Cody and Waite, Software Manual for the Elementary
/// Functions, 1980, chapter 6).
fn exp(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 355.0 / 512.0;
    const LN_2_LOW: f64 = -2.121_944_400_546_905_8e-4;
    if x < -708.0 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round_ties_even();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut series = 1.0;
    for n in (1..=13).rev() {
        series = 1.0 + series * r / f64::from(n);
    }
    // k is from -1021 to 0, so this is a normal number
    series * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::{exp, probability};

    #[test]
    fn exp_is_within_two_ulp_of_the_platform() {
        let mut worst = 0;
        for step in 0..=1_000_000u32 {
            let x = -f64::from(step) * 7.08e-4;
            let (ours, theirs) = (exp(x), x.exp());
            worst = worst.max(ours.to_bits().abs_diff(theirs.to_bits()));
        }
        assert!(worst <= 2, "{worst} ulp");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-709.0), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    }

    #[test]
    fn probabilities_are_these_bits_on_every_machine() {
        let table = [
            (0.0, 0x3fe0_0000_0000_0000),
            (1.0, 0x3fe7_64d4_f5d5_a2bd),
            (-2.5, 0x3fb3_6b71_1253_4848),
            (-30.0, 0x3d3a_56e0_c2ac_7cc0),
        ];
        for (logit, expected) in table {
            let bits = probability(logit).to_bits();
            assert_eq!(bits, expected, "{logit}: {bits:#018x}");
        }
    }

    #[test]
    fn probabilities_rise_from_0_to_1_and_mirror() {
        let mut before = 0.0;
        for step in -8_000..=8_000 {
            let logit = f64::from(step) / 10.0;
            let now = probability(logit);
            assert!(now >= before && now <= 1.0, "{logit}");
            assert!((now + probability(-logit) - 1.0).abs() < 1e-15, "{logit}");
            before = now;
        }
        assert_eq!((probability(f64::NEG_INFINITY), probability(f64::INFINITY)), (0.0, 1.0));
    }
}
