//! The numbers that an engine is measured by. What a batch *took* counts when it
//! was judged; what it *gave* counts when it is committed, so that a batch which
//! an abort took back, and which is judged again, counts once.

use crate::circumstance::What;
use crate::decode::Cause;
use crate::generation::Generation;
use crate::measured::{BECAME, Measured, STOOD_IN, Step};
use crate::tally::{Aside, Tally};
use crate::watched;
use sandgate_metrics::{Buckets, Counter, Counters, Gauges, Histogram, Laps, Registry};
use sandgate_model::comparison::Comparison;
use sandgate_model::{Fault, Outcome};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The numbers of some generations, each looked up once.
pub(crate) struct Meters {
    generations: Gauges<2>,
    /// The labels of its generations.
    named: Vec<[String; 2]>,
    /// Where the policies of each tenant begin.
    first_seats: Vec<usize>,
    records: Vec<[Counter; BECAME.len()]>,
    decisions: Vec<[Counter; Outcome::ALL.len()]>,
    /// Of them, those of a canary.
    canaries: Vec<[Counter; Outcome::ALL.len()]>,
    compared: Counters<2>,
    dropped: Counters<2>,
    flips: Counters<4>,
    repeats: Counter,
    wrong_keys: Counter,
    reasons: Vec<Counter>,
    faults: Vec<[Counter; Fault::WORDS.len()]>,
    stood_in: Vec<[Counter; STOOD_IN.len()]>,
    /// By tenant: no policy is at fault there.
    reused: Vec<[Counter; 1]>,
    circumstances: [Counter; What::ALL.len()],
    dead_letters: [Counter; Cause::ALL.len()],
    observed: [Counter; Aside::ALL.len()],
    /// As [`Measured::seats`].
    fuel: Vec<Histogram>,
    steps: [Histogram; Step::ALL.len()],
    batch: Histogram,
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meters").field(&self.named).finish()
    }
}

/// What the batches of a lane gave, until they are committed.
#[derive(Default)]
pub(crate) struct Pending(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// The number of the first batch.
    first: u64,
    batches: VecDeque<(Tally, Measured, Arc<Meters>)>,
}

impl Meters {
    /// The numbers of these generations, which go on where those of the ones before stand:
    /// the first of them are those of the tenants, one for each. `counted` are the reasons
    /// of a tally.
    pub(crate) fn new(
        registry: &Registry,
        (all, tenants): (&[Arc<Generation>], usize),
        sources: &[Arc<str>],
        counted: &[[Arc<str>; 3]],
    ) -> Meters {
        let tenants = || all.iter().take(tenants).map(|generation| &*generation.tenant);
        let sources = || sources.iter().map(|source| &**source);
        let seats = || {
            all.iter().flat_map(|generation| {
                generation.seats.iter().map(move |seat| (&*generation.tenant, seat.name.as_str()))
            })
        };
        let generations =
            registry.gauges("generation", "The policy set that decides, by its digest: its number", ["tenant", "set"]);
        let named = |generation: &Arc<Generation>| [generation.tenant.to_string(), generation.set.to_string()];
        for generation in all {
            let [tenant, set] = &named(generation);
            generations.with([tenant, set]).set_whole(generation.number);
        }
        for (tenant, policy) in seats() {
            // they are there before there is anything to tell
            watched::lanes(registry, tenant, policy);
            watched::answers(registry, tenant, policy);
        }
        let records =
            registry.counters("records", "Records that were committed, by what they became", ["source", "became"]);
        let decisions =
            registry.counters("decisions", "Decisions that were committed, without repeats", ["tenant", "outcome"]);
        let canaries = registry.counters(
            "canary_decisions",
            "Decisions of a canary that were committed, without repeats; they are in decisions too",
            ["tenant", "outcome"],
        );
        let reasons = registry.counters("reasons", "Hits of a reason", ["tenant", "policy", "code"]);
        let faults = registry.counters(
            "faults",
            "Policies that gave no verdict about a transaction; no policy where an id was reused",
            ["tenant", "policy", "fault"],
        );
        let stood_in = registry.counters(
            "stood_in",
            "Transactions that a policy was not asked about, so that its fallback answered, by why",
            ["tenant", "policy", "why"],
        );
        let circumstances =
            registry.counters("circumstances", "Decisions that owe something to the clock or to a failure", ["what"]);
        let dead_letters = registry.counters("dead_letters", "Records that could not be used", ["cause"]);
        let observed = registry.counters("observed", "Observed records by what became of them", ["fate"]);
        let fuel = registry.histograms(
            "policy_fuel",
            "Fuel that a policy took for a transaction: each counts with the mean of its batch, aborted ones included",
            ["tenant", "policy"],
            Buckets::fuel(),
        );
        let steps = registry.histograms("step_seconds", "Time of a step for a whole batch", ["step"], Buckets::time());
        Meters {
            named: all.iter().map(named).collect(),
            generations,
            first_seats: all
                .iter()
                .scan(0, |next, generation| Some(std::mem::replace(next, *next + generation.seats.len())))
                .collect(),
            records: sources().map(|source| BECAME.map(|became| records.with([source, became]))).collect(),
            decisions: tenants()
                .map(|tenant| Outcome::ALL.map(|outcome| decisions.with([tenant, outcome.word()])))
                .collect(),
            canaries: tenants()
                .map(|tenant| Outcome::ALL.map(|outcome| canaries.with([tenant, outcome.word()])))
                .collect(),
            compared: registry.counters(
                "shadow_compared",
                "Transactions that a shadow judged beside the active set",
                ["tenant", "generation"],
            ),
            dropped: registry.counters(
                "shadow_dropped",
                "Transactions that a shadow did not judge, for lack of room or time",
                ["tenant", "generation"],
            ),
            flips: registry.counters(
                "shadow_flips",
                "Transactions that a shadow would decide otherwise",
                ["tenant", "generation", "from", "to"],
            ),
            repeats: registry.counter("repeats", "Decisions that repeat an earlier one"),
            wrong_keys: registry.counter("wrong_keys", "Records whose key says otherwise than the record"),
            reasons: counted.iter().map(|[tenant, policy, code]| reasons.with([tenant, policy, code])).collect(),
            faults: seats()
                .map(|(tenant, policy)| Fault::WORDS.map(|word| faults.with([tenant, policy, word])))
                .collect(),
            stood_in: seats()
                .map(|(tenant, policy)| STOOD_IN.map(|what| stood_in.with([tenant, policy, what.word()])))
                .collect(),
            reused: tenants().map(|tenant| [faults.with([tenant, "", Fault::IdReused.word()])]).collect(),
            circumstances: What::ALL.map(|what| circumstances.with([what.word()])),
            dead_letters: Cause::ALL.map(|cause| dead_letters.with([cause.word()])),
            observed: Aside::ALL.map(|aside| observed.with([aside.word()])),
            fuel: seats().map(|(tenant, policy)| fuel.with([tenant, policy])).collect(),
            steps: Step::ALL.map(|step| steps.with([step.word()])),
            batch: registry.histogram("batch_records", "Records of a batch", Buckets::counts()),
        }
    }

    /// Tells no more that those of its generations decide that `now` does not have.
    pub(crate) fn forget(&self, now: &Meters) {
        let gone = self.named.iter().filter(|named| !now.named.contains(named));
        gone.for_each(|[tenant, set]| self.generations.remove([tenant, set]));
    }

    /// Where the policies of a generation begin among all, by its place among those.
    pub(crate) fn first_seat(&self, place: usize) -> usize {
        self.first_seats.get(place).copied().unwrap_or(0)
    }

    /// A stopwatch.
    pub(crate) fn laps(&self) -> Laps {
        Laps::running()
    }

    /// Counts what a batch took.
    pub(crate) fn took(&self, measured: &Measured) {
        self.batch.observe(measured.records as f64);
        self.steps.iter().zip(measured.steps).for_each(|(step, time)| step.observe_time(time));
        for (fuel, [rows, took]) in self.fuel.iter().zip(&measured.seats) {
            fuel.observe_many(*took as f64 / *rows as f64, *rows);
        }
    }

    /// Counts what a shadow made of some transactions.
    pub(crate) fn compared(&self, shadow: &Generation, comparison: &Comparison) {
        let (tenant, number) = (&*shadow.tenant, shadow.number.to_string());
        self.compared.with([tenant, &number]).add(comparison.compared());
        for (from, row) in Outcome::ALL.iter().zip(&comparison.outcomes) {
            for (to, sum) in Outcome::ALL.iter().zip(row).filter(|(to, sum)| *to != from && sum.count > 0) {
                self.flips.with([tenant, &number, from.word(), to.word()]).add(sum.count);
            }
        }
    }

    /// Counts what a shadow will not judge.
    pub(crate) fn dropped(&self, shadow: &Generation, transactions: u64) {
        self.dropped.with([&shadow.tenant, &shadow.number.to_string()]).add(transactions);
    }

    /// Counts what a batch gave.
    fn gave(&self, tally: &Tally, measured: &Measured) {
        add_rows(&self.records, &measured.sources);
        add_rows(&self.decisions, &measured.tenants);
        add_rows(&self.canaries, &measured.canaries);
        add_rows(&self.faults, &measured.faults);
        add_rows(&self.stood_in, &measured.stood_in);
        add_rows(&self.reused, &measured.reused);
        self.repeats.add(tally.repeats);
        self.wrong_keys.add(tally.wrong_keys);
        add(&self.reasons, &tally.reasons);
        add(&self.circumstances, &tally.circumstances);
        add(&self.dead_letters, &tally.dead_letters);
        add(&self.observed, &tally.observed);
    }
}

fn add_rows<const N: usize>(counters: &[[Counter; N]], counts: &[[u64; N]]) {
    counters.iter().zip(counts).for_each(|(counters, counts)| add(counters, counts));
}

fn add(counters: &[Counter], counts: &[u64]) {
    counters.iter().zip(counts).for_each(|(counter, count)| counter.add(*count));
}

impl Pending {
    /// Keeps what the next batch gave.
    pub(crate) fn settled(&self, tally: &Tally, measured: &mut Measured, meters: Arc<Meters>) {
        self.waiting().batches.push_back((tally.clone(), std::mem::take(measured), meters));
    }

    /// Counts what the batches up to and with this one gave.
    pub(crate) fn committed(&self, through: u64) {
        let mut waiting = self.waiting();
        while waiting.first <= through
            && let Some((tally, measured, meters)) = waiting.batches.pop_front()
        {
            waiting.first += 1;
            meters.gave(&tally, &measured);
        }
    }

    /// Drops what was never committed: it will be judged again.
    pub(crate) fn aborted(&self) {
        self.waiting().batches.clear();
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
