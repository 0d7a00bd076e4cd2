//! The transactions of a bench: drawn at random, those that fault left out.
//!
//! A row that faults has its batch judged again in halves. Among random rows
//! are more of those than a stream will ever have, and what they cost would
//! stand in front of what the policy costs.

use anyhow::bail;
use sandgate_engine::resolve::settings;
use sandgate_model::manifest::Setting;
use sandgate_sandbox::Policy;
use sandgate_trial::{Draw, Sample, told};
use std::collections::BTreeMap;

/// Transactions that are measured with.
pub(super) const ROWS: usize = 1_024;
/// Rows drawn in search of those.
const TRIES: usize = 4 * ROWS;

/// What one policy is measured with.
pub(super) struct Drawn {
    /// At most [`ROWS`], each with an answer.
    pub(super) samples: Vec<Sample>,
    /// The fuel of each, judged alone.
    pub(super) alone: Vec<u64>,
    /// What was answered, in words.
    pub(super) answers: Vec<String>,
    /// Whether a parameter has no default, and all were drawn.
    pub(super) settings_drawn: bool,
    /// How many rows were left out, by their fault.
    pub(super) left_out: BTreeMap<&'static str, usize>,
}

/// Draws the rows that all of these policies answer; they read the same inputs.
///
/// # Errors
/// Where one of them answers none.
pub(super) fn draw(policies: &[&Policy], seed: u64, budget: u64) -> anyhow::Result<Vec<Drawn>> {
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut parameters: Vec<Vec<Setting>> = Vec::new();
    for policy in policies {
        let defaults = settings(policy.manifest(), &[]).ok();
        drawn.push(Drawn {
            samples: Vec::new(),
            alone: Vec::new(),
            answers: Vec::new(),
            settings_drawn: defaults.is_none(),
            left_out: BTreeMap::new(),
        });
        parameters.push(defaults.unwrap_or_else(|| Draw::new(policy.manifest(), seed, &[]).settings()));
    }
    let [first, ..] = policies else { return Ok(drawn) };
    let mut source = Draw::new(first.manifest(), seed, &[]);
    let mut fault = None;
    for _ in 0..TRIES {
        if drawn[0].samples.len() == ROWS {
            break;
        }
        let inputs = source.inputs(&parameters[0]);
        let judged: Vec<_> = policies
            .iter()
            .zip(&parameters)
            .map(|(policy, settings)| {
                let sample = Sample { inputs: inputs.clone(), settings: settings.clone() };
                let (answer, fuel) = sample.judge(policy, budget);
                (sample, answer, fuel)
            })
            .collect();
        let sound = judged.iter().all(|(_, answer, _)| answer.fault.is_none());
        for ((policy, drawn), (sample, answer, fuel)) in policies.iter().zip(&mut drawn).zip(judged) {
            if let Some(found) = answer.fault {
                *drawn.left_out.entry(found.word()).or_default() += 1;
                fault = Some(found);
            } else if sound {
                let told = told(&answer, policy.manifest());
                drawn.answers.push(format!("{told} {:?}", answer.contributions));
                drawn.samples.push(sample);
                drawn.alone.push(fuel);
            }
        }
    }
    if let (true, Some(fault)) = (drawn[0].samples.is_empty(), fault) {
        bail!(
            "there is nothing to measure: each of {TRIES} transactions that {} allows ends in a fault, such as: {} {fault}; \
             `sandgate test` shows what one is judged on",
            first.manifest().name,
            fault.word()
        );
    }
    Ok(drawn)
}
