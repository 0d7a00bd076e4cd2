//! How measures are spread: counts in steps of an eighth of an octave, so that a
//! quantile is right to 13 % and spreads of several hosts add up. Bounds of a quantile
//! hold for any distribution: they are ranks, not moments.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Steps in an octave, as a power of two.
const BITS: u32 = 3;

/// How often a measure fell into which step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spread(BTreeMap<u16, u64>);

impl Spread {
    /// Takes one measure.
    pub fn take(&mut self, value: u64) {
        *self.0.entry(step(value)).or_default() += 1;
    }

    /// How many measures there are.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// Adds another.
    pub fn add(&mut self, other: &Spread) {
        other.0.iter().for_each(|(step, count)| *self.0.entry(*step).or_default() += count);
    }

    /// The least value that this share of all measures does not exceed, rounded up to
    /// its step; nothing where there are none.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        self.at(share * self.count() as f64).map(|step| least(step + 1) - 1)
    }

    /// Between which values that quantile of what was measured lies, `z` standard errors
    /// of its rank to either side: the ranks of a share q among n measures are n·q with
    /// a standard error of √(n·q·(1−q)). Nothing where so few measures cannot tell.
    pub fn bounds(&self, share: f64, z: f64) -> Option<(u64, u64)> {
        let n = self.count() as f64;
        let error = z * (n * share * (1.0 - share)).sqrt();
        let (low, high) = (n * share - error, n * share + error);
        if low < 1.0 || high > n {
            return None;
        }
        Some((least(self.at(low)?), least(self.at(high)? + 1) - 1))
    }

    /// The step of the measure of that rank, from 1.
    fn at(&self, rank: f64) -> Option<u16> {
        let mut before = 0;
        for (step, count) in &self.0 {
            before += count;
            if before as f64 >= rank {
                return Some(*step);
            }
        }
        None
    }
}

/// The step of a value. Small values have steps of their own.
fn step(value: u64) -> u16 {
    let Some(octave) = value.checked_ilog2().filter(|octave| *octave >= BITS) else { return value as u16 };
    let within = (value >> (octave - BITS)) & ((1 << BITS) - 1);
    (((octave - BITS + 1) << BITS) as u64 + within) as u16
}

/// The least value of a step.
fn least(step: u16) -> u64 {
    let (octave, within) = (u32::from(step >> BITS), u64::from(step) & ((1 << BITS) - 1));
    match octave {
        0 => within,
        octave if octave > 63 - BITS + 1 => u64::MAX,
        octave => ((1 << BITS) + within) << (octave - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Spread, least, step};

    #[test]
    fn each_value_is_in_its_step_and_steps_have_no_gaps() {
        for value in (0..5_000).chain([1 << 40, (1 << 40) + 12_345, u64::MAX / 3]) {
            let at = step(value);
            assert!(least(at) <= value && value < least(at + 1), "{value}: step {at} from {}", least(at));
        }
        assert!(least(step(u64::MAX)) > u64::MAX / 2);
    }

    #[test]
    fn a_quantile_lies_within_its_bounds_and_few_measures_have_none() {
        let mut spread = Spread::default();
        assert_eq!((spread.quantile(0.99), spread.bounds(0.99, 4.0)), (None, None));
        (1..=1_000).for_each(|value| spread.take(value));
        assert_eq!(spread.bounds(0.99, 4.0), None);
        (1_001..=100_000).for_each(|value| spread.take(value));
        let (low, high) = spread.bounds(0.99, 4.0).unwrap();
        let middle = spread.quantile(0.99).unwrap();
        assert!(low <= 99_000 && 99_000 <= high && low <= middle && middle <= high, "{low} {middle} {high}");
        assert!(high - low < 30_000);
    }
}
