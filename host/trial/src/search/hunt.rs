//! The hunt: rows are drawn, and rows that were answered in a new way are changed
//! further.
//!
//! Which way a guest went is told by its answer and by its fuel: the same fuel
//! nearly always means the same instructions. So a row that gets one condition
//! further than others is kept, though its answer is the same, and is the
//! starting point of those that get further still.

use super::Search;
use crate::answers::{by_settings, in_session};
use crate::draw::{Chance, Draw};
use crate::{Answer, Sample};
use sandgate_engine::resolve::settings;
use sandgate_model::Value;
use sandgate_model::manifest::Setting;
use sandgate_sandbox::Session;
use std::collections::HashSet;

/// Rows that are kept to be changed.
const KEPT_MAX: usize = 1_024;
/// Rows that are judged with one set of varied parameters.
const ROWS_EACH: u64 = 50;
/// Fuel that all rows may use together: about ten seconds.
const FUEL_MAX: u64 = 10_000_000_000;

/// The hunt for several reasons at once.
pub(super) struct Hunt<'a> {
    search: &'a Search<'a>,
    draw: Draw,
    chance: Chance,
    session: Session,
    /// The parameters by default, as far as there are defaults.
    pub(super) usual: Vec<Setting>,
    /// By reason: whether it is looked for, and the first row with how many tries it took.
    wanted: Vec<bool>,
    caught: Vec<Option<(u64, Sample)>>,
    tries: u64,
    fuel: u64,
    kept: Vec<Sample>,
    /// The ways that were seen; only asked, never walked through.
    seen: HashSet<Way>,
}

/// How a row was answered: reasons, the fault's word, fuel.
type Way = (Vec<u32>, &'static str, u64);

impl<'a> Hunt<'a> {
    pub(super) fn new(search: &'a Search<'a>, missing: &[usize]) -> Hunt<'a> {
        let manifest = search.policy.manifest();
        let mut draw = Draw::new(manifest, search.seed, search.samples);
        draw.also(search.constants);
        // a parameter without a default must be set: what a sample has is as usual as anything
        let usual = settings(manifest, &[]).ok();
        let usual = usual.or_else(|| search.samples.first().map(|sample| sample.settings.clone()));
        let usual = usual.unwrap_or_else(|| draw.settings());
        let reasons = manifest.reasons.len();
        Hunt {
            search,
            chance: Chance::new(search.seed, 1),
            session: search.policy.session(),
            usual,
            draw,
            wanted: (0..reasons).map(|reason| missing.contains(&reason)).collect(),
            caught: vec![None; reasons],
            tries: 0,
            fuel: 0,
            kept: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// How many tries a reason took, and the row, if there is one.
    pub(super) fn caught(&self, reason: usize) -> (u64, Option<Sample>) {
        match &self.caught[reason] {
            Some((tries, sample)) => (*tries, Some(sample.clone())),
            None => (self.tries, None),
        }
    }

    /// Half of the tries with the usual parameters, the rest with others, until
    /// nothing is wanted any more.
    pub(super) fn run(&mut self) {
        let usual = self.usual.clone();
        for sample in self.search.samples {
            self.judge(Sample { inputs: sample.inputs.clone(), settings: usual.clone() });
        }
        let halves = if usual.is_empty() { 2 } else { 1 };
        while self.open() && self.halves_spent() < halves {
            let inputs = self.inputs(&usual);
            self.judge(Sample { inputs, settings: usual.clone() });
        }
        let others = by_settings(self.search.samples).into_iter().map(|(settings, _)| settings.to_vec());
        let mut others = others.filter(|other| *other != usual);
        while self.open() && self.halves_spent() < 2 {
            let settings = others.next().unwrap_or_else(|| self.settings());
            for _ in 0..ROWS_EACH {
                let inputs = self.inputs(&settings);
                self.judge(Sample { inputs, settings: settings.clone() });
            }
        }
    }

    fn open(&self) -> bool {
        self.wanted.iter().zip(&self.caught).any(|(wanted, caught)| *wanted && caught.is_none())
    }

    /// How many halves of the tries, or of the fuel, are used up.
    fn halves_spent(&self) -> u64 {
        let tries = self.tries.saturating_mul(2) / self.search.tries.max(1);
        tries.max(self.fuel / (FUEL_MAX / 2))
    }

    /// Another row: drawn, or one that was kept with some inputs changed.
    fn inputs(&mut self, settings: &[Setting]) -> Vec<Option<Value>> {
        let kept = self.chance.one_of(&self.kept).filter(|sample| !sample.inputs.is_empty());
        let Some(mut inputs) = kept.map(|sample| sample.inputs.clone()) else { return self.draw.inputs(settings) };
        if self.chance.once_in(2) {
            return self.draw.inputs(settings);
        }
        for _ in 0..=self.chance.below(3) {
            let at = self.chance.index(inputs.len());
            inputs[at] = self.draw.input(at, settings, &inputs);
        }
        inputs
    }

    /// Other parameters: the usual ones with some changed, those of a row that was
    /// kept, or any.
    fn settings(&mut self) -> Vec<Setting> {
        let mut settings = match self.chance.below(4) {
            0 => return self.draw.settings(),
            1 => self.chance.one_of(&self.kept).map_or_else(|| self.usual.clone(), |sample| sample.settings.clone()),
            _ => self.usual.clone(),
        };
        for _ in 0..=self.chance.below(3) {
            let at = self.chance.index(settings.len());
            settings[at] = self.draw.another(at, &settings[at]);
        }
        settings
    }

    fn judge(&mut self, sample: Sample) {
        self.tries += 1;
        let manifest = self.search.policy.manifest();
        let (answer, fuel) = in_session(&mut self.session, manifest, &sample, self.search.budget);
        self.fuel = self.fuel.saturating_add(fuel);
        for reason in answer.hits.iter().map(|hit| *hit as usize) {
            // a used sandbox is quick; what counts is the answer in a fresh one
            if self.wanted[reason] && self.caught[reason].is_none() && self.search.produces(&sample, reason) {
                self.caught[reason] = Some((self.tries, sample.clone()));
            }
        }
        if self.seen.insert(way(answer, fuel)) {
            if self.kept.len() < KEPT_MAX {
                self.kept.push(sample);
            } else {
                let at = self.chance.index(KEPT_MAX);
                self.kept[at] = sample;
            }
        }
    }
}

fn way(answer: Answer, fuel: u64) -> Way {
    (answer.hits, answer.fault.map_or("", |fault| fault.word()), fuel)
}
