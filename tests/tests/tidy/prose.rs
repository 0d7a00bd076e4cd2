//! Rules on what is written for people.

use crate::tree::Tree;

/// Beginnings of paths that exist on somebody's machine only. Put together
/// here, so that this file does not break its own rule.
const PLACES: [&str; 4] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/"), concat!("/wo", "rk/")];

/// No file names a place on one machine.
pub(crate) fn places(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts("") {
        for (number, line) in text.lines().enumerate() {
            // `target/home/x` and `example.com/home/` are no such places
            let absolute = |place: &str| {
                line.match_indices(place).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '/'))
                })
            };
            if let Some(place) = PLACES.iter().find(|place| absolute(place)) {
                problems.push(format!("{path}:{}: {place} is a place on one machine", number + 1));
            }
        }
    }
    problems
}

/// A link in a document leads to a file, and to a heading in it.
pub(crate) fn links(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts(".md") {
        for (number, target) in targets(text) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.to_owned() } else { resolve(path, file) };
            if !tree.has(&file) {
                problems.push(format!("{path}:{number}: {target} leads nowhere"));
            } else if !heading.is_empty() && !tree.text(&file).is_some_and(|text| has_heading(text, heading)) {
                problems.push(format!("{path}:{number}: {file} has no heading #{heading}"));
            }
        }
    }
    problems
}

/// The targets of links within the repository, with their lines; code is not prose.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        // every second piece stands between backticks
        for prose in line.split('`').step_by(2) {
            for rest in prose.split("](").skip(1) {
                let target = rest.split(')').next().unwrap_or(rest);
                if !target.contains("://") && !target.starts_with("mailto:") {
                    targets.push((number + 1, target));
                }
            }
        }
    }
    targets
}

/// The path that a link in the file `from` means.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a document has a heading that is linked to as `slug`.
fn has_heading(text: &str, slug: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
        })
        .any(|heading| heading == slug)
}
