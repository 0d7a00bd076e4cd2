//! Whether anything that the manifest allows ends a policy without an answer: a
//! panic, its budget, its memory. Each is a fault that the fallback answers, so it
//! harms nobody; but an author wants to know before a customer meets it.

use crate::answers::together;
use crate::draw::Draw;
use crate::{Constants, Sample};
use sandgate_engine::resolve::settings;
use sandgate_model::Fault;
use sandgate_sandbox::Policy;

/// Rows that are drawn.
const ROWS: usize = 512;

/// What ended without an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// Rows that were judged.
    pub rows: usize,
    /// By the word of the fault, in the order in which they came.
    pub found: Vec<Faulted>,
}

/// Rows that ended in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Faulted {
    /// The fault of the first one.
    pub fault: Fault,
    /// The first one.
    pub sample: Sample,
    /// How many there were.
    pub rows: usize,
}

impl Faults {
    /// Judges drawn rows, with the parameters of the samples and those by default.
    pub fn of(policy: &Policy, budget: u64, samples: &[Sample], constants: &Constants, seed: u64) -> Faults {
        let manifest = policy.manifest();
        let mut draw = Draw::new(manifest, seed, samples);
        draw.also(constants);
        let mut sets: Vec<_> = settings(manifest, &[]).into_iter().collect();
        for sample in samples {
            if !sets.contains(&sample.settings) {
                sets.push(sample.settings.clone());
            }
        }
        if sets.is_empty() {
            sets.push(draw.settings());
        }
        let drawn = |at: usize| {
            let settings = &sets[at % sets.len()];
            Sample { inputs: draw.inputs(settings), settings: settings.clone() }
        };
        let rows: Vec<Sample> = (0..ROWS).map(drawn).collect();
        let mut faults = Faults { rows: rows.len(), found: Vec::new() };
        for set in &sets {
            let rows: Vec<&Sample> = rows.iter().filter(|row| row.settings == *set).collect();
            let answers = together(policy, rows.iter().copied(), budget);
            for (row, answer) in rows.into_iter().zip(answers) {
                if let Some(fault) = answer.fault {
                    faults.count(fault, row);
                }
            }
        }
        faults
    }

    fn count(&mut self, fault: Fault, row: &Sample) {
        match self.found.iter_mut().find(|found| found.fault.word() == fault.word()) {
            Some(found) => found.rows += 1,
            None => self.found.push(Faulted { fault, sample: row.clone(), rows: 1 }),
        }
    }
}
