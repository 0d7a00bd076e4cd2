//! Random rows and parameters within what a manifest allows, the same for the
//! same seed. Edges come far more often than even chance would bring them:
//! bounds, zero, powers of ten, what samples had, what the parameters say, and
//! one unit beside each of those.

mod chance;
mod pool;
#[cfg(test)]
mod tests;

pub(crate) use chance::Chance;
pub(crate) use pool::{Pool, Range, elements};

use crate::rank::{converted, rank, ranked};
use crate::{Constants, Sample};
use sandgate_model::manifest::{Manifest, Parameter, Setting};
use sandgate_model::{Kind, Value};

/// Elements of a drawn list, where its manifest allows more.
const LIST_MAX: u64 = 8;

/// Draws rows and parameters for one policy.
#[derive(Clone, Debug)]
pub struct Draw {
    chance: Chance,
    pool: Pool,
    constants: Constants,
    inputs: Vec<Place>,
    parameters: Vec<Parameter>,
}

/// What is drawn for one input.
#[derive(Clone, Debug)]
struct Place {
    range: Range,
    ends: Vec<i64>,
    edges: Vec<i64>,
    optional: bool,
    default: Option<Value>,
}

impl Draw {
    /// A source of rows for a policy. What the samples had is drawn often.
    pub fn new(manifest: &Manifest, seed: u64, samples: &[Sample]) -> Draw {
        let inputs = manifest.inputs.iter().map(|input| {
            let range = Range::of_input(input);
            Place {
                range,
                ends: range.ends(),
                edges: range.edges(),
                optional: input.optional,
                default: input.default.clone(),
            }
        });
        Draw {
            chance: Chance::new(seed, 0),
            pool: Pool::new(manifest, samples),
            constants: Constants::default(),
            inputs: inputs.collect(),
            parameters: manifest.parameters.clone(),
        }
    }

    /// Draws what the component may compare with as well.
    pub fn also(&mut self, constants: &Constants) {
        self.pool.also(constants.texts.iter().cloned());
        self.constants = constants.clone();
    }

    /// A row: every input within its bounds; absent where it may be, and its
    /// default where it has one, as the host lets it stand in.
    pub fn inputs(&mut self, settings: &[Setting]) -> Vec<Option<Value>> {
        let mut row: Vec<Option<Value>> = Vec::with_capacity(self.inputs.len());
        for at in 0..self.inputs.len() {
            let value = self.input(at, settings, &row);
            row.push(value);
        }
        row
    }

    /// A value of one input; `others` are values of the same row.
    pub(crate) fn input(&mut self, at: usize, settings: &[Setting], others: &[Option<Value>]) -> Option<Value> {
        let place = &self.inputs[at];
        if (place.optional || place.default.is_some()) && self.chance.once_in(6) {
            return place.default.clone();
        }
        let range = place.range;
        let seen = match self.chance.below(10) {
            0..=1 => self.chance.one_of(&self.pool.seen[at]).cloned(),
            2..=3 => {
                let named: Vec<&Value> = settings.iter().flat_map(elements).collect();
                self.chance.one_of(&named).and_then(|value| converted(value, range.kind))
            }
            4 => self.chance.one_of(others).cloned().flatten().and_then(|value| converted(&value, range.kind)),
            5 => self.chance.one_of(&self.inputs[at].ends).and_then(|end| range.value(*end)),
            6 => self.chance.one_of(&self.inputs[at].edges).and_then(|edge| range.value(*edge)),
            7 => self.constant(range.kind),
            _ => None,
        };
        match seen {
            Some(value) => Some(self.beside(value, range)),
            None => Some(self.value(range)),
        }
    }

    /// The parameters: what the policy takes by default, or any others that it
    /// admits.
    pub fn settings(&mut self) -> Vec<Setting> {
        (0..self.parameters.len())
            .map(|at| match &self.parameters[at].default {
                Some(default) if self.chance.once_in(2) => default.clone(),
                _ => self.setting(at),
            })
            .collect()
    }

    /// Another value of one parameter.
    pub(crate) fn setting(&mut self, at: usize) -> Setting {
        let parameter = &self.parameters[at];
        if !parameter.list {
            return Setting::One(self.element(at));
        }
        let longest = parameter.longest.map_or(LIST_MAX, |longest| LIST_MAX.min(u64::from(longest)));
        let length = self.chance.below(longest + 1);
        let mut list: Vec<Value> = (0..length).map(|_| self.element(at)).collect();
        if self.chance.once_in(2) {
            // levels and bands rise in most policies
            list.sort_by_key(rank);
        }
        Setting::List(list)
    }

    /// A parameter set to something near what it is: of a list, an element more,
    /// less or changed.
    pub(crate) fn another(&mut self, at: usize, setting: &Setting) -> Setting {
        let Setting::List(values) = setting else { return self.setting(at) };
        let mut values = values.clone();
        let full = self.parameters[at].longest.is_some_and(|longest| values.len() >= longest as usize);
        let place = self.chance.index(values.len() + 1);
        match self.chance.below(4) {
            0 if place < values.len() => drop(values.remove(place)),
            1 if place < values.len() => values[place] = self.element(at),
            2 if !full => values.insert(place, self.element(at)),
            _ => return self.setting(at),
        }
        Setting::List(values)
    }

    fn element(&mut self, at: usize) -> Value {
        let parameter = &self.parameters[at];
        if let Some(value) = self.chance.one_of(&parameter.any_of) {
            return value.clone();
        }
        let range = Range::new(parameter.kind, parameter.minimum.as_ref(), parameter.maximum.as_ref());
        let known = match self.chance.below(8) {
            0..=1 => {
                let default: Vec<&Value> = parameter.default.iter().flat_map(elements).collect();
                self.chance.one_of(&default).map(|value| (*value).clone())
            }
            2 => self.chance.one_of(&range.ends()).and_then(|end| range.value(*end)),
            3 => self.chance.one_of(&range.edges()).and_then(|edge| range.value(*edge)),
            4 => self.constant(range.kind),
            _ => None,
        };
        match known {
            Some(value) => self.beside(value, range),
            None => self.value(range),
        }
    }

    /// Something that stands in the component's code.
    fn constant(&mut self, kind: Kind) -> Option<Value> {
        match kind {
            Kind::Number => self.chance.one_of(&self.constants.numbers).map(|number| Value::Number(*number)),
            kind => self.chance.one_of(&self.constants.integers).and_then(|integer| ranked(kind, *integer)),
        }
    }

    /// A value itself, or what stands one unit beside it.
    fn beside(&mut self, value: Value, range: Range) -> Value {
        let Some(rank) = rank(&value) else { return value };
        let moved = match self.chance.below(4) {
            0 => rank.saturating_sub(1),
            1 => rank.saturating_add(1),
            _ => rank,
        };
        range.value(moved).unwrap_or(value)
    }

    /// Any value of a range: small and large ones alike, below zero less often.
    fn value(&mut self, range: Range) -> Value {
        let drawn = match range.kind {
            Kind::Text => {
                return Value::Text(self.chance.one_of(&self.pool.texts).cloned().unwrap_or_default());
            }
            Kind::Instant => {
                let near: Vec<i64> = self.pool.instants().collect();
                let near = self.chance.one_of(&near).copied().unwrap_or(self.pool.base);
                near.saturating_add(if self.chance.once_in(2) { 0 } else { self.chance.between(-3_600_000, 3_600_000) })
            }
            Kind::Number => {
                let size = 10f64.powi(self.chance.between(-4, 9) as i32);
                let part = self.chance.between(0, 1_000_000) as f64 / 1_000_000.0;
                let sign = if range.most <= 0 || self.chance.once_in(5) { -1.0 } else { 1.0 };
                let within = self.chance.once_in(2).then(|| between_ends(range, part)).flatten();
                rank(&Value::Number(within.unwrap_or(sign * part * size))).unwrap_or(0)
            }
            Kind::Flag | Kind::Integer | Kind::Decimal { .. } => {
                let span = range.most.wrapping_sub(range.least) as u64;
                if span < 1_000 {
                    self.chance.between(range.least, range.most)
                } else {
                    // as many of three digits as of nine
                    let most = range.most.unsigned_abs().max(range.least.unsigned_abs()).max(1);
                    let digits = self.chance.below(1 + u64::from(most.ilog10())) as u32;
                    let size = self.chance.between(0, 10i64.pow(digits.min(17)) * 10);
                    if range.most <= 0 || self.chance.once_in(5) { -size } else { size }
                }
            }
        };
        range.value(drawn).unwrap_or(Value::Integer(0))
    }
}

/// So far between the ends of a range of numbers, where it is a narrow one.
fn between_ends(range: Range, part: f64) -> Option<f64> {
    let [least, most] = [range.least, range.most].map(|end| match range.value(end) {
        Some(Value::Number(number)) => number,
        _ => 0.0,
    });
    (most - least <= 1e6).then_some(least + (most - least) * part)
}
