//! What `agree!` stands on: it finds a component that is another function than
//! the one that is tested, and lets a panic and a trap be the same.

use crate::{failure, policy};
use sandgate_harness::Policy;
use sandgate_harness::expand::{Columns, Verdicts, agree};

/// `account-risk` by hand, with another idea of where large begins.
fn account_risk(inputs: &Columns, parameters: &Columns, large_from: i64) -> Verdicts {
    let (amount, level) = (inputs.integers[0], inputs.integers[1]);
    let [medium, large, medium_level, large_level] = parameters.integers[..] else { return Verdicts::default() };
    let large = amount >= large.saturating_add(large_from);
    let hits = if medium > parameters.integers[1] {
        vec![2]
    } else if large {
        (level >= large_level).then_some(0).into_iter().collect()
    } else {
        (amount > medium && level >= medium_level).then_some(1).into_iter().collect()
    };
    Verdicts { hits, ..Verdicts::default() }
}

fn compare(policy: &Policy, large_from: i64) {
    agree(policy, 4_000, 1, &|inputs, parameters| account_risk(inputs, parameters, large_from));
}

#[test]
fn a_function_that_says_the_same_agrees() {
    compare(&policy("account_risk.wasm"), 1);
}

#[test]
fn a_limit_that_is_one_unit_off_is_found() {
    let told = failure(|| compare(&policy("account_risk.wasm"), 0));
    let (intro, difference) = told.split_once('{').unwrap();
    assert_eq!(intro.trim(), "the function and its component differ:");
    let difference: serde_json::Value = serde_json::from_str(&format!("{{{difference}")).unwrap();
    assert_eq!(difference["inputs"]["amount"], difference["parameters"]["large"], "{difference:#}");
    assert_ne!(difference["function"]["reasons"], difference["component"]["reasons"], "{difference:#}");
}

#[test]
fn a_policy_that_traps_does_not_agree_with_a_function_that_answers() {
    let unruly = policy("unruly.wasm");
    let set = |mood: &str| {
        // the mood is a field, so that random texts seldom make it do something
        sandgate_harness::Harness::new(&unruly).input("mood", mood).send(serde_json::json!({ "amount": 1 }))
    };
    set("panic").fault("trap");
    set("nan").fault("output");
    let calm = |_: &Columns, _: &Columns| Verdicts { scores: vec![0.25], ..Verdicts::default() };
    let told = failure(|| agree(&unruly, 500, 1, &calm));
    assert!(told.contains("\"mood\"") && told.contains("0.25"), "{told}");
    assert!(failure(|| agree(&unruly, 0, 1, &calm)).contains("0 rows show nothing"));
}
