//! Values that are worth trying: what samples had, what the manifest names, and
//! the edges at which programs go wrong.

use crate::Sample;
use crate::rank::{converted, rank, ranked};
use sandgate_model::manifest::{Aggregate, Input, Manifest, Origin, Setting, Test};
use sandgate_model::{Instant, Kind, Value};

/// Different values of one input that are kept.
const SEEN_MAX: usize = 64;
/// Texts that are kept in all.
const TEXTS_MAX: usize = 1_024;
/// Texts that mean nothing to any policy: empty, of several alphabets, long,
/// with the bytes that cutting and quoting get wrong.
const TEXTS: [&str; 9] = [
    "",
    "a",
    "A",
    " ",
    "0",
    "申购",
    "é\u{301}",
    "🦀",
    "a text that is longer than sixteen bytes, and longer than sixty-four \"quoted\" \\ ones",
];
/// 2026-01-01T12:00:00Z, where a case begins if it says nothing.
const BASE: i64 = 1_767_268_800_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How far from the base an instant is often.
const NEAR: [i64; 11] = [0, 1, 1_000, MINUTE - 1, MINUTE, HOUR, DAY - 1, DAY, 7 * DAY, 30 * DAY, 365 * DAY];

/// What one value may be: a kind with its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) kind: Kind,
    pub(crate) least: i64,
    pub(crate) most: i64,
}

/// Values to draw from.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// Of each input: what samples had there, and what conditions on its field name.
    pub(crate) seen: Vec<Vec<Value>>,
    /// Whatever any text is or is compared with.
    pub(crate) texts: Vec<String>,
    /// Around which instants lie.
    pub(crate) base: i64,
}

impl Range {
    /// The range of an input, as far as draws go; a count cannot be below zero.
    pub(crate) fn of_input(input: &Input) -> Range {
        let mut range = Range::new(input.kind, input.minimum.as_ref(), input.maximum.as_ref());
        let counts = [Aggregate::Count, Aggregate::Distinct, Aggregate::Deviation];
        if matches!(&input.from, Origin::Window(window) if counts.contains(&window.aggregate)) {
            range.least = range.least.max(0);
            range.most = range.most.max(0);
        }
        range
    }

    /// The range of a kind within declared bounds. Where a bound is missing it is
    /// 10^12, of integers 10^15: far beyond any amount, within any time in
    /// milliseconds, and at usual scales short of where the sum of a batch overflows.
    pub(crate) fn new(kind: Kind, minimum: Option<&Value>, maximum: Option<&Value>) -> Range {
        let far = match kind {
            Kind::Flag => (0, 1),
            Kind::Integer | Kind::Text => (-tens(15), tens(15)),
            Kind::Decimal { scale } => (-tens(u32::from(scale) + 12), tens(u32::from(scale) + 12)),
            Kind::Instant => (Instant::MIN.millis(), Instant::MAX.millis()),
            Kind::Number => {
                let most = rank(&Value::Number(1e12)).unwrap_or(0);
                (-most, most)
            }
        };
        let [minimum, maximum] = [minimum, maximum].map(|bound| bound.and_then(rank));
        // a bound beyond the usual end moves that end
        let least = minimum.unwrap_or(far.0.min(maximum.unwrap_or(far.0)));
        let most = maximum.unwrap_or(far.1.max(minimum.unwrap_or(far.1)));
        Range { kind, least, most: most.max(least) }
    }

    /// The nearest place inside.
    pub(crate) fn clamp(&self, rank: i64) -> i64 {
        rank.clamp(self.least, self.most)
    }

    /// Whether a value of this kind lies inside; every text does.
    #[cfg(test)]
    pub(crate) fn holds(&self, value: &Value) -> bool {
        value.kind() == self.kind && rank(value).is_none_or(|rank| (self.least..=self.most).contains(&rank))
    }

    /// Zero and both ends, with what stands beside them.
    pub(crate) fn ends(&self) -> Vec<i64> {
        self.with_neighbours(vec![0, self.least, self.most])
    }

    /// The ends and the powers of ten between them, rising, with what stands beside
    /// them.
    pub(crate) fn edges(&self) -> Vec<i64> {
        let one = |value: Value| converted(&value, self.kind).as_ref().and_then(rank);
        let powers = (0..=15).filter_map(|exponent| one(Value::Integer(tens(exponent))));
        let parts = (1..=6).filter_map(|exponent| one(Value::Number(10f64.powi(-exponent))));
        let mut edges = vec![0, self.least, self.most];
        edges.extend(powers.chain(parts).flat_map(|power| [power, -power]));
        self.with_neighbours(edges)
    }

    fn with_neighbours(&self, edges: Vec<i64>) -> Vec<i64> {
        let mut edges: Vec<i64> =
            edges.into_iter().flat_map(|edge| [edge, edge.saturating_sub(1), edge.saturating_add(1)]).collect();
        edges.retain(|edge| (self.least..=self.most).contains(edge));
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// The value at a place, moved inside.
    pub(crate) fn value(&self, rank: i64) -> Option<Value> {
        ranked(self.kind, self.clamp(rank))
    }
}

/// A power of ten, or the largest one.
fn tens(exponent: u32) -> i64 {
    10i64.pow(exponent.min(18))
}

impl Pool {
    pub(crate) fn new(manifest: &Manifest, samples: &[Sample]) -> Pool {
        let mut pool = Pool { seen: vec![Vec::new(); manifest.inputs.len()], texts: Vec::new(), base: BASE };
        let latest = samples.iter().flat_map(|sample| sample.inputs.iter().flatten()).filter_map(|value| match value {
            Value::Instant(instant) => Some(instant.millis()),
            _ => None,
        });
        pool.base = latest.max().unwrap_or(BASE);
        for (at, input) in manifest.inputs.iter().enumerate() {
            samples.iter().filter_map(|sample| sample.inputs.get(at)?.as_ref()).for_each(|value| pool.see(at, value));
            input.default.iter().for_each(|value| pool.see(at, value));
            if let Origin::Field(field) = &input.from {
                let conditions = manifest.inputs.iter().filter_map(Input::window).flat_map(|window| &window.only);
                for condition in conditions.filter(|condition| condition.field == *field) {
                    operands(&condition.test, manifest).iter().for_each(|value| pool.see(at, value));
                }
            }
        }
        let only = manifest.inputs.iter().filter_map(Input::window).flat_map(|window| &window.only);
        only.flat_map(|condition| operands(&condition.test, manifest)).for_each(|value| pool.text(value));
        for parameter in &manifest.parameters {
            parameter.any_of.iter().for_each(|value| pool.text(value));
            parameter.default.iter().flat_map(elements).for_each(|value| pool.text(value));
        }
        samples.iter().flat_map(|sample| sample.settings.iter().flat_map(elements)).for_each(|value| pool.text(value));
        pool.also(TEXTS.map(str::to_owned));
        pool
    }

    /// Takes in texts that may mean something to the policy.
    pub(crate) fn also(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            if self.texts.len() < TEXTS_MAX && !self.texts.contains(&text) {
                self.texts.push(text);
            }
        }
    }

    fn see(&mut self, at: usize, value: &Value) {
        self.text(value);
        let seen = &mut self.seen[at];
        if seen.len() < SEEN_MAX && !seen.contains(value) {
            seen.push(value.clone());
        }
    }

    fn text(&mut self, value: &Value) {
        if let Value::Text(text) = value {
            self.also([text.clone()]);
        }
    }

    /// Instants around the base.
    pub(crate) fn instants(&self) -> impl Iterator<Item = i64> {
        NEAR.into_iter().flat_map(|near| [self.base + near, self.base - near])
    }
}

/// The values of a setting.
pub(crate) fn elements(setting: &Setting) -> &[Value] {
    match setting {
        Setting::One(value) => std::slice::from_ref(value),
        Setting::List(values) => values,
    }
}

/// What a field is compared with: of a parameter its default.
fn operands<'a>(test: &'a Test, manifest: &'a Manifest) -> &'a [Value] {
    match test {
        Test::AnyOf(values) | Test::NoneOf(values) => values,
        Test::AtLeast(value) | Test::Below(value) => std::slice::from_ref(value),
        Test::Set(_, name) => {
            let parameter = manifest.parameters.iter().find(|parameter| parameter.name == *name);
            parameter.and_then(|parameter| parameter.default.as_ref()).map_or(&[], elements)
        }
    }
}
