//! Makes a row smaller while it still produces its reason.

use super::Search;
use crate::Sample;
use crate::draw::{Pool, Range};
use crate::rank::{rank, ranked};
use sandgate_model::manifest::{Input, Setting};
use sandgate_model::{Kind, Value};

/// How often everything is gone over: what one input needs may fall away with another.
const ROUNDS: usize = 4;
/// Samples whose values count as simple, at most.
const SAMPLES_MAX: usize = 4;

/// The work on one reason.
pub(super) struct Shrink<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) reason: usize,
    /// The parameters by default.
    pub(super) usual: &'a [Setting],
}

impl Shrink<'_> {
    /// The smallest row that is found by changing one value at a time.
    pub(super) fn smallest(&self, mut sample: Sample) -> Sample {
        let pool = Pool::new(self.search.policy.manifest(), self.search.samples);
        for _ in 0..ROUNDS {
            let before = sample.clone();
            for at in 0..sample.settings.len() {
                self.parameter(&mut sample, at);
            }
            for at in 0..sample.inputs.len() {
                self.input(&mut sample, at, &pool);
            }
            if sample == before {
                break;
            }
        }
        sample
    }

    fn produces(&self, sample: &Sample) -> bool {
        self.search.produces(sample, self.reason)
    }

    /// Takes a change over if the reason stays.
    fn take(&self, sample: &mut Sample, change: impl Fn(&mut Sample)) -> bool {
        let mut changed = sample.clone();
        change(&mut changed);
        let produces = self.produces(&changed);
        if produces {
            *sample = changed;
        }
        produces
    }

    /// A parameter as it usually is, or as near to that as it can be.
    fn parameter(&self, sample: &mut Sample, at: usize) {
        let usual = &self.usual[at];
        if sample.settings[at] == *usual || self.take(sample, |sample| sample.settings[at] = usual.clone()) {
            return;
        }
        match (&sample.settings[at], usual) {
            (Setting::One(is), Setting::One(usual)) => {
                let (kind, is, usual) = (is.kind(), rank(is), rank(usual));
                let parameter = &self.search.policy.manifest().parameters[at];
                if let (Some(is), Some(usual), true) = (is, usual, parameter.any_of.is_empty()) {
                    self.halve(sample, usual, is, |sample, rank| {
                        sample.settings[at] = Setting::One(ranked(kind, rank)?);
                        Some(())
                    });
                }
            }
            (Setting::List(values), _) => {
                for place in (0..values.len()).rev() {
                    self.take(sample, |sample| {
                        if let Setting::List(values) = &mut sample.settings[at] {
                            values.remove(place);
                        }
                    });
                }
            }
            (Setting::One(_), Setting::List(_)) => {}
        }
    }

    /// An input as simple as it can be.
    fn input(&self, sample: &mut Sample, at: usize, pool: &Pool) {
        let input = &self.search.policy.manifest().inputs[at];
        let simple = self.simple(input, at, pool);
        for value in &simple {
            if sample.inputs[at] == *value || self.take(sample, |sample| sample.inputs[at] = value.clone()) {
                return;
            }
        }
        match &sample.inputs[at] {
            Some(Value::Text(text)) => self.text(sample, at, text.clone()),
            Some(value) => {
                let anchor = simple.iter().flatten().find_map(rank);
                if let (Some(anchor), Some(is)) = (anchor, rank(value)) {
                    self.halve(sample, anchor, is, |sample, rank| {
                        sample.inputs[at] = Some(ranked(input.kind, rank)?);
                        Some(())
                    });
                }
            }
            None => {}
        }
    }

    /// What an input is if nobody cares, the simplest first.
    fn simple(&self, input: &Input, at: usize, pool: &Pool) -> Vec<Option<Value>> {
        let mut simple = Vec::new();
        if input.default.is_some() || input.optional {
            simple.push(input.default.clone());
        }
        simple.push(match input.kind {
            Kind::Text => Some(Value::Text(String::new())),
            Kind::Instant => Range::of_input(input).value(pool.base),
            _ => Range::of_input(input).value(0),
        });
        simple.extend(self.search.samples.iter().take(SAMPLES_MAX).map(|sample| sample.inputs[at].clone()));
        if input.kind == Kind::Text {
            // any word that is named is better than the one that chance came upon
            simple.extend(pool.seen[at].iter().cloned().map(Some));
        }
        simple
    }

    /// The nearest value to one that does not produce the reason, by halving the
    /// way. Where the reason comes and goes in between, one of the edges is found.
    fn halve(&self, sample: &mut Sample, from: i64, to: i64, set: impl Fn(&mut Sample, i64) -> Option<()>) {
        let (mut without, mut with) = (i128::from(from), i128::from(to));
        while (with - without).abs() > 1 {
            let middle = (with + without) / 2;
            let mut changed = sample.clone();
            // between two whole numbers of 64 bits
            if set(&mut changed, middle as i64).is_some() && self.produces(&changed) {
                *sample = changed;
                with = middle;
            } else {
                without = middle;
            }
        }
    }

    /// A text without whatever it does not need at its end and its start.
    fn text(&self, sample: &mut Sample, at: usize, mut text: String) {
        let set = |sample: &mut Sample, text: &str| sample.inputs[at] = Some(Value::Text(text.to_owned()));
        loop {
            let mut shorter = text.clone();
            shorter.pop();
            if text.is_empty() || !self.take(sample, |sample| set(sample, &shorter)) {
                break;
            }
            text = shorter;
        }
        loop {
            let shorter: String = text.chars().skip(1).collect();
            if text.is_empty() || !self.take(sample, |sample| set(sample, &shorter)) {
                break;
            }
            text = shorter;
        }
    }
}
