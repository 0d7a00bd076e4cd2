//! Rules on single files: how they open, how long they are, what they are called.

use crate::tree::Tree;

/// Most lines of a file.
const LINES_MAX: usize = 400;
/// Files that may be longer: how long, and why.
const LONGER: [(&str, usize, &str); 0] = [];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 9] = ["mod", "util", "utils", "common", "helper", "helpers", "manager", "types", "misc"];

/// Programs that must not compile: each is named by its mistake, and what the
/// compiler says of it stands beside it.
const MISTAKES: &str = "/tests/mistakes/";

/// Every Rust file opens with what it is for.
pub(crate) fn openings(tree: &Tree) -> Vec<String> {
    let says_nothing = |text: &str| {
        let opening = text.lines().next().and_then(|line| line.strip_prefix("//!"));
        opening.is_none_or(|line| line.split_whitespace().count() < 2)
    };
    let silent = tree.texts(".rs").filter(|(path, text)| says_nothing(text) && !path.contains(MISTAKES));
    silent.map(|(path, _)| format!("{path} does not open with `//!` and its purpose")).collect()
}

/// No file is longer than can be taken in.
pub(crate) fn sizes(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let lines = text.lines().count();
        let most = LONGER.iter().find(|(longer, ..)| *longer == path).map_or(LINES_MAX, |(_, most, _)| *most);
        if lines > most {
            problems.push(format!("{path} has {lines} lines, at most {most} are allowed: divide it"));
        } else if most > LINES_MAX && lines <= LINES_MAX {
            problems.push(format!("{path} needs no exception any more"));
        }
    }
    problems
}

/// Names say what is inside.
pub(crate) fn names(tree: &Tree) -> Vec<String> {
    let parts = |path: &str| path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part));
    let empty = tree.texts(".rs").filter(|(path, _)| parts(path));
    empty.map(|(path, _)| format!("{path}: the name does not say what is inside")).collect()
}

/// Nothing lies deeper than `module/file.rs`.
pub(crate) fn depth(tree: &Tree) -> Vec<String> {
    let inside = |path: &str| {
        let roots = ["/src/", "/tests/", "/benches/", "/examples/"];
        // the innermost of them, because the crate of the tests is called `tests` too
        roots.iter().filter_map(|root| Some(path.rfind(root)? + root.len())).max().map(|at| path[at..].to_owned())
    };
    let deep = tree.texts(".rs").filter(|(path, _)| inside(path).is_some_and(|path| path.matches('/').count() > 1));
    deep.map(|(path, _)| format!("{path} is deeper than module/file.rs")).collect()
}

/// An exception to a lint says why.
pub(crate) fn reasons(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        for (number, line) in code {
            let line = line.trim_start();
            let attribute = ["#[allow(", "#![allow(", "#[expect(", "#![expect("].iter().any(|at| line.starts_with(at));
            let whole: String = text.lines().skip(number).take(8).collect();
            if attribute && !whole.split(")]").next().is_some_and(|attribute| attribute.contains("reason =")) {
                problems.push(format!("{path}:{}: the exception gives no reason", number + 1));
            }
        }
    }
    problems
}
