//! A sum of amounts: exact, however many there are and whatever their scales.

use crate::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A sum of amounts; as JSON a text, as `"12.50"`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Money {
    units: i128,
    scale: u8,
}

impl Money {
    /// Adds another, at the finer scale of both. What 128 bits do not hold stays at their end.
    pub fn add(&mut self, other: Money) {
        let scale = self.scale.max(other.scale);
        let units = self.at(scale).saturating_add(other.at(scale));
        *self = Money { units, scale };
    }

    fn at(self, scale: u8) -> i128 {
        let finer = 10i128.saturating_pow(u32::from(scale.saturating_sub(self.scale)));
        self.units.saturating_mul(finer)
    }
}

impl From<Decimal> for Money {
    fn from(amount: Decimal) -> Money {
        Money { units: amount.units.into(), scale: amount.scale }
    }
}

impl PartialEq for Money {
    fn eq(&self, other: &Money) -> bool {
        let scale = self.scale.max(other.scale);
        self.at(scale) == other.at(scale)
    }
}

impl Eq for Money {}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10u128.saturating_pow(self.scale.into());
        let (sign, units) = (if self.units < 0 { "-" } else { "" }, self.units.unsigned_abs());
        match self.scale {
            0 => write!(f, "{sign}{units}"),
            scale => write!(f, "{sign}{}.{:0width$}", units / one, units % one, width = usize::from(scale)),
        }
    }
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Money, String> {
        let none = || format!("{text:?} is no amount");
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let scale = u8::try_from(part.len()).ok().filter(|scale| *scale <= 30).ok_or_else(none)?;
        let units = format!("{whole}{part}").parse().map_err(|_| none())?;
        Ok(Money { units, scale })
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Money;
    use crate::Decimal;

    #[test]
    fn sums_are_exact_at_the_finest_scale_and_read_back() {
        let table: [(&[(i64, u8)], &str); 5] = [
            (&[], "0"),
            (&[(1, 2), (5, 0)], "5.01"),
            (&[(-1, 2)], "-0.01"),
            (&[(i64::MAX, 2), (i64::MAX, 2)], "184467440737095516.14"),
            (&[(7, 0), (3, 4), (-7, 0)], "0.0003"),
        ];
        for (amounts, text) in table {
            let mut sum = Money::default();
            amounts.iter().for_each(|(units, scale)| sum.add(Decimal { units: *units, scale: *scale }.into()));
            assert_eq!(sum.to_string(), text);
            assert_eq!(text.parse::<Money>().unwrap(), sum);
        }
        for wrong in ["", "x", "1.x", "1.0000000000000000000000000000000"] {
            assert!(wrong.parse::<Money>().is_err(), "{wrong}");
        }
    }
}
