//! What a decision may owe to a server that was gone, and what has to be true of
//! it all the same.

use serde_json::Value;

/// A circumstance that excuses some inputs of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Excuse {
    /// What the decision has to say: `stale-tag`, `missing-tag`, `missing-state`.
    pub what: &'static str,
    /// Inputs that may then be the default, or a fault, in place of the right value.
    pub inputs: &'static [&'static str],
}

/// What is the same with any server gone.
const KEPT: [&str; 7] = ["transaction", "tenant", "account", "repeat_of", "generation", "set", "time"];

/// Whether a decision is the expected one but for what its circumstances excuse;
/// nothing where it says none.
pub(super) fn excused(decision: &Value, expected: &Value, excuses: &[Excuse]) -> Option<Result<(), String>> {
    let circumstances = |of: &Value| of["circumstances"].as_array().cloned().unwrap_or_default();
    let excuse = |circumstance: &Value| excuses.iter().find(|excuse| circumstance["what"] == excuse.what);
    let (excusing, others): (Vec<_>, Vec<_>) =
        circumstances(decision).into_iter().partition(|circumstance| excuse(circumstance).is_some());
    if excusing.is_empty() {
        return None;
    }
    if others != circumstances(expected) {
        return Some(Err(format!("circumstances are {others:?} besides, undisturbed {}", expected["circumstances"])));
    }
    let inputs: Vec<&str> = excusing.iter().filter_map(excuse).flat_map(|excuse| excuse.inputs).copied().collect();
    Some(if inputs.is_empty() { all_else(decision, expected) } else { but_for(decision, expected, &inputs) })
}

/// Everything but the circumstances is the same.
fn all_else(decision: &Value, expected: &Value) -> Result<(), String> {
    let mut without = decision.clone();
    without["circumstances"] = expected["circumstances"].clone();
    if without == *expected {
        Ok(())
    } else {
        Err(format!("owes a stale value only, and is {decision}, undisturbed {expected}"))
    }
}

/// Whom it is about and the other inputs are the same.
fn but_for(decision: &Value, expected: &Value, excused: &[&str]) -> Result<(), String> {
    if let Some(key) = KEPT.iter().find(|key| decision[**key] != expected[**key]) {
        return Err(format!("{key} is {}, undisturbed {}", decision[*key], expected[*key]));
    }
    let policies = |of: &Value| of["policies"].as_array().cloned().unwrap_or_default();
    let (policies, undisturbed) = (policies(decision), policies(expected));
    if policies.len() != undisturbed.len() {
        return Err(format!("{} policies, undisturbed {}", policies.len(), undisturbed.len()));
    }
    for (policy, undisturbed) in policies.iter().zip(&undisturbed) {
        if let Some(key) = ["name", "version", "digest", "stage"].iter().find(|key| policy[**key] != undisturbed[**key])
        {
            return Err(format!("{key} is {}, undisturbed {}", policy[*key], undisturbed[*key]));
        }
        for (input, value) in undisturbed["inputs"].as_object().into_iter().flatten() {
            let told = &policy["inputs"][input];
            let defaulted = policy["defaulted"].as_array().is_some_and(|all| all.iter().any(|name| name == input));
            let stands_in = defaulted || told["fault"].is_string();
            if told != value && !(excused.contains(&input.as_str()) && stands_in) {
                return Err(format!("{input} is {told}, undisturbed {value}"));
            }
        }
    }
    Ok(())
}
