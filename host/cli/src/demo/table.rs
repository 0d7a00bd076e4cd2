//! Decisions as a table for people: a few of those that pass, and those that do
//! not with the reason in words.

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use serde::Deserialize;
use std::io::{BufRead, Write};

/// What the table shows of a decision.
#[derive(Deserialize)]
struct Decision {
    account: String,
    outcome: String,
    time: String,
    because: Vec<Because>,
    reasons: Vec<Reason>,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Because {
    what: String,
    policy: Option<String>,
    code: Option<String>,
    value: Option<serde_json::Number>,
    limit: Option<serde_json::Number>,
}

#[derive(Deserialize)]
struct Reason {
    policy: String,
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Policy {
    inputs: serde_json::Map<String, serde_json::Value>,
}

/// Rows of the table, and how many of them pass: what is stopped is shown, with
/// a few others between.
const ROWS: usize = 14;
const PASSING: usize = 4;

/// Shows the first decisions worth showing.
pub(super) fn show(out: &mut impl Write, decisions: impl BufRead) -> anyhow::Result<()> {
    let dim = Style::new().dimmed();
    crate::say(
        out,
        format_args!("\n  {dim}{:<15} {:<12} {:>11}  {:<7} why{dim:#}", "time", "account", "amount", "outcome"),
    )?;
    let (mut rows, mut passing, mut more) = (0, 0, 0u64);
    for line in decisions.lines() {
        let line = line.context("the decisions cannot be read")?;
        let decision: Decision = serde_json::from_str(&line).context("a decision cannot be read")?;
        let passes = decision.outcome == "allow";
        if rows == ROWS || (passes && passing == PASSING) {
            more += u64::from(!passes);
            continue;
        }
        rows += 1;
        passing += usize::from(passes);
        row(out, &decision)?;
    }
    crate::say(out, format_args!("  {dim}… and {more} more that were not let through{dim:#}"))
}

fn row(out: &mut impl Write, decision: &Decision) -> anyhow::Result<()> {
    let color = match decision.outcome.as_str() {
        "block" => AnsiColor::Red,
        "review" => AnsiColor::Yellow,
        _ => AnsiColor::Green,
    };
    let style = Style::new().fg_color(Some(color.into()));
    // month, day and time of day
    let time = decision.time.get(5..19).unwrap_or(&decision.time).replace('T', " ");
    let amount = decision.policies.iter().find_map(|policy| policy.inputs.get("amount")?.as_str()).unwrap_or("–");
    // two digits are enough for a glance; the decision itself has them all
    let amount = amount.split_once('.').map_or(amount.to_owned(), |(whole, cents)| format!("{whole}.{:.2}", cents));
    crate::say(
        out,
        format_args!(
            "  {time:<15} {:<12} {amount:>11}  {style}{:<7}{style:#} {}",
            decision.account,
            decision.outcome,
            decision.why().join("; ")
        ),
    )
}

impl Decision {
    /// The causes of the outcome in words.
    fn why(&self) -> Vec<String> {
        let number = |number: &Option<serde_json::Number>| number.as_ref().map_or("–".to_owned(), ToString::to_string);
        let told = self.because.iter().map(|because| {
            let policy = because.policy.as_deref().unwrap_or("all policies together");
            let message = self.reasons.iter().find(|reason| {
                Some(&reason.policy) == because.policy.as_ref() && Some(&reason.code) == because.code.as_ref()
            });
            match (because.what.as_str(), message) {
                (_, Some(reason)) => reason.message.clone(),
                ("threshold", _) => {
                    format!("{policy} scores {}, the limit is {}", number(&because.value), number(&because.limit))
                }
                ("band", _) => {
                    format!("weights add up to {}, the limit is {}", number(&because.value), number(&because.limit))
                }
                (what, _) => format!("{what} of {policy}"),
            }
        });
        told.collect()
    }
}
