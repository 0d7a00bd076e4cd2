//! From a [`Document`] to a [`Generation`]: every name is looked up, every
//! value converted, and all problems are reported at once.

mod inputs;
mod kinds;
mod parameters;
mod windows;

use crate::document::{Document, Given, Member, Thresholds};
use crate::generation::{Base, Generation, Seat, SeatReason, SeatStage, Site};
use crate::quota;
use sandgate_model::manifest::{Manifest, Score, Setting};
use sandgate_model::nearest::nearest;
use sandgate_model::{Effect, Outcome};
use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;

/// Something wrong with a policy set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document: `stage[0].policy[1].parameters.largest`.
    pub key: String,
    /// What is wrong there, and the mend.
    pub what: String,
}

/// The problems found so far; each part of the work adds its own.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, key: impl Display, what: impl Display) {
        self.0.push(Problem { key: key.to_string(), what: what.to_string() });
    }

    /// The same, for what several places may find.
    fn add_once(&mut self, key: impl Display, what: impl Display) {
        let problem = Problem { key: key.to_string(), what: what.to_string() };
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }
}

/// Resolves a tenant's policy set for the sources of a host.
///
/// # Errors
/// Everything that is wrong with it, at once; nothing more where all that is
/// wrong is a component that could not be loaded, which was told already.
pub fn resolve(document: &Document, number: u64, site: &Site) -> Result<Generation, Vec<Problem>> {
    resolve_on(document, number, site, None)
}

/// The same for a set that follows others: what lanes keep for the tenant already stays
/// as it is, and what this set wants beside it is added.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_on(
    document: &Document,
    number: u64,
    site: &Site,
    base: Option<&Base>,
) -> Result<Generation, Vec<Problem>> {
    let mut problems = Problems::default();
    check_names(document, &mut problems);
    check_bands(document, &mut problems);
    check_quota(document, &mut problems);
    let mut stages = Vec::new();
    // one for each policy, and nothing where its component is not there
    let mut seats: Vec<Option<Seat>> = Vec::new();
    let mut keys = Vec::new();
    for (at, stage) in document.stages.iter().enumerate() {
        let first = seats.len();
        for (member_at, member) in stage.members.iter().enumerate() {
            let key = format!("stage[{at}].policy[{member_at}]");
            seats.push(seat(member, &stage.name, &key, &mut problems));
            keys.push(key);
        }
        stages.push(SeatStage { name: stage.name.clone(), stop_at: stage.stop_at, seats: first..seats.len() });
    }
    let placed: Vec<(&str, &Manifest)> = keys
        .iter()
        .zip(&seats)
        .filter_map(|(key, seat)| Some((key.as_str(), seat.as_ref()?.policy.manifest().as_ref())))
        .collect();
    inputs::check_lists(document, site, &mut problems);
    let settings: Vec<&[Setting]> = seats.iter().flatten().map(|seat| seat.settings.as_slice()).collect();
    let windows = windows::windows(&placed, &settings, document, (site, base), &mut problems);
    let places = windows.as_ref().map(|(places, _)| places.as_slice());
    let columns = inputs::columns(&placed, places.unwrap_or_default(), document, site, &mut problems);
    match (seats.into_iter().collect(), windows) {
        (Some(seats), Some((_, windows))) if problems.0.is_empty() => {
            Ok(Generation::new(document, number, stages, seats, columns, windows, site))
        }
        _ => Err(problems.0),
    }
}

/// The parameters of a policy by themselves: what was given, and the defaults, in
/// declared order.
///
/// # Errors
/// Everything that is wrong with what was given; keys begin with `parameters`.
pub fn settings(manifest: &Manifest, given: &[(String, Given)]) -> Result<Vec<Setting>, Vec<Problem>> {
    let mut problems = Problems::default();
    let settings = parameters::settings(manifest, given, "parameters", &mut problems);
    if problems.0.is_empty() { Ok(settings) } else { Err(problems.0) }
}

pub use parameters::{rows as parameter_rows, value};

/// What is worth knowing about a set that can be used.
pub fn notes(generation: &Generation) -> Vec<Problem> {
    let mut notes = Problems::default();
    let exempts = |seat: &Seat| seat.reasons.iter().any(|reason| reason.effect == Effect::Exempt);
    for (at, stage) in generation.stages.iter().enumerate() {
        for (member_at, place) in stage.seats.clone().enumerate() {
            let seat = &generation.seats[place];
            // one that faults gives no exemption itself
            let mut others = generation.seats.iter().enumerate().filter(|(other, _)| *other != place);
            if seat.can_block_finally
                && seat.fallback.weakest() < Outcome::Block
                && others.any(|(_, other)| exempts(other))
            {
                notes.add(
                    format!("stage[{at}].policy[{member_at}].fallback"),
                    "this policy can block finally; with this fallback an exemption lets through what it could not \
                     judge; write fallback = \"block\" to be strict",
                );
            }
        }
    }
    notes.0
}

fn check_names(document: &Document, problems: &mut Problems) {
    let mut stages = HashSet::new();
    let mut members = HashSet::new();
    for (at, stage) in document.stages.iter().enumerate() {
        // a name that is missing was told where the file was read
        if !stages.insert(&stage.name) && !stage.name.is_empty() {
            problems.add(format!("stage[{at}].name"), format!("there are two stages `{}`; rename one", stage.name));
        }
        if stage.members.is_empty() {
            problems.add(format!("stage[{at}]"), format!("stage `{}` has no policy; add [[stage.policy]]", stage.name));
        }
        for (member_at, member) in stage.members.iter().enumerate() {
            if !members.insert(&member.name) && !member.name.is_empty() {
                let key = format!("stage[{at}].policy[{member_at}].name");
                problems.add(key, format!("there are two policies `{}`; give one another name", member.name));
            }
        }
    }
    if document.stages.is_empty() {
        problems.add("stage", "there is no stage; add [[stage]] and its [[stage.policy]]");
    }
}

fn check_bands(document: &Document, problems: &mut Problems) {
    for (at, pair) in document.bands.windows(2).enumerate() {
        if pair[1].at <= pair[0].at || pair[1].outcome <= pair[0].outcome {
            let key = format!("bands[{}]", at + 1);
            problems.add(key, "bands must rise: a larger `at` and a stricter `outcome` than the band before");
        }
    }
}

fn check_quota(document: &Document, problems: &mut Problems) {
    let members = document.stages.iter().flat_map(|stage| &stage.members);
    let most = quota::most(members.map(|member| member.fuel));
    if document.quota.fuel.is_some_and(|fuel| fuel < most) {
        let what = format!(
            "one transaction may take {most} units of fuel (twice the budgets of all policies), so nothing would ever be \
             judged; give at least that"
        );
        problems.add("quota.fuel", what);
    }
}

/// Places one policy; `None` where its component is not there.
fn seat(member: &Member, stage: &str, key: &str, problems: &mut Problems) -> Option<Seat> {
    let policy = member.policy.clone()?;
    let manifest = Arc::clone(policy.manifest());
    let settings = parameters::settings(&manifest, &member.parameters, &format!("{key}.parameters"), problems);
    let reasons = reasons(&manifest, member, key, problems);
    check_thresholds(manifest.score.as_ref(), &member.thresholds, key, problems);
    let can_block_finally = reasons.iter().any(|reason| reason.is_final && reason.effect == Effect::Block);
    Some(Seat {
        name: member.name.clone(),
        stage: stage.to_owned(),
        fuel: member.fuel,
        fallback: member.fallback.clone(),
        rows: parameters::rows(&manifest, &settings),
        settings,
        reasons,
        can_block_finally,
        thresholds: member.thresholds,
        breaker: member.breaker,
        policy,
    })
}

/// The policy's reasons with what the tenant changes about them.
fn reasons(manifest: &Manifest, member: &Member, key: &str, problems: &mut Problems) -> Vec<SeatReason> {
    for (code, _) in &member.reasons {
        if !manifest.reasons.iter().any(|reason| reason.code == *code) {
            let mend = mend(code, manifest.reasons.iter().map(|reason| reason.code.as_str()));
            problems.add(
                format!("{key}.reasons.{code}"),
                format!("policy `{}` has no reason `{code}`; {mend}", manifest.name),
            );
        }
    }
    manifest
        .reasons
        .iter()
        .map(|reason| {
            let remap = member
                .reasons
                .iter()
                .find(|(code, _)| *code == reason.code)
                .map(|(_, remap)| *remap)
                .unwrap_or_default();
            SeatReason {
                code: reason.code.clone(),
                effect: remap.effect.unwrap_or(reason.effect),
                weight: remap.weight.unwrap_or(reason.weight),
                is_final: reason.is_final,
            }
        })
        .collect()
}

fn check_thresholds(score: Option<&Score>, thresholds: &Thresholds, key: &str, problems: &mut Problems) {
    let given = [("review", thresholds.review), ("block", thresholds.block)];
    let Some(score) = score else {
        if given.iter().any(|(_, threshold)| threshold.is_some()) {
            problems.add(format!("{key}.thresholds"), "this policy gives no score; remove the thresholds");
        }
        return;
    };
    for (outcome, threshold) in given {
        if let Some(threshold) = threshold
            && !(score.minimum..=score.maximum).contains(&threshold)
        {
            problems.add(
                format!("{key}.thresholds.{outcome}"),
                format!("{threshold} is off the policy's scale of {} to {}", score.minimum, score.maximum),
            );
        }
    }
    if let (Some(review), Some(block)) = (thresholds.review, thresholds.block)
        && score.reaches(review, block)
        && review != block
    {
        problems.add(
            format!("{key}.thresholds"),
            format!(
                "the {} at {block} would come before the {} at {review}; swap them",
                Outcome::Block,
                Outcome::Review
            ),
        );
    }
}

/// What to do about an unknown name: the nearest one, or all there are.
pub fn mend<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = known.collect();
            if all.is_empty() { "it declares none".to_owned() } else { format!("there are {}", all.join(", ")) }
        }
    }
}
