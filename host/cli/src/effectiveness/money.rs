//! Sums of amounts, exact however many digits they have.

use sandgate_model::decimal::{Decimal, DecimalError};
use std::fmt;
use std::ops::AddAssign;

/// Digits after the point that are kept.
const SCALE: u8 = 18;
/// Digits after the point that are always printed.
const PRINTED: usize = 2;

/// An amount of money, or a sum of amounts, in units of 10⁻¹⁸.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Money(i128);

impl Money {
    /// Reads an amount as JSON writes a number.
    ///
    /// # Errors
    /// Where it is none, or has more digits than a decimal may have.
    pub(super) fn parse(text: &str) -> Result<Money, DecimalError> {
        // the coarsest that holds it leaves the most room before the point
        let scales = [2, 4, 8, SCALE];
        let read = scales.into_iter().map(|scale| Decimal::parse(text, scale));
        let decimal =
            read.reduce(|best, next| if matches!(best, Err(DecimalError::TooFine { .. })) { next } else { best });
        let Decimal { units, scale } = decimal.unwrap_or(Err(DecimalError::Malformed))?;
        // 2^63 × 10^16 is below 2^117
        Ok(Money(i128::from(units) * 10i128.pow(u32::from(SCALE - scale))))
    }

    /// What share of the whole this is; `None` of nothing.
    pub(super) fn share_of(self, whole: Money) -> Option<f64> {
        (whole.0 > 0).then(|| self.0 as f64 / whole.0 as f64)
    }
}

impl AddAssign for Money {
    /// Beyond 10²⁰ sums stay where they are: no currency gets there.
    fn add_assign(&mut self, other: Money) {
        self.0 = self.0.saturating_add(other.0);
    }
}

/// With at least two digits after the point, and as many as there are.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10u128.pow(u32::from(SCALE));
        let (whole, fraction) = (self.0.unsigned_abs() / one, self.0.unsigned_abs() % one);
        let fraction = format!("{fraction:0width$}", width = usize::from(SCALE));
        let digits = fraction.trim_end_matches('0').len().max(PRINTED);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{}", fraction.get(..digits).unwrap_or(&fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn amounts_add_up_exactly() {
        let table: [(&[&str], &str); 6] = [
            (&[], "0.00"),
            (&["0.1", "0.2"], "0.30"),
            (&["1e6", "-0.5"], "999999.50"),
            (&["0.000000000000000001", "1"], "1.000000000000000001"),
            (&["92233720368547758.07", "92233720368547758.07"], "184467440737095516.14"),
            (&["-12.50"], "-12.50"),
        ];
        for (amounts, expected) in table {
            let mut sum = Money::default();
            amounts.iter().for_each(|amount| sum += Money::parse(amount).unwrap());
            assert_eq!(sum.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "ten", "1e40", "0.0000000000000000001", "NaN"] {
            assert!(Money::parse(text).is_err(), "{text}");
        }
    }
}
