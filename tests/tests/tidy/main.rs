//! What the team agreed on and no compiler checks: layers, files, links.
//!
//! Each rule is a function from a tree of files to a list of problems, so it can
//! be run on the repository and on a small tree with a planted fault. A rule
//! that finds nothing in its faulty trees would prove nothing here either.
#![expect(clippy::panic, reason = "a tree that cannot be read is a failed test")]

mod crates;
mod files;
mod planted;
mod prose;
mod tree;

use tree::Tree;

/// A rule: its name, and what it finds wrong with a tree.
struct Rule {
    name: &'static str,
    problems: fn(&Tree) -> Vec<String>,
}

/// All rules.
const RULES: [Rule; 10] = [
    Rule { name: "layers", problems: crates::layers },
    Rule { name: "owned", problems: crates::owned },
    Rule { name: "cycles", problems: crates::cycles },
    Rule { name: "openings", problems: files::openings },
    Rule { name: "sizes", problems: files::sizes },
    Rule { name: "names", problems: files::names },
    Rule { name: "depth", problems: files::depth },
    Rule { name: "reasons", problems: files::reasons },
    Rule { name: "places", problems: prose::places },
    Rule { name: "links", problems: prose::links },
];

#[test]
fn the_repository_keeps_every_rule() {
    let tree = Tree::read(sandgate_tests::root());
    for seen in ["README.md", "Cargo.toml", "host/model/src/lib.rs", "tests/tests/tidy/main.rs", ".ci/run"] {
        assert!(tree.text(seen).is_some(), "{seen} is not in the tree: it was not read from the right folder");
    }
    let problems: Vec<_> = RULES
        .iter()
        .flat_map(|rule| (rule.problems)(&tree).into_iter().map(move |problem| format!("{}: {problem}", rule.name)))
        .collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_rule_finds_its_planted_fault() {
    for rule in &RULES {
        let planted: Vec<_> = planted::FAULTS.iter().filter(|fault| fault.rule == rule.name).collect();
        assert!(!planted.is_empty(), "no fault is planted for the rule {}", rule.name);
        for fault in planted {
            let found = (rule.problems)(&Tree::of(fault.files)).join("\n");
            assert!(found.contains(fault.found), "{} should find {:?}, and found {found:?}", rule.name, fault.found);
        }
        let sound = (rule.problems)(&Tree::of(planted::SOUND));
        assert!(sound.is_empty(), "{} finds fault with a sound tree: {sound:?}", rule.name);
    }
}
