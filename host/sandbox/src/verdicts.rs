//! What a policy answered about a batch, and the check that it may say so.

use crate::wire::WireVerdicts;
use sandgate_model::manifest::Score;
use sandgate_model::{Fault, Manifest};

pub use crate::wire::Hit;

/// The answers to a batch. The buffers are kept between batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdicts {
    /// The hits of all rows without a fault, sorted by row and reason, each once.
    pub hits: Vec<Hit>,
    /// Of a scoring policy: a score for each row, 0 for a faulted one. Of any other: empty.
    pub scores: Vec<f64>,
    /// Where the manifest promises them: how much each input moved the score,
    /// row by row, zeros for a faulted one. Else empty.
    pub contributions: Vec<f64>,
    /// The rows without a verdict and why, sorted by row.
    pub faults: Vec<(u32, Fault)>,
    /// Fuel used by the call in all, whatever was judged again included.
    pub fuel: u64,
}

impl Verdicts {
    /// No answers.
    pub fn new() -> Verdicts {
        Verdicts::default()
    }

    /// Takes all answers out and keeps the buffers.
    pub fn clear(&mut self) {
        self.hits.clear();
        self.scores.clear();
        self.contributions.clear();
        self.faults.clear();
        self.fuel = 0;
    }

    /// Appends a sound answer about `count` rows that start at `first`.
    pub(crate) fn append(&mut self, first: u32, answer: WireVerdicts) {
        let from = self.hits.len();
        self.hits.extend(answer.hits.iter().map(|hit| Hit { row: first + hit.row, reason: hit.reason }));
        // Most policies walk their rows in order: then there is nothing to do.
        let new = &mut self.hits[from..];
        if !new.is_sorted_by(|left, right| left < right) {
            new.sort_unstable();
            let mut kept = from;
            for at in from..self.hits.len() {
                if at == from || self.hits[at] != self.hits[kept - 1] {
                    self.hits[kept] = self.hits[at];
                    kept += 1;
                }
            }
            self.hits.truncate(kept);
        }
        self.scores.extend_from_slice(&answer.scores);
        self.contributions.extend_from_slice(&answer.contributions);
    }

    /// Appends a row without a verdict.
    pub(crate) fn append_fault(&mut self, row: u32, fault: Fault, shape: Shape) {
        self.faults.push((row, fault));
        self.scores.resize(self.scores.len() + usize::from(shape.scores), 0.0);
        self.contributions.resize(self.contributions.len() + shape.contributions, 0.0);
    }
}

/// What of an answer a manifest asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    reasons: u32,
    scores: bool,
    lowest: f64,
    highest: f64,
    /// Contributions for each row.
    contributions: usize,
}

impl Shape {
    pub(crate) fn of(manifest: &Manifest) -> Shape {
        let score: Option<&Score> = manifest.score.as_ref();
        let contributes = score.is_some_and(|score| score.contributions);
        Shape {
            // A manifest has 128 reasons at most.
            reasons: manifest.reasons.len() as u32,
            scores: score.is_some(),
            lowest: score.map_or(0.0, |score| score.minimum),
            highest: score.map_or(0.0, |score| score.maximum),
            contributions: if contributes { manifest.inputs.len() } else { 0 },
        }
    }

    /// What is wrong with an answer about `rows` rows, if anything. The words
    /// are only told of a row that was judged alone.
    pub(crate) fn check(&self, rows: u32, answer: &WireVerdicts) -> Result<(), String> {
        for hit in &answer.hits {
            if hit.row >= rows {
                return Err(format!("a hit names row {}, but there are {rows} rows, counted from 0", hit.row));
            }
            if hit.reason >= self.reasons {
                let declared = self.reasons;
                return Err(format!("a hit names reason {}, but {declared} are declared, counted from 0", hit.reason));
            }
        }
        let expected = if self.scores { rows as usize } else { 0 };
        if answer.scores.len() != expected {
            return Err(format!("there are {} scores in place of {expected}", answer.scores.len()));
        }
        let (lowest, highest) = (self.lowest, self.highest);
        // NaN is in no range, so this finds it too.
        if let Some(score) = answer.scores.iter().find(|score| !(lowest..=highest).contains(*score)) {
            return Err(format!("the score {score} is not on the declared scale from {lowest} to {highest}"));
        }
        let expected = self.contributions * rows as usize;
        if answer.contributions.len() != expected {
            return Err(format!("there are {} contributions in place of {expected}", answer.contributions.len()));
        }
        if let Some(contribution) = answer.contributions.iter().find(|contribution| !contribution.is_finite()) {
            return Err(format!("a contribution is {contribution}, which is not finite"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Hit, Verdicts};
    use crate::wire::WireVerdicts;

    fn answer(hits: &[(u32, u32)]) -> WireVerdicts {
        let hits = hits.iter().map(|&(row, reason)| Hit { row, reason }).collect();
        WireVerdicts { hits, scores: Vec::new(), contributions: Vec::new() }
    }

    #[test]
    fn hits_are_a_sorted_set() {
        let mut verdicts = Verdicts::new();
        verdicts.append(0, answer(&[(1, 0), (0, 2), (1, 0), (0, 1), (0, 2)]));
        verdicts.append(2, answer(&[(0, 0), (0, 1)]));
        verdicts.append(3, answer(&[(0, 5), (0, 5)]));
        let hits: Vec<_> = verdicts.hits.iter().map(|hit| (hit.row, hit.reason)).collect();
        assert_eq!(hits, [(0, 1), (0, 2), (1, 0), (2, 0), (2, 1), (3, 5)]);
    }
}
