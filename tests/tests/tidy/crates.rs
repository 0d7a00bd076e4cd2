//! Rules between crates, and between the modules of one.

use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// The crates of this repository by folder, and the folders whose crates each
/// may know. A folder that ends in `/` stands for all crates in it.
const LAYERS: [(&str, &[&str]); 27] = [
    ("host/model", &[]),
    ("host/metrics", &[]),
    ("host/remote", &[]),
    ("host/redis", &[]),
    ("host/sql", &["host/remote"]),
    ("host/window", &["host/model"]),
    ("host/sandbox", &["host/model"]),
    ("host/state", &["host/model", "host/window"]),
    ("host/shared", &["host/model", "host/metrics", "host/remote", "host/redis", "host/window"]),
    ("host/tags", &["host/model", "host/metrics", "host/remote", "host/redis", "host/sql"]),
    ("host/control", &["host/model", "host/sql"]),
    ("host/engine", ENGINE),
    ("host/files", &["host/model", "host/engine"]),
    ("host/trial", &["host/model", "host/sandbox", "host/state", "host/tags", "host/engine", "host/files"]),
    ("host/stream", STREAM),
    ("host/server", &["host/model", "host/metrics", "host/control"]),
    ("host/cli", &["host/"]),
    ("sdk", &["sdk/macros"]),
    ("sdk/macros", &[]),
    ("sdk/build", &[]),
    // it drives the program and knows nothing of what is in it
    ("sdk/harness", &[]),
    ("sdk/template/", &["sdk", "sdk/build", "sdk/harness"]),
    ("policies/", &["sdk", "sdk/build", "sdk/harness"]),
    ("tests/guests/", &["sdk", "sdk/build"]),
    // it talks to a host by its topics only
    ("examples/payments-kafka", &[]),
    ("examples/payments-kafka/policy", &["sdk", "sdk/build"]),
    // the tests drive the program; some look inside the host, and compare with what a guest or a policy is natively
    ("tests", &["host/", "policies/", "sdk/harness", "tests/guests/"]),
];

const ENGINE: &[&str] =
    &["host/model", "host/metrics", "host/window", "host/sandbox", "host/state", "host/shared", "host/tags"];

const STREAM: &[&str] = &[
    "host/model",
    "host/metrics",
    "host/window",
    "host/sandbox",
    "host/state",
    "host/shared",
    "host/tags",
    "host/engine",
];

/// Libraries that a single layer is there to hide, and who may know them.
const OWNED: [(&str, &[&str]); 13] = [
    ("wasmtime", &["host/sandbox"]),
    ("sqlx", &["host/sql", "host/tags", "host/control", "tests"]),
    ("tokio", &["host/sql", "host/tags", "host/server"]),
    ("axum", &["host/server"]),
    ("hyper", &["host/server"]),
    ("tokio-rustls", &["host/server"]),
    ("schemars", &["host/server"]),
    ("ureq", &["host/cli", "tests"]),
    ("moka", &["host/tags"]),
    ("rdkafka", &["host/stream", "tests", "examples/payments-kafka"]),
    ("redis", &["host/redis", "tests"]),
    ("prometheus-client", &["host/metrics"]),
    ("anyhow", &["host/cli", "tests"]),
];

/// A crate of the tree.
struct Crate {
    folder: String,
    name: String,
    /// What it depends on, for whatever purpose.
    dependencies: BTreeSet<String>,
}

/// Each crate knows only what its layer may know.
pub(crate) fn layers(tree: &Tree) -> Vec<String> {
    let crates = crates(tree);
    let folders: BTreeMap<_, _> = crates.iter().map(|known| (known.name.as_str(), known.folder.as_str())).collect();
    let mut problems = Vec::new();
    for knowing in &crates {
        let Some((_, allowed)) = LAYERS.iter().find(|(folder, _)| covers(folder, &knowing.folder)) else {
            problems.push(format!("{} has no place in the layers: give it one in this test", knowing.folder));
            continue;
        };
        for known in knowing.dependencies.iter().filter_map(|name| folders.get(name.as_str())) {
            if !allowed.iter().any(|folder| covers(folder, known)) {
                problems.push(format!("{} may not know {known}: it knows {allowed:?} only", knowing.folder));
            }
        }
    }
    problems
}

/// A library that one layer hides is known to that layer alone.
pub(crate) fn owned(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for knowing in crates(tree) {
        for (library, owners) in OWNED {
            if knowing.dependencies.contains(library) && !owners.contains(&knowing.folder.as_str()) {
                problems.push(format!("{} may not know {library}: only {owners:?} may", knowing.folder));
            }
        }
    }
    problems
}

fn covers(folder: &str, other: &str) -> bool {
    folder == other || (folder.ends_with('/') && other.starts_with(folder))
}

fn crates(tree: &Tree) -> Vec<Crate> {
    let manifests = tree.texts("Cargo.toml").filter_map(|(path, text)| {
        let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
        let dependencies = ["dependencies", "dev-dependencies", "build-dependencies"]
            .iter()
            .filter_map(|kind| manifest.get(*kind)?.as_table())
            .flat_map(|table| table.keys().cloned())
            .collect();
        Some(Crate { folder: path.strip_suffix("/Cargo.toml")?.to_owned(), name, dependencies })
    });
    manifests.collect()
}

/// No two modules of a crate use each other, directly or on a way round. A
/// module is a file of `src` with the folder beside it; the crate's root, which
/// declares them all, may be used by each.
pub(crate) fn cycles(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for Crate { folder, .. } in crates(tree) {
        let src = format!("{folder}/src/");
        let rooms = uses_inside(tree, &src).into_iter().chain([(folder, uses(tree, &src))]);
        for (room, uses) in rooms {
            for start in uses.keys() {
                // told once, by the first of its modules
                if let Some(way) = way_round(&uses, start).filter(|way| way.iter().min() == Some(start)) {
                    problems.push(format!("{room}: modules use each other in a circle: {}", way.join(" -> ")));
                }
            }
        }
    }
    problems
}

/// Which file uses which inside each folder of a module, by `super::`.
fn uses_inside(tree: &Tree, src: &str) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut rooms = BTreeMap::<String, BTreeMap<String, BTreeSet<String>>>::new();
    for (path, text) in tree.texts(".rs").filter(|(path, _)| path.starts_with(src)) {
        let Some((room, file)) = path.rsplit_once('/').filter(|(room, _)| format!("{room}/") != src) else { continue };
        let names = code(text).split("super::").skip(1).flat_map(first_names).collect();
        rooms.entry(room.to_owned()).or_default().insert(file.trim_end_matches(".rs").to_owned(), names);
    }
    rooms
}

/// The shortest way from a module back to itself.
fn way_round(uses: &BTreeMap<String, BTreeSet<String>>, start: &String) -> Option<Vec<String>> {
    let mut ways = std::collections::VecDeque::from([vec![start.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| uses.get(last)).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(next.clone());
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push_back(longer);
            }
        }
    }
    None
}

/// Which module uses which, by the paths from `crate::` in their code.
fn uses(tree: &Tree, src: &str) -> BTreeMap<String, BTreeSet<String>> {
    let inside = |path: &str| path.strip_prefix(src).map(|path| path.trim_end_matches(".rs").to_owned());
    let files: Vec<_> = tree.texts(".rs").filter_map(|(path, text)| Some((inside(path)?, code(text)))).collect();
    let module = |path: &str| path.split('/').next().unwrap_or(path).to_owned();
    let is_root = |module: &str| matches!(module, "lib" | "main" | "bin");
    let modules: BTreeSet<_> = files.iter().map(|(path, _)| module(path)).filter(|name| !is_root(name)).collect();
    // the root's `pub use decimal::Decimal` makes `crate::Decimal` a use of decimal
    let mut reexported = BTreeMap::new();
    for (_, text) in files.iter().filter(|(path, _)| is_root(path)) {
        for statement in text.split("use ").skip(1).filter_map(|rest| rest.split(';').next()) {
            let statement = statement.strip_prefix("crate::").unwrap_or(statement);
            if let Some((from, items)) = statement.split_once("::").filter(|(from, _)| modules.contains(*from)) {
                let words = items.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
                reexported.extend(words.map(|word| (word.to_owned(), from.to_owned())));
            }
        }
    }
    let mut uses = BTreeMap::<_, BTreeSet<_>>::new();
    for (path, text) in &files {
        let using = module(path);
        if is_root(&using) || path.ends_with("tests") {
            continue;
        }
        // from a file of `src` itself, `super` is the root as well
        let text = if path.contains('/') { text.clone() } else { text.replace("super::", "crate::") };
        for name in text.split("crate::").skip(1).flat_map(first_names) {
            let used = reexported.get(&name).cloned().unwrap_or(name);
            if used != using && modules.contains(&used) {
                uses.entry(using.clone()).or_default().insert(used);
            }
        }
    }
    uses
}

/// The code of a file, without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// What `crate::` is followed by: one name, or the first names in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(inner) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(inner[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}
