//! What a bench came to: one screen for people, and the same as JSON.

use super::measure::{BATCHES, Cost, Measured};
use super::{Bench, Subject};
use sandgate_model::digits::grouped;
use sandgate_trial::Fuel;
use sandgate_trial::trial::FUEL_PER_US;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// What the subjects of a comparison are called.
const LETTERS: [&str; 2] = ["A", "B"];

impl Bench {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for (at, (subject, _)) in self.subjects.iter().enumerate() {
            let letter = if self.subjects.len() == 1 { String::new() } else { format!("{}  ", LETTERS[at]) };
            let manifest = subject.policy.manifest();
            let digest = &subject.policy.digest().to_string()[..19];
            let size = subject.size as f64 / 1024.0;
            let file = subject.file.display();
            let _ = writeln!(out, "{letter}{} {} ({digest}), {size:.1} KiB, {file}", manifest.name, manifest.version);
        }
        let _ = writeln!(out, "\n{}\n", self.about());
        self.judged(&mut out);
        out.push('\n');
        self.once(&mut out);
        self.notes(&mut out);
        out.truncate(out.trim_end().len());
        out
    }

    /// What was measured, and on what.
    fn about(&self) -> String {
        let drawn = self.subjects.iter().any(|(subject, _)| subject.drawn.settings_drawn);
        let parameters = if drawn { "drawn, because one has no default" } else { "those by default" };
        let rows = match self.same_rows {
            true if self.subjects.len() > 1 => ", the same for both",
            true => "",
            false => ", for each its own because they read other inputs",
        };
        format!(
            "{} transactions drawn within what the manifest allows (seed {}{rows}); parameters: {parameters}.\n\
             ns of processor time and units of fuel for each transaction, inputs ready; best of {} rounds.\n\
             A host judges every batch in a fresh sandbox; its budget for a transaction is {} µs, {} fuel.",
            grouped(self.rows() as u64),
            self.seed,
            self.rounds,
            grouped(self.budget / FUEL_PER_US),
            grouped(self.budget)
        )
    }

    /// What a transaction costs, by sandbox and size of batch.
    fn judged(&self, out: &mut String) {
        let head = |unit: &str| match self.subjects.len() {
            1 => format!("{unit:>12}"),
            _ => format!("{:>12}{:>12}{:>7}", format!("{unit} A"), "B", "B/A"),
        };
        let _ = writeln!(out, "sandbox   batch{}{}", head("ns"), head("fuel"));
        for fresh in [true, false] {
            for (at, size) in BATCHES.into_iter().enumerate() {
                let costs = self
                    .subjects
                    .iter()
                    .map(|(_, measured)| if fresh { measured.fresh[at] } else { measured.used[at] });
                let costs: Vec<Cost> = costs.collect();
                let nanos: Vec<f64> = costs.iter().map(|cost| cost.nanos).collect();
                let fuel: Vec<f64> = costs.iter().map(|cost| cost.fuel).collect();
                let name = if fresh { "fresh" } else { "used" };
                let _ = writeln!(out, "{name:<8}{size:>7}{}{}", columns(&nanos, number), columns(&fuel, number));
            }
        }
    }

    /// What does not depend on the size of a batch.
    fn once(&self, out: &mut String) {
        let fuels: Vec<Fuel> = self.subjects.iter().map(|(subject, _)| self.fuel(subject)).collect();
        let worst = |fuel: &Fuel| fuel.worst().map_or(0, |(_, worst)| worst);
        let measured =
            |of: fn(&Measured) -> f64| self.subjects.iter().map(|(_, measured)| of(measured)).collect::<Vec<_>>();
        let mut line = |what: &str, values: &[f64], show: fn(f64) -> String| {
            let _ = writeln!(out, "{what:<27}{}", columns(values, show).trim_end());
        };
        line("alone, fuel in the middle", &fuels.iter().map(|fuel| fuel.median() as f64).collect::<Vec<_>>(), whole);
        line("alone, fuel at worst", &fuels.iter().map(|fuel| worst(fuel) as f64).collect::<Vec<_>>(), whole);
        let shares: Vec<f64> = fuels.iter().map(|fuel| fuel.share(worst(fuel)) * 100.0).collect();
        line("  of the budget, %", &shares, |share| format!("{share:.2}"));
        line("a new sandbox, ns", &measured(|measured| measured.instantiate), whole);
        line("memory at the start, KiB", &measured(|measured| (measured.memory[0] >> 10) as f64), whole);
        line("memory in the end, KiB", &measured(|measured| (measured.memory[1] >> 10) as f64), whole);
    }

    /// What else there is to know.
    fn notes(&self, out: &mut String) {
        for (at, (subject, measured)) in self.subjects.iter().enumerate() {
            let name = if self.subjects.len() == 1 { "it" } else { LETTERS[at] };
            let faults: Vec<_> = subject.drawn.left_out.iter().map(|(word, count)| format!("{count} {word}")).collect();
            if !faults.is_empty() {
                let _ = writeln!(out, "left out, because {name} ends them in a fault: {}", faults.join(", "));
            }
            let together = self.budget as f64 / 2.0 / measured.fresh.last().map_or(1.0, |cost| cost.fuel.max(1.0));
            if together < BATCHES[BATCHES.len() - 1] as f64 {
                let most = together.max(1.0);
                let _ = writeln!(
                    out,
                    "larger batches are cut, as a host does it: {name} gets about {most:.0} rows in a call"
                );
            }
        }
        let rows = grouped(self.rows() as u64);
        let _ = match self.answers_differ() {
            None => Ok(()),
            Some(0) => writeln!(out, "answers: the same to all {rows}"),
            Some(differ) => writeln!(out, "answers: not the same to {} of {rows}", grouped(differ as u64)),
        };
    }

    /// For programs.
    pub(super) fn json(&self) -> Json {
        let policies: Vec<Json> = self
            .subjects
            .iter()
            .map(|(subject, measured)| {
                let manifest = subject.policy.manifest();
                let fuel = self.fuel(subject);
                let judged = |sandbox: &str, costs: &[Cost]| -> Vec<Json> {
                    let each = BATCHES.iter().zip(costs);
                    each.map(|(batch, cost)| json!({ "sandbox": sandbox, "batch": batch, "ns": cost.nanos, "fuel": cost.fuel }))
                        .collect()
                };
                let judged = [judged("fresh", &measured.fresh), judged("used", &measured.used)].concat();
                json!({
                    "policy": manifest.name, "version": manifest.version, "digest": subject.policy.digest().to_string(),
                    "component": subject.file.display().to_string(), "bytes": subject.size,
                    "judged": judged,
                    "fuel_alone": { "median": fuel.median(), "worst": fuel.worst().map(|(_, worst)| worst) },
                    "instantiate_ns": measured.instantiate,
                    "memory": { "start": measured.memory[0], "end": measured.memory[1] },
                    "left_out": subject.drawn.left_out,
                })
            })
            .collect();
        json!({
            "seed": self.seed, "rounds": self.rounds, "budget": self.budget, "rows": self.rows(),
            "same_rows": self.same_rows, "answers_differ": self.answers_differ(), "policies": policies,
        })
    }

    fn rows(&self) -> usize {
        self.subjects.iter().map(|(subject, _)| subject.drawn.samples.len()).min().unwrap_or(0)
    }

    fn fuel(&self, subject: &Subject) -> Fuel {
        Fuel { budget: self.budget, each: subject.drawn.alone.clone() }
    }

    /// Of two that judged the same rows: how many of those they answer otherwise.
    fn answers_differ(&self) -> Option<usize> {
        let [(a, _), (b, _)] = self.subjects.as_slice() else { return None };
        let pairs = a.drawn.answers.iter().zip(&b.drawn.answers);
        self.same_rows.then(|| pairs.filter(|(a, b)| a != b).count())
    }
}

/// A value for each subject, and of two the ratio.
fn columns(values: &[f64], show: fn(f64) -> String) -> String {
    let mut out: String = values.iter().map(|value| format!("{:>12}", show(*value))).collect();
    if let [a, b] = values {
        let _ = write!(out, "{:>7.2}", b / a);
    }
    out
}

/// Whole where that says enough.
fn number(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { whole(value) }
}

fn whole(value: f64) -> String {
    grouped(value.round() as u64)
}
