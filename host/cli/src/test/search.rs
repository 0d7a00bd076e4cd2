//! `sandgate test --search`: cases for the reasons that no case gives.

use super::proofs::Look;
use anyhow::Context as _;
use sandgate_trial::{Constants, Search, case};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// What was found for one reason.
pub(super) struct Found {
    code: String,
    tries: u64,
    /// Parameters that are not at their default in what was found.
    varied: Vec<String>,
    /// A name for the file of each case, and its text; none: nothing was found.
    cases: Vec<(String, String)>,
}

/// Looks for every reason that no sample produces.
pub(super) fn found(look: Look<'_>, constants: &Constants) -> Vec<Found> {
    let Look { policy, budget, samples, seed } = look;
    let manifest = policy.manifest();
    let sought = Search { policy, budget, samples, constants, tries: Search::TRIES, seed }.run();
    let found = sought.into_iter().map(|sought| {
        let varied = sought.found.iter().flat_map(|found| &found.varied);
        Found {
            code: manifest.reasons[sought.reason].code.clone(),
            tries: sought.tries,
            varied: varied.map(|at| manifest.parameters[*at].name.clone()).collect(),
            cases: sought
                .found
                .as_ref()
                .map_or_else(Vec::new, |found| case::found(policy, budget, sought.reason, found)),
        }
    });
    found.collect()
}

/// Writes the cases beside the others and gives their files; none is written over, so that a case
/// whose name is taken gets a number behind it.
pub(super) fn keep(found: &mut [Found], folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if found.iter().any(|found| !found.cases.is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let mut files = Vec::new();
    for (name, text) in found.iter_mut().flat_map(|found| &mut found.cases) {
        let (own, mut number) = (name.clone(), 1);
        let written = loop {
            match File::create_new(folder.join(format!("{name}.toml"))) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                opened => break opened.and_then(|mut file| file.write_all(text.as_bytes())),
            }
            *name = format!("{own}_{number}");
        };
        written.with_context(|| format!("{name}.toml cannot be written in {}", folder.display()))?;
        files.push(folder.join(format!("{name}.toml")));
    }
    Ok(files)
}

/// For people: each case as its file would be.
pub(super) fn text(found: &[Found], out: &mut String) {
    for Found { code, tries, varied, cases } in found {
        let tries = sandgate_model::digits::grouped(*tries);
        if cases.is_empty() {
            let _ = writeln!(out, "\nsearch: no row among {tries} gives {code}; it may be that none can");
            continue;
        }
        let with =
            if varied.is_empty() { String::new() } else { format!(", with other values of {}", varied.join(", ")) };
        let rows = if tries == "1" { "row" } else { "rows" };
        let _ = writeln!(out, "\nsearch: {code} after {tries} {rows}{with}");
        for (name, text) in cases {
            let _ = write!(out, "\n## cases/{name}.toml\n{text}");
        }
    }
}

/// For programs.
pub(super) fn json(found: &[Found]) -> Json {
    let case = |(name, text): &(String, String)| json!({ "name": name, "text": text });
    let one = |found: &Found| {
        let cases: Vec<Json> = found.cases.iter().map(case).collect();
        json!({ "reason": found.code, "rows": found.tries, "parameters": found.varied, "cases": cases })
    };
    found.iter().map(one).collect()
}
