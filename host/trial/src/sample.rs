//! What a policy was judged on: the values of one row, and the parameters.

use sandgate_engine::resolve::parameter_rows;
use sandgate_model::manifest::Setting;
use sandgate_model::{Fault, Manifest, Value};
use sandgate_sandbox::{Policy, Rows, Verdicts};

/// One row of inputs with the parameters that it is judged with.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// In declared order; nothing where an input is absent.
    pub inputs: Vec<Option<Value>>,
    /// In declared order.
    pub settings: Vec<Setting>,
}

/// What a policy says about one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The indices of its reasons, rising.
    pub hits: Vec<u32>,
    /// Of a scoring policy.
    pub score: Option<f64>,
    /// Where the manifest promises them.
    pub contributions: Vec<f64>,
    /// Why there is no verdict, if so.
    pub fault: Option<Fault>,
}

impl Sample {
    /// Judged alone in a fresh sandbox: the answer, and the fuel that it took.
    pub fn judge(&self, policy: &Policy, budget: u64) -> (Answer, u64) {
        let mut verdicts = Verdicts::new();
        let rows = rows(policy.manifest(), [self]);
        policy.judge(&rows, &parameter_rows(policy.manifest(), &self.settings), budget, &mut verdicts);
        (Answer::of(policy.manifest(), &verdicts, 0), verdicts.fuel)
    }
}

impl Answer {
    /// The answer about one row of a call.
    pub fn of(manifest: &Manifest, verdicts: &Verdicts, row: u32) -> Answer {
        let fault = verdicts.faults.iter().find(|(faulted, _)| *faulted == row).map(|(_, fault)| fault.clone());
        let at = row as usize;
        let inputs = manifest.inputs.len();
        let sound = fault.is_none();
        Answer {
            hits: verdicts.hits.iter().filter(|hit| hit.row == row).map(|hit| hit.reason).collect(),
            score: verdicts.scores.get(at).copied().filter(|_| sound),
            contributions: match verdicts.contributions.get(at * inputs..(at + 1) * inputs) {
                Some(contributions) if sound => contributions.to_vec(),
                _ => Vec::new(),
            },
            fault,
        }
    }
}

/// The inputs of several samples as they cross the contract.
pub fn rows<'a>(manifest: &Manifest, samples: impl IntoIterator<Item = &'a Sample>) -> Rows {
    let mut rows = Rows::new();
    for sample in samples {
        for (input, value) in manifest.inputs.iter().zip(&sample.inputs) {
            match value {
                Some(value) => rows.push(value.borrowed()),
                None => rows.push_absent(input.kind),
            }
        }
        rows.end_row();
    }
    rows
}
