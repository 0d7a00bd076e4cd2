//! The edges around a row: how far each input can move until the reason goes.

use super::{Edge, Near, Search};
use crate::Sample;
use crate::draw::{Range, elements};
use crate::rank::{converted, rank};
use sandgate_model::Kind;
use std::cmp::Ordering;

/// Every edge of a row that produces a reason: of each ordered input the nearest
/// below and the nearest above, if they are found.
pub(super) fn edges(search: &Search<'_>, reason: usize, sample: &Sample) -> Vec<Edge> {
    let manifest = search.policy.manifest();
    let mut edges = Vec::new();
    for (input, declared) in manifest.inputs.iter().enumerate() {
        let Some(is) = sample.inputs[input].as_ref().and_then(rank).filter(|_| declared.kind != Kind::Flag) else {
            continue;
        };
        let range = Range::of_input(declared);
        let work = Work { search, reason, sample, input, range };
        edges.extend([Ordering::Less, Ordering::Greater].into_iter().filter_map(|side| work.edge(is, side)));
    }
    edges
}

/// The work on one input.
struct Work<'a> {
    search: &'a Search<'a>,
    reason: usize,
    sample: &'a Sample,
    input: usize,
    range: Range,
}

impl Work<'_> {
    /// The nearest edge on one side: wide steps first, then by halves.
    fn edge(&self, is: i64, side: Ordering) -> Option<Edge> {
        let mut steps: Vec<i64> = self.range.edges();
        steps.extend(self.named());
        let step = if side == Ordering::Less { is.checked_sub(1) } else { is.checked_add(1) };
        steps.extend(step.filter(|step| self.range.clamp(*step) == *step));
        steps.retain(|step| step.cmp(&is) == side);
        steps.sort_by_key(|step| step.abs_diff(is));
        let (mut with, mut without) = (is, None);
        for step in steps {
            if !self.produces(step)? {
                without = Some(step);
                break;
            }
            with = step;
        }
        let mut without = without?;
        while with.abs_diff(without) > 1 {
            let middle = ((i128::from(with) + i128::from(without)) / 2) as i64;
            if self.produces(middle)? {
                with = middle;
            } else {
                without = middle;
            }
        }
        self.around(with, without)
    }

    /// The values of the parameters, as this input would have them.
    fn named(&self) -> Vec<i64> {
        let values = self.sample.settings.iter().flat_map(elements);
        let ranks = values.filter_map(|value| rank(&converted(value, self.range.kind)?));
        let beside = ranks.flat_map(|rank| [rank.saturating_sub(1), rank, rank.saturating_add(1)]);
        beside.filter(|rank| self.range.clamp(*rank) == *rank).collect()
    }

    /// The three values around the place between two.
    fn around(&self, with: i64, without: i64) -> Option<Edge> {
        let roundness = |rank: &i64| {
            let text = self.range.value(*rank).map_or(String::new(), |value| value.to_string());
            let zeros = text.len() - text.trim_end_matches(['0', '.']).len();
            // a float is the rounder the shorter it is; others differ in their zeros
            let shortness = if self.range.kind == Kind::Number { 64usize.saturating_sub(text.len()) } else { zeros };
            (self.is_parameter(*rank), shortness)
        };
        let at = if roundness(&without) > roundness(&with) { without } else { with };
        let beside =
            |rank: Option<i64>| rank.filter(|rank| self.range.clamp(*rank) == *rank).and_then(|r| self.near(r));
        Some(Edge {
            input: self.input,
            below: beside(at.checked_sub(1)),
            at: self.near(at)?,
            above: beside(at.checked_add(1)),
        })
    }

    fn is_parameter(&self, rank: i64) -> bool {
        let Some(value) = self.range.value(rank) else { return false };
        let mut values = self.sample.settings.iter().flat_map(elements);
        values.any(|named| converted(named, self.range.kind).as_ref() == Some(&value))
    }

    fn near(&self, rank: i64) -> Option<Near> {
        let mut sample = self.sample.clone();
        let value = self.range.value(rank)?;
        sample.inputs[self.input] = Some(value.clone());
        let answer = sample.judge(self.search.policy, self.search.budget).0;
        let produces = answer.hits.contains(&(self.reason as u32));
        Some(Near { value, sample, answer, produces })
    }

    fn produces(&self, rank: i64) -> Option<bool> {
        self.near(rank).map(|near| near.produces)
    }
}
