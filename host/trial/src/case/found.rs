//! What a search found, as cases: where a reason comes or goes, the records just
//! below, at and just above the edge; else the smallest record that produces it.

use super::write::{Draft, DraftStep};
use super::{Case, parse, run};
use crate::search::{Edge, Found, Near};
use crate::trial::FUEL;
use crate::{Answer, Sample};
use sandgate_files::Report;
use sandgate_model::Manifest;
use sandgate_sandbox::Policy;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::path::Path;

/// The cases about a reason that was found, each with a name for its file.
/// `budget` is the fuel that the search gave to a transaction.
pub fn found(policy: &Policy, budget: u64, reason: usize, found: &Found) -> Vec<(String, String)> {
    let manifest = policy.manifest();
    let code = &manifest.reasons[reason].code;
    let name = code.to_lowercase();
    if found.edges.is_empty() {
        let about = format!("the smallest record that gives {code}");
        return vec![(name, text(policy, budget, &about, &[(None, &found.sample, &found.answer)]))];
    }
    let case = |edge: &Edge| {
        let input = &manifest.inputs[edge.input].name;
        let near = [("just below", edge.below.as_ref()), ("at", Some(&edge.at)), ("just above", edge.above.as_ref())];
        let steps: Vec<(Option<String>, &Sample, &Answer)> = near
            .into_iter()
            .filter_map(|(word, near)| near.map(|near: &Near| (word, near)))
            .map(|(word, near)| (Some(format!("{word}: {input} {}", near.value)), &near.sample, &near.answer))
            .collect();
        // a reason may come and go again: then its lower edge is written first
        let edges: Vec<&Edge> = found.edges.iter().filter(|other| other.input == edge.input).collect();
        let side = match edges[..] {
            [lower, _] if lower == edge => "_from",
            [_, _] => "_to",
            _ => "",
        };
        (
            format!("{name}_{input}{side}"),
            text(policy, budget, &format!("where {input} makes {code} come or go"), &steps),
        )
    };
    found.edges.iter().map(case).collect()
}

/// A case with these records; one that sets every input directly where fields and
/// tags cannot bring them about.
fn text(policy: &Policy, budget: u64, about: &str, steps: &[(Option<String>, &Sample, &Answer)]) -> String {
    let manifest = policy.manifest();
    let written = |direct: bool| {
        let fuel = (budget != FUEL).then_some(budget);
        let mut draft = Draft { about: Some(about.to_owned()), fuel, ..Draft::default() };
        if let Some((_, sample, _)) = steps.first() {
            draft.set(&sample.settings, manifest);
        }
        draft.steps.extend(steps.iter().map(|(comment, sample, answer)| {
            let mut step = DraftStep::of(&sample.inputs, manifest, direct);
            step.comment.clone_from(comment);
            step.expect = expected(answer, manifest);
            step
        }));
        draft.text()
    };
    let plain = written(false);
    if holds(policy, &plain) { plain } else { written(true) }
}

fn expected(answer: &Answer, manifest: &Manifest) -> Vec<(String, Json)> {
    let codes: Json = answer.hits.iter().map(|hit| manifest.reasons[*hit as usize].code.as_str()).collect();
    let mut expected = vec![("reasons".to_owned(), codes)];
    expected.extend(answer.score.map(|score| ("score".to_owned(), Json::from(score))));
    expected.extend(answer.fault.as_ref().map(|fault| ("fault".to_owned(), Json::from(fault.word()))));
    expected
}

/// Whether a case can be read and passes.
fn holds(policy: &Policy, text: &str) -> bool {
    let case: Option<Case> = parse(Path::new("found.toml"), text, policy, &RefCell::<Report>::default());
    case.and_then(|case| run(&case, policy).ok()).is_some_and(|ran| ran.failures.is_empty())
}
