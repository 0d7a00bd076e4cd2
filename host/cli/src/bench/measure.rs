//! Batches of several sizes through fresh and used sandboxes: fuel first, then
//! time in rounds, every subject once in each.

use super::Subject;
use super::clock::Clock;
use anyhow::bail;
use sandgate_engine::resolve::parameter_rows;
use sandgate_model::Fault;
use sandgate_sandbox::{Policy, Rows, Session, Verdicts};
use sandgate_trial::sample::rows;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Transactions of a batch.
pub(super) const BATCHES: [usize; 4] = [1, 16, 64, 256];
/// How long a measurement takes at least, by as many passes as that needs.
const EACH: Duration = Duration::from_millis(2);
/// No round begins after this; a policy that takes long needs fewer.
const ALL: Duration = Duration::from_secs(20);
/// Sandboxes made in a measurement.
const MADE: u32 = 200;

/// What one policy costs.
pub(super) struct Measured {
    /// For each size of [`BATCHES`], in a fresh sandbox for each batch.
    pub(super) fresh: Vec<Cost>,
    /// The same in one sandbox for all.
    pub(super) used: Vec<Cost>,
    /// Nanoseconds to make a sandbox and throw it away.
    pub(super) instantiate: f64,
    /// Bytes of memory at the start, and of a used sandbox in the end.
    pub(super) memory: [u64; 2],
}

/// What a transaction costs.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) nanos: f64,
    pub(super) fuel: f64,
}

/// A size of batches of one subject, ready to be judged.
struct Work<'a> {
    policy: &'a Policy,
    parameters: &'a Rows,
    budget: u64,
    batches: Vec<Rows>,
    rows: usize,
    session: Session,
    fresh: Gauge,
    used: Gauge,
}

/// The best of all rounds so far.
struct Gauge {
    fuel: u64,
    passes: u32,
    best: f64,
}

/// Measures every subject in so many rounds, and says how many there was time for.
///
/// # Errors
/// Where a subject cannot start a sandbox, or faults in one that was used before.
pub(super) fn measure(subjects: &[Subject], budget: u64, rounds: u32) -> anyhow::Result<(Vec<Measured>, u32)> {
    let parameters: Vec<Rows> = subjects
        .iter()
        .map(|subject| match subject.drawn.samples.first() {
            Some(sample) => parameter_rows(subject.policy.manifest(), &sample.settings),
            None => Rows::new(),
        })
        .collect();
    let mut verdicts = Verdicts::new();
    // by size, and of each size every subject
    let mut work: Vec<Vec<Work<'_>>> = Vec::new();
    for size in BATCHES {
        let each = subjects.iter().zip(&parameters);
        let each = each.map(|(subject, parameters)| Work::new(subject, parameters, budget, size, &mut verdicts));
        work.push(each.collect::<anyhow::Result<_>>()?);
    }
    let starts = subjects.iter().map(|subject| {
        let refused =
            |fault: Fault| format!("{} cannot start a sandbox: {} {fault}", subject.file.display(), fault.word());
        subject.policy.instantiate().map_err(refused).map_err(anyhow::Error::msg)
    });
    let starts = starts.collect::<anyhow::Result<Vec<u64>>>()?;
    let mut made = vec![f64::INFINITY; subjects.len()];

    let begun = Instant::now();
    let mut done = 0;
    while done < rounds && (done == 0 || begun.elapsed() < ALL) {
        // there and back, so that none always follows the same one
        let order: Vec<usize> =
            if done % 2 == 0 { (0..subjects.len()).collect() } else { (0..subjects.len()).rev().collect() };
        for work in &mut work {
            order.iter().for_each(|at| work[*at].fresh(&mut verdicts));
            order.iter().for_each(|at| work[*at].used(&mut verdicts));
        }
        for at in order {
            let clock = Clock::start();
            (0..MADE).for_each(|_| {
                black_box(subjects[at].policy.instantiate().is_ok());
            });
            made[at] = made[at].min(clock.nanos() / f64::from(MADE));
        }
        done += 1;
    }
    let measured = starts.into_iter().zip(made).enumerate().map(|(at, (start, instantiate))| Measured {
        fresh: work.iter().map(|work| work[at].fresh.cost(work[at].rows)).collect(),
        used: work.iter().map(|work| work[at].used.cost(work[at].rows)).collect(),
        instantiate,
        memory: [start, work.iter().filter_map(|work| work[at].session.memory()).fold(start, u64::max)],
    });
    Ok((measured.collect(), done))
}

impl<'a> Work<'a> {
    /// Judges everything once for its fuel, and once more to see how long it takes.
    fn new(
        subject: &'a Subject,
        parameters: &'a Rows,
        budget: u64,
        size: usize,
        verdicts: &mut Verdicts,
    ) -> anyhow::Result<Work<'a>> {
        let manifest = subject.policy.manifest();
        let batches: Vec<Rows> = subject.drawn.samples.chunks(size).map(|chunk| rows(manifest, chunk)).collect();
        let mut work = Work {
            policy: &subject.policy,
            parameters,
            budget,
            batches,
            rows: subject.drawn.samples.len(),
            session: subject.policy.session(),
            fresh: Gauge { fuel: 0, passes: 1, best: f64::INFINITY },
            used: Gauge { fuel: 0, passes: 1, best: f64::INFINITY },
        };
        for batch in &work.batches {
            work.policy.judge(batch, parameters, budget, verdicts);
            work.fresh.fuel += verdicts.fuel;
            work.session.judge(batch, parameters, budget, verdicts);
            work.used.fuel += verdicts.fuel;
            // a sandbox that is full is replaced; a host never keeps one that long
            let fault = verdicts.faults.iter().find(|(_, fault)| !matches!(fault, Fault::Memory { .. }));
            if let Some((_, fault)) = fault {
                bail!(
                    "{} faults in a sandbox that was used before ({} {fault}), and not in a fresh one: it keeps something \
                     from call to call; `sandgate test` shows what differs",
                    subject.file.display(),
                    fault.word()
                );
            }
        }
        work.fresh(verdicts);
        work.fresh.more_passes(work.rows);
        work.used(verdicts);
        work.used.more_passes(work.rows);
        Ok(work)
    }

    /// A fresh sandbox for each batch.
    fn fresh(&mut self, verdicts: &mut Verdicts) {
        let clock = Clock::start();
        for _ in 0..self.fresh.passes {
            self.batches.iter().for_each(|batch| self.policy.judge(batch, self.parameters, self.budget, verdicts));
        }
        self.fresh.note(&clock, self.rows);
    }

    /// One sandbox for all batches and rounds.
    fn used(&mut self, verdicts: &mut Verdicts) {
        let clock = Clock::start();
        for _ in 0..self.used.passes {
            self.batches.iter().for_each(|batch| self.session.judge(batch, self.parameters, self.budget, verdicts));
        }
        self.used.note(&clock, self.rows);
    }
}

impl Gauge {
    /// Takes in the passes that the clock has run for.
    fn note(&mut self, clock: &Clock, rows: usize) {
        self.best = self.best.min(clock.nanos() / f64::from(self.passes) / rows as f64);
    }

    /// As many passes from now on as a measurement needs, by the first one.
    fn more_passes(&mut self, rows: usize) {
        let pass = (self.best * rows as f64).max(1.0);
        self.passes = (EACH.as_nanos() as f64 / pass).ceil().clamp(1.0, 10_000.0) as u32;
        self.best = f64::INFINITY;
    }

    fn cost(&self, rows: usize) -> Cost {
        Cost { nanos: self.best, fuel: self.fuel as f64 / rows as f64 }
    }
}
