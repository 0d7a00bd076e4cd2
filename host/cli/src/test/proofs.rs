//! What the cases prove beside themselves: that the policy answers by its row
//! alone, and what it costs.

use super::words::{BAD, counted};
use sandgate_model::Manifest;
use sandgate_model::digits::grouped;
use sandgate_sandbox::{Calibration, Policy, Sandbox};
use sandgate_trial::faults::Faulted;
use sandgate_trial::fuel::micros;
use sandgate_trial::influence::Influence;
use sandgate_trial::purity::Difference;
use sandgate_trial::{Constants, Faults, Fuel, Influences, Purity, Sample, told};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) policy: &'a Policy,
    /// The fuel of one transaction.
    pub(super) budget: u64,
    /// What the policy was judged on in the cases.
    pub(super) samples: &'a [Sample],
    /// Of the rows that are drawn.
    pub(super) seed: u64,
}

/// The proofs of one policy.
pub(super) struct Proofs {
    purity: Purity,
    fuel: Fuel,
    influences: Influences,
    faults: Faults,
    /// The cases that the samples come from.
    of: Vec<String>,
    calibration: Option<Calibration>,
}

impl Proofs {
    /// Looks; `of` names the case of each sample.
    pub(super) fn of(look: Look<'_>, constants: &Constants, of: Vec<String>, sandbox: &Sandbox) -> Proofs {
        let Look { policy, budget, samples, seed } = look;
        Proofs {
            purity: Purity::of(policy, budget, samples, constants, seed),
            fuel: Fuel::of(policy, budget, samples),
            influences: Influences::of(policy, budget, samples, constants, seed),
            faults: Faults::of(policy, budget, samples, constants, seed),
            of,
            // only a report: without it the fuel still says all
            calibration: sandbox.calibrate().ok(),
        }
    }

    pub(super) fn failed(&self) -> bool {
        !self.purity.differences.is_empty()
    }

    /// What is wrong, in full.
    pub(super) fn failures(&self, manifest: &Manifest, out: &mut String) {
        let Some(first) = self.purity.differences.first() else { return };
        let _ = writeln!(
            out,
            "\n{BAD}the policy is not pure: the same row is answered in two ways{BAD:#}; a host makes a new sandbox for \
             every batch\nand puts rows together as they come, so the answer would depend on chance. Keep nothing \
             between calls\n(no `static` that changes), and look at no other row."
        );
        for one in &self.purity.differences {
            let _ = write!(out, "{}", self.difference(one, manifest));
        }
        let _ = writeln!(out, "    the row     {}", row(&first.sample, manifest));
        if let Some(after) = &first.after {
            let _ = writeln!(out, "    judged after {}", row(after, manifest));
        }
    }

    fn difference(&self, one: &Difference, manifest: &Manifest) -> String {
        let from =
            one.given.and_then(|at| self.of.get(at)).map_or("a drawn row".to_owned(), |name| format!("case {name}"));
        format!(
            "  - {} alone in a fresh sandbox: {}\n  + {}: {}\n",
            from,
            told(&one.alone, manifest),
            one.way,
            told(&one.then, manifest)
        )
    }

    /// The lines of the summary.
    pub(super) fn summary(&self, manifest: &Manifest, out: &mut String) {
        let Purity { samples, drawn, comparisons, differences } = &self.purity;
        let rows = match drawn {
            0 => counted(*samples, "row"),
            drawn => format!("{} ({drawn} drawn)", counted(*samples, "row")),
        };
        let _ = match differences.len() {
            0 => writeln!(
                out,
                "purity      pure: {comparisons} answers about {rows}, however they were judged, are equal"
            ),
            ways => writeln!(out, "purity      {BAD}not pure{BAD:#}: other answers in {}", counted(ways, "way")),
        };
        for found in &self.faults.found {
            let (word, rows) = (found.fault.word(), counted(found.rows, "row"));
            let _ =
                writeln!(out, "faults      {word}: {rows} of {} drawn ones end without an answer", self.faults.rows);
            let _ = writeln!(out, "            such as {}: {}", row(&found.sample, manifest), found.fault);
            if found.fault.word() == "trap" {
                out.push_str("            a test that calls the function with that row shows where\n");
            }
        }
        self.cost(out);
        for (what, names) in ["inputs", "parameters"].into_iter().zip(self.idle(manifest)) {
            for (influence, words) in
                [(Influence::Nothing, "never changed an answer"), (Influence::OnlyShown, "only shown in messages")]
            {
                let names: Vec<&str> = names.iter().filter(|(_, is)| *is == influence).map(|(name, _)| *name).collect();
                if !names.is_empty() {
                    let _ = writeln!(out, "{what:<11} {words}: {}", names.join(", "));
                }
            }
        }
    }

    /// The inputs, and the parameters, that changed no answer.
    fn idle<'a>(&self, manifest: &'a Manifest) -> [Vec<(&'a str, Influence)>; 2] {
        let idle = |(_, influence): &(&str, Influence)| *influence != Influence::Decides;
        let inputs = manifest.inputs.iter().map(|input| input.name.as_str());
        let parameters = manifest.parameters.iter().map(|parameter| parameter.name.as_str());
        [
            inputs.zip(self.influences.inputs.iter().copied()).filter(idle).collect(),
            parameters.zip(self.influences.parameters.iter().copied()).filter(idle).collect(),
        ]
    }

    fn cost(&self, out: &mut String) {
        let Some((worst, most)) = self.fuel.worst() else { return };
        let time = |fuel: u64| match &self.calibration {
            Some(calibration) => format!(", {:.2} µs of work here", micros(fuel, calibration)),
            None => String::new(),
        };
        let median = self.fuel.median();
        let _ = writeln!(
            out,
            "fuel        alone p50 {}{}; worst {}{} ({})\n            {} {:.2} % of the budget of {}",
            grouped(median),
            time(median),
            grouped(most),
            time(most),
            self.of.get(worst).map_or("?", String::as_str),
            bar(self.fuel.share(most)),
            self.fuel.share(most) * 100.0,
            grouped(self.fuel.budget),
        );
    }

    pub(super) fn json(&self, manifest: &Manifest) -> Json {
        let differences: Vec<Json> = self
            .purity
            .differences
            .iter()
            .map(|one| {
                json!({ "way": one.way.to_string(), "alone": told(&one.alone, manifest), "then": told(&one.then, manifest) })
            })
            .collect();
        let micros = |fuel: u64| self.calibration.as_ref().map(|calibration| micros(fuel, calibration));
        let worst = self.fuel.worst();
        let named = |names: &[(&str, Influence)], influence: Influence| -> Vec<String> {
            names.iter().filter(|(_, is)| *is == influence).map(|(name, _)| (*name).to_owned()).collect()
        };
        let fault = |found: &Faulted| {
            json!({
                "fault": found.fault.word(), "detail": found.fault.to_string(), "rows": found.rows, "of": self.faults.rows,
                "row": row(&found.sample, manifest),
            })
        };
        let faults: Vec<Json> = self.faults.found.iter().map(fault).collect();
        let [inputs, parameters] = self.idle(manifest).map(|names| {
            json!({ "never": named(&names, Influence::Nothing), "only_shown": named(&names, Influence::OnlyShown) })
        });
        json!({
            "inputs": inputs, "parameters": parameters, "faults": faults,
            "purity": {
                "pure": differences.is_empty(), "rows": self.purity.samples, "drawn": self.purity.drawn,
                "comparisons": self.purity.comparisons, "differences": differences,
            },
            "fuel": {
                "budget": self.fuel.budget, "median": self.fuel.median(), "worst": worst.map(|(_, fuel)| fuel),
                "worst_case": worst.and_then(|(at, _)| self.of.get(at)),
                "median_us": micros(self.fuel.median()), "worst_us": worst.and_then(|(_, fuel)| micros(fuel)),
            },
        })
    }
}

/// A row for people.
pub(super) fn row(sample: &Sample, manifest: &Manifest) -> String {
    let value = |value: &Option<_>| {
        value.as_ref().map_or("absent".to_owned(), |value: &sandgate_model::Value| value.to_string())
    };
    let inputs = manifest.inputs.iter().zip(&sample.inputs);
    inputs.map(|(input, one)| format!("{} {}", input.name, value(one))).collect::<Vec<_>>().join(", ")
}

/// A share as a bar of ten; a little is seen.
fn bar(share: f64) -> String {
    let filled = ((share * 10.0).ceil() as usize).clamp(1, 10);
    format!("[{}{}]", "#".repeat(filled), ".".repeat(10 - filled))
}
