//! The step before a set may judge: each of its policies answers its own cases as
//! its author expects, and none costs more than the tenant's budget.

use super::bundle::Cases;
use crate::sets::{Step, Trouble};
use sandgate_control::Registry;
use sandgate_engine::generation::{Generation, Placed};
use sandgate_files::Report;
use sandgate_trial::case;
use std::cell::RefCell;
use std::path::Path;

/// So many times a budget no policy needs that is worth telling.
const AMPLE: u64 = 1_000;

/// What the cases of a set have shown.
pub(super) struct Shown {
    /// How many cases were replayed.
    pub(super) cases: usize,
    /// Of each policy that has some: its name, the most fuel of one transaction, its budget.
    pub(super) fuel: Vec<(String, u64, u64)>,
    /// The policies that have none.
    pub(super) without: Vec<String>,
}

/// Replays the cases of all policies of a set.
///
/// # Errors
/// Where one goes otherwise than expected, or costs more than its budget.
pub(super) fn replay(generation: &Generation, registry: &Registry) -> Result<Shown, Trouble> {
    let fail = |why: String| Trouble { step: Step::Cases, why };
    let mut shown = Shown { cases: 0, fuel: Vec::new(), without: Vec::new() };
    for Placed { name, policy, fuel } in generation.policies() {
        let told = |what: String| fail(format!("policy `{name}`: {what}"));
        let stored = registry.policy(&policy.digest()).map_err(|error| told(error.to_string()))?;
        let Some(digest) = stored.and_then(|stored| stored.cases) else {
            shown.without.push(name.to_owned());
            continue;
        };
        let bytes = registry.blob(&digest).map_err(|error| told(error.to_string()))?;
        let cases = Cases::of_bytes(&bytes.unwrap_or_default()).map_err(told)?;
        let mut worst = 0;
        for text in &cases.cases {
            let report = RefCell::<Report>::default();
            let Some(read) = case::parse(Path::new(&text.name), &text.text, policy, &report) else {
                return Err(told(format!("case {}: {}", text.name, crate::sets::told(&report.into_inner()))));
            };
            let ran = case::run(&read, policy).map_err(|error| told(format!("case {}: {error}", text.name)))?;
            if let Some(failure) = ran.failures.first() {
                let differences = failure.differences.iter();
                let differences =
                    differences.map(|one| format!("{}: expected {}, got {}", one.what, one.expected, one.got));
                let differences = differences.collect::<Vec<_>>().join("; ");
                return Err(told(format!("case {}, line {}: {differences}", text.name, failure.line)));
            }
            // with more than it may use, so that it is told how much that would be
            let costs = ran.samples.iter().map(|sample| sample.judge(policy, fuel.saturating_mul(AMPLE)).1);
            worst = costs.fold(worst, u64::max);
            if worst > fuel {
                return Err(told(format!(
                    "case {} takes {worst} of fuel, and its budget is {fuel}: raise the budget, or make it cheaper",
                    text.name
                )));
            }
            shown.cases += 1;
        }
        shown.fuel.push((name.to_owned(), worst, fuel));
    }
    Ok(shown)
}
