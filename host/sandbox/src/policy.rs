//! A loaded policy, and how a batch is judged by it.
//!
//! The fuel rule: a budget belongs to one transaction, and a batch is given the
//! budget of *one*. What a batch could afford, each of its rows could have
//! afforded alone, so a verdict never depends on its neighbours. Any fault of
//! several rows is answered by judging them again in halves; only a row alone
//! is ever faulted.

use crate::guest::{Guest, Limits, Program};
use crate::machine::Machine;
use crate::pace::Pace;
use crate::rows::{Layout, Rows};
use crate::verdicts::{Shape, Verdicts};
use crate::wire::WireVerdicts;
use sandgate_model::{Digest, Fault, Manifest};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A policy, ready to judge. Cheap to clone, and judged by many threads at once.
#[derive(Clone)]
pub struct Policy {
    pub(crate) inner: Arc<Inner>,
    /// What one place of it has learned, of its own parameters and rows.
    pub(crate) pace: Arc<Pace>,
}

/// What is one for all places that a component has, in however many policy sets.
pub(crate) struct Inner {
    pub(crate) digest: Digest,
    pub(crate) manifest: Arc<Manifest>,
    /// The manifest as the policy told it.
    pub(crate) told: Box<str>,
    pub(crate) memory: u64,
    pub(crate) warnings: Vec<String>,
    pub(crate) program: Program,
    pub(crate) limits: Limits,
    pub(crate) layout: Layout,
    pub(crate) shape: Shape,
    /// Keeps the epoch moving for as long as a policy can be called.
    pub(crate) _machine: Arc<Machine>,
}

impl Policy {
    /// The digest of its component.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// What it says about itself.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.inner.manifest
    }

    /// What it says about itself, as it said it: JSON after
    /// `wit/manifest.schema.json`.
    pub fn told(&self) -> &str {
        &self.inner.told
    }

    /// The bytes of memory that a fresh sandbox of it starts with.
    pub fn memory(&self) -> u64 {
        self.inner.memory
    }

    /// What an operator should know about it, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// Judges rows in fresh sandboxes. `budget` is the fuel of *one* transaction.
    /// Every row ends as an answer or as a fault, and neither depends on the
    /// other rows, on earlier calls or on how many rows came together.
    pub fn judge(&self, rows: &Rows, parameters: &Rows, budget: u64, verdicts: &mut Verdicts) {
        Judging { policy: &self.inner, pace: &self.pace, parameters, budget, used: None, keep: false }
            .all(rows, verdicts);
    }

    /// A session that keeps its sandbox from call to call: for comparisons, and
    /// for guests that take long to start. Nothing but the guest itself keeps
    /// one batch from seeing what another left behind. Holds a slot.
    pub fn session(&self) -> Session {
        Session { policy: self.clone(), guest: None }
    }

    /// Makes a sandbox and throws it away: for measuring what it costs. Says how
    /// many bytes of memory it began with.
    ///
    /// # Errors
    /// The fault, where the guest cannot even start.
    pub fn instantiate(&self) -> Result<u64, Fault> {
        let guest = Guest::new(&self.inner.program, self.inner.limits, u64::MAX);
        guest.map(|guest| guest.memory()).map_err(|(fault, _)| fault)
    }
}

/// Its name and digest; what is compiled says nothing to people.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({} {})", self.inner.manifest.name, self.inner.digest)
    }
}

/// Calls of one policy in one sandbox that is kept.
pub struct Session {
    policy: Policy,
    guest: Option<Guest>,
}

impl Session {
    /// Like [`Policy::judge`], in the sandbox of the calls before. After a
    /// fault it is a fresh one.
    pub fn judge(&mut self, rows: &Rows, parameters: &Rows, budget: u64, verdicts: &mut Verdicts) {
        let Policy { inner: policy, pace } = &self.policy;
        let mut judging = Judging { policy, pace, parameters, budget, used: self.guest.take(), keep: true };
        judging.all(rows, verdicts);
        self.guest = judging.used;
    }

    /// Bytes of memory of the sandbox that is kept; none before the first call
    /// and after a fault.
    pub fn memory(&self) -> Option<u64> {
        self.guest.as_ref().map(Guest::memory)
    }
}

/// One call of `judge`.
struct Judging<'a> {
    policy: &'a Inner,
    pace: &'a Pace,
    parameters: &'a Rows,
    budget: u64,
    /// Of a session: the sandbox so far.
    used: Option<Guest>,
    keep: bool,
}

impl Judging<'_> {
    fn all(&mut self, rows: &Rows, verdicts: &mut Verdicts) {
        verdicts.clear();
        let count = rows.count();
        if !self.policy.layout.fits(rows) {
            // The host built them; a guest must not be blamed, nor a row lost.
            let detail = "cannot be given: the rows do not have the layout of the manifest";
            for row in 0..count {
                let fault = Fault::Input { input: "rows".to_owned(), detail: detail.to_owned() };
                verdicts.append_fault(row, fault, self.policy.shape);
            }
            return;
        }
        let mut from = 0;
        while from < count {
            let to = from + self.pace.rows(self.budget, count - from);
            self.some(rows, from..to, true, verdicts);
            from = to;
        }
    }

    /// Judges a run of rows together, or in halves where that does not work.
    fn some(&mut self, rows: &Rows, run: Range<u32>, as_cut: bool, verdicts: &mut Verdicts) {
        let count = run.end - run.start;
        match twice_if_stopped(count == 1, || self.once(rows, &run, verdicts)) {
            Ok((answer, fuel)) => {
                self.pace.judged(count, fuel);
                verdicts.append(run.start, answer);
            }
            Err(fault) if count == 1 => verdicts.append_fault(run.start, fault, self.policy.shape),
            Err(fault) => {
                if as_cut {
                    self.pace.too_many(count, &fault);
                }
                let middle = run.start + count / 2;
                self.some(rows, run.start..middle, false, verdicts);
                self.some(rows, middle..run.end, false, verdicts);
            }
        }
    }

    /// One call of the guest: a sound answer, or a fault.
    fn once(&mut self, rows: &Rows, run: &Range<u32>, verdicts: &mut Verdicts) -> Result<(WireVerdicts, u64), Fault> {
        let policy = self.policy;
        let called = self.guest().and_then(|mut guest| {
            let parameters = self.parameters.whole();
            let (answer, fuel) = if *run == (0..rows.count()) {
                guest.judge(&policy.program, rows.whole(), parameters, self.budget)?
            } else {
                let part = rows.part(run.clone(), policy.layout);
                guest.judge(&policy.program, part.wire(), parameters, self.budget)?
            };
            Ok((guest, answer, fuel))
        });
        let (guest, answer, fuel) = called.map_err(|(fault, fuel)| {
            verdicts.fuel = verdicts.fuel.saturating_add(fuel);
            fault
        })?;
        verdicts.fuel = verdicts.fuel.saturating_add(fuel);
        policy.shape.check(run.end - run.start, &answer).map_err(|detail| Fault::Output { detail })?;
        if self.keep {
            self.used = Some(guest);
        }
        Ok((answer, fuel))
    }

    fn guest(&mut self) -> Result<Guest, (Fault, u64)> {
        match self.used.take() {
            Some(mut guest) => guest.renew(self.budget).map(|()| guest),
            None => Guest::new(&self.policy.program, self.policy.limits, self.budget),
        }
    }
}

/// Tries a row that the epoch stopped once more: the epoch is a clock, and a
/// shared core can stand still. Several rows are tried again in halves anyway.
fn twice_if_stopped<T>(alone: bool, mut attempt: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    match attempt() {
        Err(Fault::Stopped) if alone => attempt(),
        tried => tried,
    }
}

#[cfg(test)]
mod tests {
    use super::twice_if_stopped;
    use sandgate_model::Fault;

    #[test]
    fn only_a_row_alone_that_was_stopped_is_tried_again() {
        let fuel = || Fault::Fuel { budget: 1 };
        let table = [
            (true, vec![Ok(1)], Ok(1)),
            (true, vec![Err(Fault::Stopped), Ok(2)], Ok(2)),
            (true, vec![Err(Fault::Stopped), Err(Fault::Stopped)], Err(Fault::Stopped)),
            (true, vec![Err(Fault::Stopped), Err(fuel())], Err(fuel())),
            (true, vec![Err(fuel())], Err(fuel())),
            (false, vec![Err(Fault::Stopped)], Err(Fault::Stopped)),
        ];
        for (alone, attempts, expected) in table {
            let mut attempts = attempts.into_iter();
            assert_eq!(twice_if_stopped(alone, || attempts.next().unwrap()), expected);
            assert_eq!(attempts.next(), None);
        }
    }
}
