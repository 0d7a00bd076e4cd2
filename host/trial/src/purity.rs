//! Whether an answer depends on nothing but its row and the parameters.
//!
//! A host relies on it: it puts rows together as they come, and a guest that
//! looks at its neighbours or remembers a call would answer by the traffic. The
//! truth is each row alone in a fresh sandbox; every other way must answer the
//! same, bit for bit.

use crate::answers::{TOGETHER_MAX, by_settings, in_session, same, together};
use crate::draw::{Chance, Draw};
use crate::{Answer, Constants, Sample};
use sandgate_engine::resolve::settings;
use sandgate_model::Fault;
use sandgate_sandbox::Policy;
use std::collections::HashSet;
use std::fmt;

/// Different samples that are compared, at most; of more, some of all are.
const SAMPLES_MAX: usize = 1_024;
/// Rows of each settings, at least; drawn where samples are fewer.
const ROWS_MIN: usize = 32;
/// Settings for which rows are drawn, at most.
const DRAWN_FOR_MAX: usize = 16;
/// Pairs of neighbours that are judged for each settings, at most.
const PAIRS_MAX: usize = 2_048;
/// Sizes of calls beside "all together" and halves.
const CUTS: [usize; 3] = [2, 3, 7];

/// What was compared, and what differed.
#[derive(Clone, Debug, PartialEq)]
pub struct Purity {
    /// Different samples, those drawn included.
    pub samples: usize,
    /// How many of them were drawn because there were few.
    pub drawn: usize,
    /// Answers that were compared with the answer alone.
    pub comparisons: u64,
    /// The first difference of each way; none of a pure policy.
    pub differences: Vec<Difference>,
}

/// An answer that should have been another.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What was done with the row.
    pub way: Way,
    /// The row.
    pub sample: Sample,
    /// Which of the samples given it is; nothing if it was drawn.
    pub given: Option<usize>,
    /// The row judged just before it, where there is one.
    pub after: Option<Sample>,
    /// The answer alone in a fresh sandbox.
    pub alone: Answer,
    /// The answer in this way.
    pub then: Answer,
}

/// A way to judge a row other than alone in a fresh sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Alone in a sandbox that was used before.
    Used,
    /// In a call of so many rows.
    Cut(usize),
    /// In one call, the order turned round.
    Reversed,
    /// In one call, in an order of chance.
    Shuffled,
    /// Right beside itself.
    Doubled,
    /// In a call with one other row.
    Beside,
    /// In one call with rows that fault, under the budget of one, as a host does it.
    Host,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Used => f.write_str("in a sandbox that was used before"),
            Way::Cut(rows) => write!(f, "in a call of {rows} rows"),
            Way::Reversed => f.write_str("in a call with its rows reversed"),
            Way::Shuffled => f.write_str("in a call with its rows in another order"),
            Way::Doubled => f.write_str("in a call beside itself"),
            Way::Beside => f.write_str("in a call with one other row"),
            Way::Host => f.write_str("in a call as a host puts it together"),
        }
    }
}

impl Purity {
    /// Judges samples in every way. `constants` are what drawn rows may need to get
    /// past a condition; `budget` is the fuel of one transaction.
    pub fn of(policy: &Policy, budget: u64, samples: &[Sample], constants: &Constants, seed: u64) -> Purity {
        let mut draw = Draw::new(policy.manifest(), seed, samples);
        draw.also(constants);
        let (rows, given) = enough(policy, samples, draw);
        let alone: Vec<Answer> = rows.iter().map(|row| row.judge(policy, budget).0).collect();
        let drawn = given.iter().filter(|given| given.is_none()).count();
        let purity = Purity { samples: rows.len(), drawn, comparisons: 0, differences: Vec::new() };
        let groups = by_settings(&rows);
        let mut work = Work { policy, budget, rows: &rows, given: &given, alone: &alone, purity };
        let mut chance = Chance::new(seed, 1);
        for (_, members) in &groups {
            work.used(members);
            work.cuts(members);
            work.orders(members, &mut chance);
            work.neighbours(members);
            members.chunks(TOGETHER_MAX).for_each(|call| work.call(Way::Host, call, budget));
        }
        work.purity
    }
}

/// Different samples, and drawn ones where they are few; with each its index
/// among those given.
fn enough(policy: &Policy, samples: &[Sample], mut draw: Draw) -> (Vec<Sample>, Vec<Option<usize>>) {
    // a value of each kind is written as no other is, and only asked for, never read
    let mut known = HashSet::new();
    let different: Vec<usize> = (0..samples.len()).filter(|at| known.insert(format!("{:?}", samples[*at]))).collect();
    let some = different.iter().step_by(different.len().div_ceil(SAMPLES_MAX).max(1));
    let (mut rows, mut given): (Vec<Sample>, Vec<Option<usize>>) =
        some.map(|at| (samples[*at].clone(), Some(*at))).unzip();
    let mut groups: Vec<_> =
        by_settings(&rows).into_iter().map(|(settings, members)| (settings.to_vec(), members.len())).collect();
    if groups.is_empty() {
        groups.push((settings(policy.manifest(), &[]).unwrap_or_else(|_| draw.settings()), 0));
    }
    for (settings, members) in groups.into_iter().take(DRAWN_FOR_MAX) {
        for _ in members..ROWS_MIN {
            rows.push(Sample { inputs: draw.inputs(&settings), settings: settings.clone() });
            given.push(None);
        }
    }
    (rows, given)
}

/// The comparison under way.
struct Work<'a> {
    policy: &'a Policy,
    budget: u64,
    rows: &'a [Sample],
    given: &'a [Option<usize>],
    alone: &'a [Answer],
    purity: Purity,
}

impl Work<'_> {
    /// What a call may use where only its answers matter. A row that is within
    /// its budget alone must not be stopped by what a call costs.
    fn plenty(&self) -> u64 {
        self.budget.saturating_mul(TOGETHER_MAX as u64)
    }

    /// The rows that have an answer alone: one that faults would have its call
    /// judged again in halves, until nothing of it is together any more.
    fn sound(&self, members: &[usize]) -> Vec<usize> {
        members.iter().copied().filter(|at| self.alone[*at].fault.is_none()).collect()
    }

    /// One after the other in one sandbox, there and back.
    fn used(&mut self, members: &[usize]) {
        let mut session = self.policy.session();
        let mut after = None;
        let endless = |fault: &Option<Fault>| matches!(fault, Some(Fault::Fuel { .. } | Fault::Stopped));
        let there = members.iter().filter(|at| !endless(&self.alone[**at].fault));
        let order: Vec<usize> = there.clone().chain(there.rev()).copied().collect();
        for at in order {
            let mut judge = || in_session(&mut session, self.policy.manifest(), &self.rows[at], self.plenty()).0;
            let mut then = judge();
            // a host throws sandboxes away, so that what one leaks is no answer
            if matches!(then.fault, Some(Fault::Memory { .. })) {
                then = judge();
            }
            self.compare(Way::Used, at, after, then);
            after = Some(at);
        }
    }

    /// In calls of several sizes.
    fn cuts(&mut self, members: &[usize]) {
        let sound = self.sound(members);
        let halves = sound.len().min(TOGETHER_MAX).div_ceil(2);
        for size in [TOGETHER_MAX, halves].into_iter().chain(CUTS).filter(|size| *size > 1) {
            for call in sound.chunks(size).filter(|call| call.len() > 1) {
                self.call(Way::Cut(call.len()), call, self.plenty());
            }
        }
    }

    /// In other orders, and each row beside itself.
    fn orders(&mut self, members: &[usize], chance: &mut Chance) {
        let sound = self.sound(members);
        let reversed: Vec<usize> = sound.iter().rev().copied().collect();
        let mut shuffled = sound.clone();
        chance.shuffle(&mut shuffled);
        let doubled: Vec<usize> = sound.iter().flat_map(|at| [*at, *at]).collect();
        for (way, order) in [(Way::Reversed, reversed), (Way::Shuffled, shuffled), (Way::Doubled, doubled)] {
            order.chunks(TOGETHER_MAX).for_each(|call| self.call(way, call, self.plenty()));
        }
        sound.iter().for_each(|at| self.call(Way::Doubled, &[*at, *at], self.plenty()));
    }

    /// Each row before and behind one of every kind of row: kinds are told apart
    /// by what they are answered and by which of their inputs are absent.
    fn neighbours(&mut self, members: &[usize]) {
        let sound = self.sound(members);
        let mut kinds: Vec<usize> = Vec::new();
        let absent = |at: usize| self.rows[at].inputs.iter().map(Option::is_none).collect::<Vec<_>>();
        for at in &sound {
            let known = |kind: &usize| same(&self.alone[*kind], &self.alone[*at]) && absent(*kind) == absent(*at);
            if !kinds.iter().any(known) {
                kinds.push(*at);
            }
        }
        let pairs = sound.iter().flat_map(|at| kinds.iter().map(move |kind| (*at, *kind)));
        let pairs: Vec<(usize, usize)> = pairs.filter(|(at, kind)| at != kind).collect();
        for (at, kind) in pairs.iter().step_by(pairs.len().div_ceil(PAIRS_MAX).max(1)) {
            self.call(Way::Beside, &[*kind, *at], self.plenty());
            self.call(Way::Beside, &[*at, *kind], self.plenty());
        }
    }

    /// One call of rows that share their settings.
    fn call(&mut self, way: Way, call: &[usize], budget: u64) {
        let answers = together(self.policy, call.iter().map(|at| &self.rows[*at]), budget);
        for (place, then) in answers.into_iter().enumerate() {
            let after = place.checked_sub(1).map(|before| call[before]);
            self.compare(way, call[place], after, then);
        }
    }

    fn compare(&mut self, way: Way, at: usize, after: Option<usize>, then: Answer) {
        self.purity.comparisons += 1;
        let known = |difference: &Difference| std::mem::discriminant(&difference.way) == std::mem::discriminant(&way);
        if !same(&self.alone[at], &then) && !self.purity.differences.iter().any(known) {
            self.purity.differences.push(Difference {
                way,
                sample: self.rows[at].clone(),
                given: self.given[at],
                after: after.map(|after| self.rows[after].clone()),
                alone: self.alone[at].clone(),
                then,
            });
        }
    }
}
