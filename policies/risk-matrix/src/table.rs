//! A table of likelihood levels × impact levels, as a tenant writes it.

/// A table whose entries fit its levels.
pub(crate) struct Table<'a> {
    likelihood_levels: &'a [f64],
    impact_levels: &'a [f64],
    risks: &'a [f64],
}

impl<'a> Table<'a> {
    /// The table, if the levels rise and there is one entry for each pair.
    pub(crate) fn new(likelihood_levels: &'a [f64], impact_levels: &'a [f64], risks: &'a [f64]) -> Option<Table<'a>> {
        let rise = |levels: &[f64]| levels.windows(2).all(|pair| pair[0] < pair[1]);
        let entries = (likelihood_levels.len() + 1) * (impact_levels.len() + 1);
        let sound = rise(likelihood_levels) && rise(impact_levels) && risks.len() == entries;
        sound.then_some(Table { likelihood_levels, impact_levels, risks })
    }

    /// The level of a probability, from 0.
    pub(crate) fn likelihood(&self, probability: f64) -> usize {
        level(self.likelihood_levels, probability)
    }

    /// The level of an impact, from 0.
    pub(crate) fn impact(&self, impact: f64) -> usize {
        level(self.impact_levels, impact)
    }

    /// The risk of a pair of levels.
    pub(crate) fn risk(&self, likelihood: usize, impact: usize) -> f64 {
        self.risks[likelihood * (self.impact_levels.len() + 1) + impact]
    }
}

/// How many levels begin at the value or below it.
fn level(begins: &[f64], value: f64) -> usize {
    begins.iter().filter(|begin| **begin <= value).count()
}
