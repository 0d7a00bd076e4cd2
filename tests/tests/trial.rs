//! Policies that people use, on trial: pure, with a say for all that they
//! declare, and every reason found from their defaults alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_sandbox::{Config, Policy, Sandbox};
use sandgate_tests::{policies, shipped};
use sandgate_trial::influence::Influence;
use sandgate_trial::search::{Edge, Found, Sought};
use sandgate_trial::{Constants, Influences, Purity, Search, case};

const BUDGET: u64 = 1_000_000;

/// A component that was built for the tests.
struct Component {
    policy: Policy,
    constants: Constants,
}

impl Component {
    fn load(name: &str) -> Component {
        let bytes = std::fs::read(policies().join(name.replace('-', "_")).with_extension("wasm")).unwrap();
        let policy = Sandbox::new(Config { slots: 4, ..Config::default() }).unwrap().load(&bytes).unwrap();
        Component { policy, constants: Constants::of(&bytes) }
    }

    fn search(&self, seed: u64) -> Vec<Sought> {
        let Component { policy, constants } = self;
        Search { policy, budget: BUDGET, samples: &[], constants, tries: Search::TRIES, seed }.run()
    }

    fn code(&self, reason: usize) -> &str {
        &self.policy.manifest().reasons[reason].code
    }

    /// What was found for a reason.
    fn found(&self, code: &str) -> Found {
        let mut sought = self.search(1).into_iter();
        sought.find(|sought| self.code(sought.reason) == code).and_then(|sought| sought.found).unwrap()
    }

    /// Each edge of a row: the input and three values, each that produces the reason with a mark.
    fn edges(&self, found: &Found) -> Vec<String> {
        let near = |edge: &Edge| {
            let near = [edge.below.as_ref(), Some(&edge.at), edge.above.as_ref()].into_iter().flatten();
            near.map(|near| format!("{}{}", near.value, if near.produces { "!" } else { "" }))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let name = |input: usize| &self.policy.manifest().inputs[input].name;
        found.edges.iter().map(|edge| format!("{} {}", name(edge.input), near(edge))).collect()
    }
}

#[test]
fn every_reason_of_every_policy_is_found() {
    for name in shipped() {
        let component = Component::load(&name);
        for seed in [1, 2, 3] {
            let sought = component.search(seed);
            assert_eq!(sought.len(), component.policy.manifest().reasons.len());
            for sought in sought {
                let code = component.code(sought.reason);
                let found = sought.found.unwrap_or_else(|| panic!("{name} with seed {seed} never says {code}"));
                assert!(found.answer.hits.contains(&(sought.reason as u32)), "{name}: {code}");
            }
        }
    }
}

#[test]
fn the_smallest_rows_stand_on_the_limits() {
    let limits = Component::load("subscription-limits");
    assert_eq!(limits.edges(&limits.found("LARGE_AMOUNT")), ["amount 999999.9999 1000000.0000 1000000.0001!"]);
    assert_eq!(limits.edges(&limits.found("BURST")), ["last_minute 2 3 4!"]);
    let risk = Component::load("account-risk");
    let large = risk.found("LARGE_AMOUNT");
    assert_eq!(risk.edges(&large), ["amount 9999.9999 10000.0000 10000.0001!", "level 2 3! 4!"]);
    let medium = risk.found("MEDIUM_AMOUNT");
    assert_eq!(
        risk.edges(&medium),
        ["amount 4999.9999 5000.0000 5000.0001!", "amount 9999.9999! 10000.0000! 10000.0001", "level 1 2! 3!"]
    );
    // no row of the defaults says it
    assert_eq!(risk.found("LIMITS_CONTRADICT").varied.len(), 1);
}

#[test]
fn every_case_of_a_search_has_a_file_of_its_own() {
    let risk = Component::load("account-risk");
    let sought = risk.search(1);
    let cases = sought.iter().filter_map(|sought| Some((sought.reason, sought.found.as_ref()?)));
    let mut names: Vec<String> = cases
        .flat_map(|(reason, found)| case::found(&risk.policy, BUDGET, reason, found))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "large_amount_amount",
            "large_amount_level",
            "limits_contradict",
            "medium_amount_amount_from",
            "medium_amount_amount_to",
            "medium_amount_level"
        ]
    );
}

#[test]
fn a_word_that_only_the_code_knows_is_found() {
    let unruly = Component::load("unruly");
    let known = unruly.found("KNOWN");
    assert_eq!(known.sample.inputs[0].as_ref().unwrap().to_string(), "\"known\"");
    assert_eq!(unruly.found("SANCTIONED").sample.inputs[0].as_ref().unwrap().to_string(), "\"sanctioned\"");
}

#[test]
fn every_policy_is_pure_and_uses_what_it_declares() {
    for name in shipped() {
        let Component { policy, constants } = Component::load(&name);
        let purity = Purity::of(&policy, BUDGET, &[], &constants, 1);
        assert_eq!(purity.differences, [], "{name}");
        let influences = Influences::of(&policy, BUDGET, &[], &constants, 1);
        let names = policy.manifest().inputs.iter().map(|input| &input.name);
        let quiet = names.zip(&influences.inputs).filter(|(_, influence)| **influence != Influence::Decides);
        let quiet: Vec<_> = quiet.map(|(name, influence)| (name.as_str(), *influence)).collect();
        // who the parties are is for people to read; what is set for them decides
        let parties = [("debtor", Influence::OnlyShown), ("creditor", Influence::OnlyShown)];
        assert_eq!(quiet, if name == "entity-conditions" { &parties[..] } else { &[] }, "{name}");
        assert!(influences.parameters.iter().all(|influence| *influence == Influence::Decides), "{name}");
    }
}
