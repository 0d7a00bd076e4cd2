//! What hosts have counted of those on trial, added up and shown.

use super::Which;
use sandgate_control::{Compared, Moved, Pointer, Trial};
use sandgate_model::Outcome;
use sandgate_model::comparison::{Comparison, Example, Side};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Which trials are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Shadows,
    Canaries,
}

/// Shows them.
///
/// # Errors
/// Where the registry cannot be asked.
pub(super) fn show(which: &Which, tenant: Option<&str>, what: What) -> anyhow::Result<()> {
    let registry = which.registry()?;
    let (tenants, all) = (registry.tenants()?, registry.compared()?);
    let mut text = String::new();
    let mut values = Vec::new();
    for pointer in tenants.iter().filter(|pointer| tenant.is_none_or(|tenant| pointer.tenant == tenant)) {
        let canary = pointer.canary.iter().map(|canary| (&canary.trial, Some(canary.share)));
        let shadows = pointer.shadows.iter().map(|trial| (trial, None));
        for (trial, share) in canary.chain(shadows).filter(|(_, share)| share.is_some() == (what == What::Canaries)) {
            let comparison = sum(pointer, trial, &all);
            let hosts = pointer.compared(trial.generation, &all);
            let name = share
                .map_or_else(|| "shadow".to_owned(), |share| format!("canary for {} of the accounts,", percent(share)));
            // writing into a String does not fail
            let _ = writeln!(
                text,
                "{}: {name} generation {} beside generation {}, since revision {}",
                pointer.tenant, trial.generation, pointer.active, trial.since
            );
            match what {
                What::Shadows => shadow_text(&comparison, &mut text),
                What::Canaries => sides(&comparison, &mut text),
            }
            let _ = writeln!(text, "  guards: {}", trial.guards);
            comparison.examples.iter().for_each(|example| example_text(example, &mut text));
            values.push(json!({
                "tenant": pointer.tenant, "generation": trial.generation, "against": pointer.active, "since": trial.since,
                "share": share, "guards": trial.guards.to_string(), "compared": comparison.compared(),
                "agreed": comparison.agreed(), "sum": comparison,
                "hosts": hosts.iter().map(|(host, counted)| json!({ "host": host, "counted": counted })).collect::<Vec<_>>(),
            }));
        }
    }
    if values.is_empty() {
        text.push_str("nothing is on trial there\n");
    }
    which.say(text.trim_end(), &json!({ "trials": values }))
}

/// What all hosts have counted of a trial.
pub(super) fn sum(pointer: &Pointer, trial: &Trial, all: &[(String, Compared)]) -> Comparison {
    let mut sum = Comparison::default();
    pointer.compared(trial.generation, all).into_iter().for_each(|(_, more)| sum.add(more));
    sum
}

/// What a trial has shown so far, in a few words: of what [`value`] says.
pub(super) fn brief(trial: &Value) -> String {
    match trial["compared"].as_u64().unwrap_or_default() {
        0 => format!("{} decisions, of the active set {}", trial["decisions"], trial["active_decisions"]),
        compared => {
            format!("{compared} compared, {} agree", rate(trial["agreed"].as_u64().unwrap_or_default(), compared))
        }
    }
}

fn shadow_text(comparison: &Comparison, text: &mut String) {
    let (compared, agreed) = (comparison.compared(), comparison.agreed());
    let _ = writeln!(
        text,
        "  {compared} compared, {} dropped; they agree about {agreed} ({})",
        comparison.dropped,
        rate(agreed, compared)
    );
    for (from, row) in Outcome::ALL.iter().zip(&comparison.outcomes) {
        for (to, sum) in Outcome::ALL.iter().zip(row).filter(|(to, sum)| *to != from && sum.count > 0) {
            let _ = writeln!(text, "  {from} -> {to}: {}, {} in all", sum.count, sum.amount);
        }
    }
    for (reason, [more, less]) in &comparison.reasons {
        for (sum, whose) in [(more, "candidate"), (less, "active set")].into_iter().filter(|(sum, _)| sum.count > 0) {
            let _ = writeln!(text, "    {reason}, by the {whose} only: {}, {} in all", sum.count, sum.amount);
        }
    }
    let drift = &comparison.drift;
    if drift.count > 0 {
        let (mean, biggest) = (drift.mean(), drift.biggest);
        let _ = writeln!(text, "  scores: {} compared, {mean:+.4} on average, {biggest:+.4} at most", drift.count);
    }
    sides(comparison, text);
}

fn sides(comparison: &Comparison, text: &mut String) {
    for (name, side) in [("candidate", &comparison.candidate), ("active", &comparison.active)] {
        let _ = writeln!(text, "  {name:<9}  {}", side_text(side));
    }
}

fn side_text(side: &Side) -> String {
    let count = side.count();
    let outcomes =
        Outcome::ALL.iter().zip(&side.outcomes).map(|(outcome, of)| format!("{outcome} {}", rate(*of, count)));
    let p99 = |spread: &sandgate_model::comparison::Spread, unit: f64| {
        spread.quantile(0.99).map_or_else(|| "-".to_owned(), |value| format!("{:.1}", value as f64 / unit))
    };
    format!(
        "{count} decisions: {}; faults {}; p99 of a call for a transaction: fuel {}, {} µs",
        outcomes.collect::<Vec<_>>().join(", "),
        rate(side.faulted, count),
        p99(&side.fuel, 1.0),
        p99(&side.time, 1e3)
    )
}

fn example_text(example: &Example, text: &mut String) {
    let Example { transaction, account, amount, from, to, active, candidate, .. } = example;
    let amount = amount.map_or_else(String::new, |amount| format!(", {amount}"));
    let reasons = |all: &[String]| if all.is_empty() { "no reason".to_owned() } else { all.join(" ") };
    let _ = writeln!(
        text,
        "  {transaction} of {account}{amount}: {from} ({}) -> {to} ({})",
        reasons(active),
        reasons(candidate)
    );
}

fn rate(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2} %", part as f64 * 100.0 / whole as f64) }
}

/// Hundredths of a percent for people.
pub(super) fn percent(hundredths: u64) -> String {
    let digits = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// What became of a change: a word, and the revision.
pub(super) fn outcome(moved: Moved) -> (&'static str, String) {
    match moved {
        Moved::Active { revision, .. } => ("Changed", format!(" (revision {revision})")),
        Moved::Unchanged { .. } => ("Unchanged", String::new()),
    }
}

/// Says that a trial has ended.
///
/// # Errors
/// Where nobody reads it.
pub(super) fn say_stopped(which: &Which, tenant: &str, what: &str, moved: Moved) -> anyhow::Result<()> {
    let (_, revision) = outcome(moved);
    let number = match moved {
        Moved::Active { number, .. } | Moved::Unchanged { number } => number,
    };
    which.say(
        &format!("Stopped: the {what} of tenant {tenant}, which runs generation {number}{revision}"),
        &json!({ "outcome": "stopped", "what": what, "tenant": tenant, "generation": number }),
    )
}

/// What a tenant has on trial, for `status`.
pub(super) fn value(pointer: &Pointer, all: &[(String, Compared)]) -> (Value, Value) {
    let of = |trial: &Trial| {
        let comparison = sum(pointer, trial, all);
        json!({
            "generation": trial.generation, "since": trial.since, "guards": trial.guards.to_string(),
            "compared": comparison.compared(), "agreed": comparison.agreed(), "dropped": comparison.dropped,
            "decisions": comparison.candidate.count(), "active_decisions": comparison.active.count(),
        })
    };
    let canary = pointer.canary.as_ref().map(|canary| {
        let mut value = of(&canary.trial);
        value["share"] = canary.share.into();
        value
    });
    (json!(canary), pointer.shadows.iter().map(of).collect())
}
