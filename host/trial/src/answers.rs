//! Answers to many samples: in calls of several rows, compared bit for bit, and
//! told in words.

use crate::sample::rows;
use crate::{Answer, Sample};
use sandgate_engine::resolve::parameter_rows;
use sandgate_model::Manifest;
use sandgate_model::manifest::Setting;
use sandgate_sandbox::{Policy, Session, Verdicts};

/// Rows of one call, at most: as many as a host puts into one.
pub(crate) const TOGETHER_MAX: usize = 256;

/// The answers to samples that share their settings, each call with as many rows
/// as there may be. `budget` is given to every call.
pub(crate) fn together<'a>(policy: &Policy, samples: impl IntoIterator<Item = &'a Sample>, budget: u64) -> Vec<Answer> {
    let manifest = policy.manifest();
    let samples: Vec<&Sample> = samples.into_iter().collect();
    let Some(first) = samples.first() else { return Vec::new() };
    let parameters = parameter_rows(manifest, &first.settings);
    let mut verdicts = Verdicts::new();
    let mut answers = Vec::with_capacity(samples.len());
    for call in samples.chunks(TOGETHER_MAX) {
        policy.judge(&rows(manifest, call.iter().copied()), &parameters, budget, &mut verdicts);
        answers.extend((0..call.len()).map(|row| Answer::of(manifest, &verdicts, row as u32)));
    }
    answers
}

/// The answer to one sample in a sandbox that was used before, and its fuel.
pub(crate) fn in_session(session: &mut Session, manifest: &Manifest, sample: &Sample, budget: u64) -> (Answer, u64) {
    let mut verdicts = Verdicts::new();
    session.judge(&rows(manifest, [sample]), &parameter_rows(manifest, &sample.settings), budget, &mut verdicts);
    (Answer::of(manifest, &verdicts, 0), verdicts.fuel)
}

/// Whether two answers are the same: numbers bit for bit, faults by their word,
/// because what they tell beside it may name a limit or an address.
pub(crate) fn same(left: &Answer, right: &Answer) -> bool {
    let bits = |answer: &Answer| {
        let contributions: Vec<u64> = answer.contributions.iter().map(|number| number.to_bits()).collect();
        (answer.score.map(f64::to_bits), contributions)
    };
    let word = |answer: &Answer| answer.fault.as_ref().map(|fault| fault.word());
    left.hits == right.hits && word(left) == word(right) && bits(left) == bits(right)
}

/// The samples by what they share, in the order of the first of each.
pub(crate) fn by_settings<'a>(samples: &'a [Sample]) -> Vec<(&'a [Setting], Vec<usize>)> {
    let mut groups: Vec<(&'a [Setting], Vec<usize>)> = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        match groups.iter_mut().find(|(settings, _)| *settings == sample.settings.as_slice()) {
            Some((_, members)) => members.push(at),
            None => groups.push((&sample.settings, vec![at])),
        }
    }
    groups
}

/// An answer in words: `LARGE_AMOUNT, score 0.25`, `nothing`, `fault trap`.
pub fn told(answer: &Answer, manifest: &Manifest) -> String {
    if let Some(fault) = &answer.fault {
        return format!("fault {}", fault.word());
    }
    let codes = answer.hits.iter().filter_map(|hit| manifest.reasons.get(*hit as usize));
    let mut words: Vec<String> = codes.map(|reason| reason.code.clone()).collect();
    words.extend(answer.score.map(|score| format!("score {score}")));
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
