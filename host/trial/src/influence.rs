//! Which inputs and parameters have a say: what was declared and never changes
//! an answer is fetched for nothing, turned for nothing, or not tested.
//!
//! Nobody can prove that a value never matters, so this tries: one value of a
//! row is changed, all others stay, many times over rows with different answers.
//! Besides the samples there are drawn rows, because what never matters to dull
//! samples may well matter.

use crate::answers::{by_settings, same, together};
use crate::draw::Draw;
use crate::{Answer, Constants, Sample};
use sandgate_engine::resolve::settings;
use sandgate_model::Manifest;
use sandgate_model::manifest::{Input, Piece, Placeholder, Setting, Test};
use sandgate_sandbox::Policy;

/// Changes of one input or parameter that are tried, at most and at least.
const TRIES_MAX: u64 = 32_768;
const TRIES_MIN: u64 = 1_024;
/// Fuel that the changes of one may take, about: a third of a second.
const FUEL_MAX: u64 = 300_000_000;
/// How many tries one that faults counts as: it costs a sandbox, and its call another round.
const FAULT_TRIES: u64 = 24;
/// Samples of each settings that are changed, at most.
const ROWS_MAX: usize = 64;
/// Drawn rows beside them.
const DRAWN: usize = 64;
/// Rows of each settings that fault, at most: one costs its whole call another try.
const FAULTY_MAX: usize = 4;
/// Settings of samples that are used, at most, and those drawn beside them.
const GROUPS_MAX: usize = 8;
const GROUPS_DRAWN: usize = 6;
/// Settings that are kept because they changed an answer, at most.
const GROUPS_FOUND: usize = 24;
/// How often what had no say yet is tried with such settings.
const PASSES: usize = 3;

/// What an input or a parameter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Influence {
    /// A change of it changed an answer.
    Decides,
    /// No change did, but a message shows it.
    OnlyShown,
    /// No change did, and no message shows it.
    Nothing,
}

/// What each declared value does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Influences {
    /// In declared order.
    pub inputs: Vec<Influence>,
    /// In declared order.
    pub parameters: Vec<Influence>,
    /// Changes that were tried.
    pub tries: u64,
}

/// Rows that are judged with the same settings.
struct Group {
    settings: Vec<Setting>,
    rows: Vec<Sample>,
    answers: Vec<Answer>,
}

impl Influences {
    /// Tries every input and parameter. `budget` is the fuel of one transaction.
    pub fn of(policy: &Policy, budget: u64, samples: &[Sample], constants: &Constants, seed: u64) -> Influences {
        let manifest = policy.manifest();
        let mut draw = Draw::new(manifest, seed, samples);
        draw.also(constants);
        let groups = groups(policy, budget, samples, &mut draw);
        let rows: Vec<&Sample> = groups.iter().flat_map(|group| &group.rows).collect();
        let some = rows.iter().step_by(rows.len().div_ceil(ROWS_MAX).max(1));
        let fuel: Vec<u64> = some.map(|row| row.judge(policy, budget).1).collect();
        let each = fuel.iter().sum::<u64>() / fuel.len().max(1) as u64;
        let tries_max = (FUEL_MAX / each.max(1)).clamp(TRIES_MIN, TRIES_MAX);
        let mut work = Work { policy, budget, groups, draw, tries: 0, tries_max, room: GROUPS_FOUND };
        let mut inputs = vec![false; manifest.inputs.len()];
        // what a window compares with changes the window's value, which a row has already
        let mut parameters: Vec<bool> = (0..manifest.parameters.len()).map(|at| in_a_window(manifest, at)).collect();
        // parameters that only matter beside others get another try with those
        for _ in 0..PASSES {
            for (at, decides) in inputs.iter_mut().enumerate() {
                *decides = *decides || work.input_decides(at);
            }
            let known = work.groups.len();
            for (at, decides) in parameters.iter_mut().enumerate() {
                *decides = *decides || work.parameter_decides(at);
            }
            if work.groups.len() == known || inputs.iter().chain(&parameters).all(|decides| *decides) {
                break;
            }
        }
        let told = |decides: Vec<bool>, place: fn(usize) -> Placeholder| {
            let each = decides.into_iter().enumerate();
            each.map(|(at, decides)| if decides { Influence::Decides } else { shown(manifest, place(at)) }).collect()
        };
        Influences {
            inputs: told(inputs, Placeholder::Input),
            parameters: told(parameters, Placeholder::Parameter),
            tries: work.tries,
        }
    }
}

/// Whether the conditions of a window compare with a parameter.
fn in_a_window(manifest: &Manifest, at: usize) -> bool {
    let name = &manifest.parameters[at].name;
    let mut conditions = manifest.inputs.iter().filter_map(Input::window).flat_map(|window| &window.only);
    conditions.any(|condition| matches!(&condition.test, Test::Set(_, parameter) if parameter == name))
}

fn shown(manifest: &Manifest, place: Placeholder) -> Influence {
    let mut pieces = manifest.reasons.iter().flat_map(|reason| &reason.message.pieces);
    if pieces.any(|piece| *piece == Piece::Value(place)) { Influence::OnlyShown } else { Influence::Nothing }
}

fn groups(policy: &Policy, budget: u64, samples: &[Sample], draw: &mut Draw) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut add = |settings: Vec<Setting>, mut rows: Vec<Sample>, draw: &mut Draw| {
        let drawn = |_| Sample { inputs: draw.inputs(&settings), settings: settings.clone() };
        rows.extend((0..DRAWN).map(drawn));
        let answers = together(policy, &rows, budget);
        let mut faulty = 0;
        let (rows, answers) = rows
            .into_iter()
            .zip(answers)
            .filter(|(_, answer)| {
                faulty += usize::from(answer.fault.is_some());
                answer.fault.is_none() || faulty <= FAULTY_MAX
            })
            .unzip();
        groups.push(Group { settings, rows, answers });
    };
    for (settings, members) in by_settings(samples).into_iter().take(GROUPS_MAX) {
        let members: Vec<&Sample> = members.into_iter().map(|at| &samples[at]).collect();
        let answers = together(policy, members.iter().copied(), budget);
        add(settings.to_vec(), various(&members, &answers), draw);
    }
    if let Ok(settings) = settings(policy.manifest(), &[])
        && !samples.iter().any(|sample| sample.settings == settings)
    {
        add(settings, Vec::new(), draw);
    }
    for _ in 0..GROUPS_DRAWN {
        let settings = draw.settings();
        add(settings, Vec::new(), draw);
    }
    groups
}

/// Some of the samples, as many of each answer as there is room for.
fn various(samples: &[&Sample], answers: &[Answer]) -> Vec<Sample> {
    let mut kinds: Vec<(&Answer, Vec<usize>)> = Vec::new();
    for (at, answer) in answers.iter().enumerate() {
        let alike = |known: &&Answer| known.hits == answer.hits && known.fault.is_some() == answer.fault.is_some();
        match kinds.iter_mut().find(|(known, _)| alike(known)) {
            Some((_, members)) => members.push(at),
            None => kinds.push((answer, vec![at])),
        }
    }
    let rounds = 0..kinds.iter().map(|(_, members)| members.len()).max().unwrap_or(0);
    let turns = rounds.flat_map(|round| kinds.iter().filter_map(move |(_, members)| members.get(round)));
    turns.take(ROWS_MAX).map(|at| samples[*at].clone()).collect()
}

/// The trying under way.
struct Work<'a> {
    policy: &'a Policy,
    budget: u64,
    groups: Vec<Group>,
    draw: Draw,
    tries: u64,
    /// Changes of one input or parameter.
    tries_max: u64,
    /// Groups that may still be kept.
    room: usize,
}

impl Work<'_> {
    fn input_decides(&mut self, at: usize) -> bool {
        let mut tries = 0;
        while tries < self.tries_max {
            for group in &self.groups {
                let mut changed = group.rows.clone();
                for row in &mut changed {
                    row.inputs[at] = self.draw.input(at, &group.settings, &row.inputs);
                }
                let answers = together(self.policy, &changed, self.budget);
                tries += weight(&answers);
                if differs(&group.answers, &answers) {
                    self.tries += tries;
                    return true;
                }
            }
        }
        self.tries += tries;
        false
    }

    fn parameter_decides(&mut self, at: usize) -> bool {
        let mut tries = 0;
        while tries < self.tries_max {
            for group in 0..self.groups.len() {
                let group = &self.groups[group];
                let mut settings = group.settings.clone();
                settings[at] = self.draw.another(at, &settings[at]);
                let rows = group.rows.iter().map(|row| &row.inputs);
                let rows: Vec<Sample> =
                    rows.map(|inputs| Sample { inputs: inputs.clone(), settings: settings.clone() }).collect();
                let answers = together(self.policy, &rows, self.budget);
                tries += weight(&answers);
                if differs(&group.answers, &answers) {
                    self.tries += tries;
                    if self.room > 0 {
                        self.room -= 1;
                        self.groups.push(Group { settings, rows, answers });
                    }
                    return true;
                }
            }
        }
        self.tries += tries;
        false
    }
}

/// How many tries these answers count as.
fn weight(answers: &[Answer]) -> u64 {
    let faults = answers.iter().filter(|answer| answer.fault.is_some()).count() as u64;
    answers.len() as u64 + faults * (FAULT_TRIES - 1)
}

fn differs(before: &[Answer], after: &[Answer]) -> bool {
    before.iter().zip(after).any(|(before, after)| !same(before, after))
}
