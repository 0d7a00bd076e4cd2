//! Decisions as a table for people: of those that were stopped a few for each
//! cause, with the reason in words and the numbers behind it, and some that pass.

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, Write};

/// What the table shows of a decision.
#[derive(serde::Deserialize)]
struct Decision {
    account: String,
    outcome: String,
    time: String,
    because: Vec<Because>,
    reasons: Vec<Reason>,
    scores: Vec<Score>,
    policies: Vec<Policy>,
}

#[derive(serde::Deserialize)]
struct Because {
    what: String,
    policy: Option<String>,
    code: Option<String>,
    value: Option<Number>,
    limit: Option<Number>,
}

#[derive(serde::Deserialize)]
struct Reason {
    policy: String,
    code: String,
    message: String,
}

#[derive(serde::Deserialize)]
struct Score {
    policy: String,
    contributions: Contributions,
}

/// How much each input moved a score, in declared order.
struct Contributions(Vec<(String, f64)>);

#[derive(serde::Deserialize)]
struct Policy {
    name: String,
    inputs: Map<String, Value>,
}

/// Rows of those that were stopped, and of these for one cause.
const ROWS: usize = 14;
const OF_ONE_CAUSE: usize = 2;
/// Rows of those that pass.
const PASSING: usize = 4;
/// What every decision that passes holds, and no other: inside of a value its quotes are escaped.
const ALLOWED: &[u8] = br#""outcome":"allow""#;

/// Shows decisions worth showing, in their order.
pub(super) fn show(out: &mut impl Write, mut decisions: impl BufRead) -> anyhow::Result<()> {
    let dim = Style::new().dimmed();
    crate::say(
        out,
        format_args!("\n  {dim}{:<15} {:<12} {:>11}  {:<7} why{dim:#}", "time (UTC)", "account", "amount", "outcome"),
    )?;
    let (mut rows, mut passing, mut stopped) = (0, 0, 0u64);
    let mut shown: HashMap<String, usize> = HashMap::new();
    let mut line = Vec::new();
    while decisions.read_until(b'\n', &mut line).context("the decisions cannot be read")? > 0 {
        // nearly all are of no interest here: only the others are read whole
        let passes = line.windows(ALLOWED.len()).any(|word| word == ALLOWED);
        // of those that pass the ones are shown that came right behind one that was stopped
        if !passes || passing < PASSING && rows / 3 > passing {
            let decision: Decision = serde_json::from_slice(&line).context("a decision cannot be read")?;
            let of_cause = shown.entry(decision.cause()).or_default();
            stopped += u64::from(!passes);
            if passes {
                passing += 1;
                row(out, &decision)?;
            } else if rows < ROWS && *of_cause < OF_ONE_CAUSE {
                rows += 1;
                *of_cause += 1;
                row(out, &decision)?;
            }
        }
        line.clear();
    }
    let more = stopped.saturating_sub(rows as u64);
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
    let amount = amount.split_once('.').map_or(amount.to_owned(), |(whole, cents)| format!("{whole}.{cents:.2}"));
    crate::say(
        out,
        format_args!(
            "  {time:<15} {:<12} {amount:>11}  {style}{:<7}{style:#} {}",
            decision.account,
            decision.outcome,
            decision.why().join("; ")
        ),
    )?;
    let moved = decision.moved();
    if moved.is_empty() {
        return Ok(());
    }
    let dim = Style::new().dimmed();
    crate::say(out, format_args!("  {:<50}{dim}{}{dim:#}", "", moved.join(", ")))
}

impl Decision {
    /// What makes decisions alike.
    fn cause(&self) -> String {
        let one = |because: &Because| {
            let limit = because.limit.as_ref().map(ToString::to_string);
            [Some(because.what.clone()), because.policy.clone(), because.code.clone(), limit]
                .map(Option::unwrap_or_default)
                .join(" ")
        };
        self.because.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The causes of the outcome in words.
    fn why(&self) -> Vec<String> {
        let number = |number: &Option<Number>| {
            number.as_ref().and_then(Number::as_f64).map_or("–".to_owned(), |number| format!("{number:.2}"))
        };
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

    /// What moved the scores that are among the causes: inputs, and how much each did.
    fn moved(&self) -> Vec<String> {
        let decisive = |score: &&Score| {
            let by = |because: &Because| because.what == "threshold" && because.policy.as_ref() == Some(&score.policy);
            self.because.iter().any(by)
        };
        let mut told = Vec::new();
        for score in self.scores.iter().filter(decisive) {
            let policy = self.policies.iter().find(|policy| policy.name == score.policy);
            for (name, moved) in score.contributions.0.iter().filter(|(_, moved)| *moved != 0.0) {
                let value = policy.and_then(|policy| policy.inputs.get(name)).unwrap_or(&Value::Null);
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                told.push(format!("{name} {value}: {moved:+.2}"));
            }
        }
        told
    }
}

impl<'de> Deserialize<'de> for Contributions {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Contributions, D::Error> {
        input.deserialize_map(ContributionsVisitor)
    }
}

struct ContributionsVisitor;

impl<'de> Visitor<'de> for ContributionsVisitor {
    type Value = Contributions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Contributions, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = map.next_entry()? {
            all.push(one);
        }
        Ok(Contributions(all))
    }
}

#[cfg(test)]
mod tests {
    use super::show;

    fn shown(decisions: &[serde_json::Value]) -> Vec<String> {
        let lines: String = decisions.iter().map(|decision| format!("{decision}\n")).collect();
        let mut out = Vec::new();
        show(&mut out, lines.as_bytes()).unwrap();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        text.lines().skip(2).map(|line| line.trim().to_owned()).collect()
    }

    fn decision(outcome: &str, because: serde_json::Value) -> serde_json::Value {
        serde_json::json!({
            "account": "user_7", "outcome": outcome, "time": "2026-01-26T01:30:01.250Z", "because": because,
            "reasons": [{ "policy": "limits", "code": "BURST", "message": "4 in a minute, 3 allowed" }],
            "scores": [{ "policy": "model", "value": 0.71234, "contributions": { "recent": 6.63, "known": 0.0, "kind": -8.5 } }],
            "policies": [
                { "name": "limits", "inputs": { "amount": "12.3400" } },
                { "name": "model", "inputs": { "kind": "申购", "recent": 3, "known": 9 } },
            ],
        })
    }

    fn burst() -> serde_json::Value {
        decision(
            "block",
            serde_json::json!([{ "what": "reason", "policy": "limits", "code": "BURST", "value": null, "limit": null }]),
        )
    }

    #[test]
    fn a_score_is_told_with_what_moved_it() {
        let because = serde_json::json!([{ "what": "threshold", "policy": "model", "code": null, "value": 0.71234, "limit": 0.7 }]);
        let rows = shown(&[decision("block", because)]);
        assert_eq!(rows[0], "01-26 01:30:01  user_7             12.34  block   model scores 0.71, the limit is 0.70");
        assert_eq!(rows[1], "kind 申购: -8.50, recent 3: +6.63");
    }

    #[test]
    fn one_cause_does_not_fill_the_table() {
        let allowed = decision("allow", serde_json::json!([]));
        let mut decisions = vec![burst(); 40];
        decisions.push(allowed);
        let rows = shown(&decisions);
        assert!(rows[0].ends_with("block   4 in a minute, 3 allowed"), "{}", rows[0]);
        assert_eq!(rows[2..], ["… and 38 more that were not let through"]);
    }
}
