//! For each reason that no sample produced, the smallest row that does.
//!
//! A reason that no case shows is either not tested or cannot happen, and an
//! author wants to know which. So rows are drawn and changed until one produces
//! it, within bounds and from a seed; then everything about the row that the
//! reason does not need is taken away, and where it stands on an edge, the edge
//! is found exactly.

mod edge;
mod hunt;
mod shrink;

use crate::{Answer, Constants, Sample};
use edge::edges;
use hunt::Hunt;
use sandgate_model::Value;
use sandgate_sandbox::Policy;
use shrink::Shrink;

/// What came out for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Sought {
    /// Its index in the manifest.
    pub reason: usize,
    /// Rows that were judged before it was found or given up.
    pub tries: u64,
    /// The smallest row that was found; nothing where none was.
    pub found: Option<Found>,
}

/// A row that produces a reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The row, with the parameters that it needs.
    pub sample: Sample,
    /// What it is answered.
    pub answer: Answer,
    /// The parameters that are not what they are by default, by index; empty
    /// where the defaults do. No row was found with the defaults alone otherwise.
    pub varied: Vec<usize>,
    /// Where a small change of one input makes the reason come or go.
    pub edges: Vec<Edge>,
}

/// A value of one input at which a reason comes or goes, all others being as in
/// the row that was found. One unit lies between two of the three.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Which input, by index.
    pub input: usize,
    /// Just below; nothing where the manifest does not allow it.
    pub below: Option<Near>,
    /// At the edge: of the two values between which the reason changes the one
    /// that a parameter has, or else the rounder one.
    pub at: Near,
    /// Just above; nothing where the manifest does not allow it.
    pub above: Option<Near>,
}

/// A value near an edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// The value of the input.
    pub value: Value,
    /// The whole row.
    pub sample: Sample,
    /// What it is answered.
    pub answer: Answer,
    /// Whether the reason is in it.
    pub produces: bool,
}

/// Looks for rows that produce what no sample did.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// What is searched.
    pub policy: &'a Policy,
    /// The fuel of one transaction.
    pub budget: u64,
    /// Rows that are already there.
    pub samples: &'a [Sample],
    /// What the component may compare its inputs with.
    pub constants: &'a Constants,
    /// Rows that are judged at most, before any is made smaller.
    pub tries: u64,
    /// The same seed finds the same.
    pub seed: u64,
}

impl Search<'_> {
    /// Rows that are judged where nothing else is asked for: a second or less for
    /// most policies.
    pub const TRIES: u64 = 50_000;

    /// Looks for every reason that no sample produces, in declared order.
    pub fn run(&self) -> Vec<Sought> {
        let mut produced = vec![false; self.policy.manifest().reasons.len()];
        for sample in self.samples {
            for hit in sample.judge(self.policy, self.budget).0.hits {
                produced[hit as usize] = true;
            }
        }
        let missing: Vec<usize> = (0..produced.len()).filter(|reason| !produced[*reason]).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let mut hunt = Hunt::new(self, &missing);
        hunt.run();
        let usual = hunt.usual.clone();
        let mut sought: Vec<Sought> = Vec::with_capacity(missing.len());
        for reason in missing {
            let (tries, caught) = hunt.caught(reason);
            let found = caught.map(|sample| {
                let sample = Shrink { search: self, reason, usual: &usual }.smallest(sample);
                let varied = sample.settings.iter().zip(&usual).enumerate().filter(|(_, (is, usual))| is != usual);
                Found {
                    answer: sample.judge(self.policy, self.budget).0,
                    varied: varied.map(|(at, _)| at).collect(),
                    edges: edges(self, reason, &sample),
                    sample,
                }
            });
            sought.push(Sought { reason, tries, found });
        }
        sought
    }

    /// Whether a row produces a reason, judged alone.
    fn produces(&self, sample: &Sample, reason: usize) -> bool {
        sample.judge(self.policy, self.budget).0.hits.contains(&(reason as u32))
    }
}
