//! When a policy that faults too often is taken out of its lane, and when it is tried
//! again: a breaker that counts in rows, in the order of the lane.
//!
//! There is no clock in it, so that a run over a file may have it too. It counts the
//! rows that came to the policy and were judged; of their faults those that are the
//! policy's own. A row whose *input* cannot be used says something of the record, a
//! policy that was never called says nothing of itself: those do not count.

#[cfg(test)]
mod tests;

use sandgate_model::Fault;
use std::collections::VecDeque;
use std::sync::Arc;

/// When a policy is taken out, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// It is taken out where more than this share of its last rows were faults; above 0, at most 1.
    pub share: f64,
    /// How many its last rows are.
    pub rows: u32,
    /// For how many rows its fallback answers before it is tried again.
    pub rest: u32,
    /// How many rows it is tried with.
    pub probe: u32,
    /// After how many trials in a row that failed it is hopeless; 0 for never.
    pub back: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { share: 0.5, rows: 1_000, rest: 10_000, probe: 100, back: 3 }
    }
}

impl Limits {
    /// The most faults of so many rows that it puts up with.
    fn most(&self, rows: u32) -> u64 {
        // both are small, and a share is at most 1
        (self.share * f64::from(rows)).floor() as u64
    }
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The policy judges.
    Closed,
    /// Its fallback answers.
    Open,
    /// Some rows try it, of all others its fallback answers.
    HalfOpen,
}

/// The breaker of one policy in one lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaker {
    phase: Phase,
    /// Rises with every change, so that what was judged before a change counts no more.
    epoch: u64,
    /// Rows that were judged.
    seen: u64,
    /// Which of its last rows were faults.
    faults: VecDeque<u64>,
    /// Trials in a row that failed.
    failed: u32,
    /// Why it is open.
    why: Arc<str>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    #[default]
    Closed,
    Open {
        /// Rows that its fallback answered.
        rested: u64,
    },
    HalfOpen {
        /// Rows that were given out for the trial and have not come back.
        out: u32,
        tried: u32,
        faults: u32,
    },
}

/// What one policy did with the rows of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    /// The tenant, the place of the policy in its set, and which breaker it is.
    pub(crate) place: (usize, usize, u64),
    /// The epoch that it was judged in.
    pub(crate) epoch: u64,
    /// Rows that were given out for a trial.
    pub(crate) given: u32,
    /// Rows that were judged.
    pub(crate) judged: u32,
    /// Which of those were faults of the policy, in order.
    pub(crate) faults: Vec<u32>,
    /// The word of the last of them.
    pub(crate) last: &'static str,
    /// Rows that the fallback answered in its place.
    pub(crate) stood_in: u32,
}

/// Whether a fault is the policy's own, so that it counts.
pub(crate) fn counts(fault: &Fault) -> bool {
    match fault {
        Fault::Fuel { .. } | Fault::Trap { .. } | Fault::Memory { .. } | Fault::Output { .. } | Fault::Stopped => true,
        Fault::Input { .. } | Fault::StateFull | Fault::IdReused | Fault::Absent { .. } => false,
    }
}

impl Breaker {
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Why it is not closed.
    pub(crate) fn why(&self) -> &Arc<str> {
        &self.why
    }

    /// Trials in a row that failed.
    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }

    /// How many of so many rows of the next batch are judged; those of a trial are given out.
    pub(crate) fn give(&mut self, limits: &Limits, rows: u32) -> u32 {
        match &mut self.phase {
            Phase::Closed => rows,
            Phase::Open { .. } => 0,
            Phase::HalfOpen { out, tried, .. } => {
                let left = limits.probe.saturating_sub(*tried).saturating_sub(*out);
                let given = left.min(rows);
                *out += given;
                given
            }
        }
    }

    /// Counts what became of a batch, and says whether it stands otherwise since.
    pub(crate) fn observe(&mut self, limits: &Limits, observed: &Observed) -> bool {
        if observed.epoch != self.epoch {
            return false;
        }
        match &mut self.phase {
            Phase::Closed => {
                let first = self.seen;
                self.seen += u64::from(observed.judged);
                for fault in &observed.faults {
                    let row = first + u64::from(*fault);
                    while self.faults.front().is_some_and(|fault| *fault + u64::from(limits.rows) <= row) {
                        self.faults.pop_front();
                    }
                    self.faults.push_back(row);
                    let faults = self.faults.len() as u64;
                    if faults > limits.most(limits.rows) {
                        let (rows, last) = (limits.rows, observed.last);
                        self.open(format!("{faults} of its last {rows} rows were faults, the last one {last}"));
                        return true;
                    }
                }
                false
            }
            Phase::Open { rested } => {
                *rested += u64::from(observed.stood_in);
                let is_rested = *rested >= u64::from(limits.rest);
                if is_rested {
                    self.change(Phase::HalfOpen { out: 0, tried: 0, faults: 0 });
                }
                is_rested
            }
            Phase::HalfOpen { out, tried, faults } => {
                *out = out.saturating_sub(observed.given);
                *tried += observed.judged;
                *faults += observed.faults.len() as u32;
                if *tried < limits.probe {
                    return false;
                }
                if u64::from(*faults) > limits.most(*tried) {
                    self.failed = self.failed.saturating_add(1);
                    let what = format!("{faults} of {tried} rows on trial were faults");
                    self.open(match observed.faults.is_empty() {
                        true => what,
                        false => format!("{what}, the last one {}", observed.last),
                    });
                } else {
                    (self.failed, self.why) = (0, Arc::default());
                    self.change(Phase::Closed);
                }
                true
            }
        }
    }

    fn open(&mut self, why: String) {
        self.why = why.into();
        self.change(Phase::Open { rested: 0 });
    }

    fn change(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
        self.seen = 0;
        self.faults.clear();
    }
}
