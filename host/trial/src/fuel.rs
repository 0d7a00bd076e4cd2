//! What transactions cost, each judged alone.
//!
//! Time on this machine is told by what a microsecond costs in fuel here
//! ([`Calibration`]), and not by a clock around each row: most rows take less
//! than the clock can tell, and making their sandbox takes more than they do.
//! Budgets are written as times that become fuel, so both numbers compare. What
//! the policy itself takes is measured by a benchmark.

use crate::Sample;
use sandgate_sandbox::{Calibration, Policy};

/// The fuel of samples, each judged alone in a fresh sandbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Fuel {
    /// What one transaction may use.
    pub budget: u64,
    /// Of each sample, in their order.
    pub each: Vec<u64>,
}

impl Fuel {
    /// Judges every sample alone.
    pub fn of(policy: &Policy, budget: u64, samples: &[Sample]) -> Fuel {
        Fuel { budget, each: samples.iter().map(|sample| sample.judge(policy, budget).1).collect() }
    }

    /// Half of the samples used this or less; 0 where there are none.
    pub fn median(&self) -> u64 {
        let mut sorted = self.each.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
    }

    /// The dearest sample and what it used; the first of several.
    pub fn worst(&self) -> Option<(usize, u64)> {
        let worst = *self.each.iter().max()?;
        Some((self.each.iter().position(|used| *used == worst)?, worst))
    }

    /// How much of the budget so much fuel is, from 0 to 1.
    pub fn share(&self, fuel: u64) -> f64 {
        fuel as f64 / self.budget.max(1) as f64
    }
}

/// The microseconds that so much fuel takes on this machine, about.
pub fn micros(fuel: u64, calibration: &Calibration) -> f64 {
    fuel as f64 / calibration.median
}
