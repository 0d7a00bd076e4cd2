//! A comparison as text for people and as JSON for programs.

use super::tally::{Counted, Outcomes, Rates, Tally};
use sandgate_model::digits::grouped;
use serde_json::{Value, json};
use std::fmt::{Display, Write};

/// The text.
pub(super) fn text(tally: &Tally) -> String {
    let mut out = String::new();
    let fraud = tally.fraud();
    line(
        &mut out,
        format_args!(
            "{} decisions, {} of them of transactions that the labels call fraud{}{}",
            grouped(tally.decisions),
            grouped(fraud.all().count),
            more(tally.repeats, "repeats"),
            more(tally.undecided, "records without a decision"),
        ),
    );
    line(
        &mut out,
        format_args!("\n{:<12}{:>10}{:>10}{:>10}{:>10}{:>24}", "", "block", "review", "allow", "all", "amount"),
    );
    let mut frauds: Vec<_> = tally.frauds.iter().collect();
    frauds.sort_by_key(|(_, outcomes)| std::cmp::Reverse(outcomes.all().count));
    for (name, outcomes) in frauds {
        counts(&mut out, name, outcomes, tally.with_amount > 0);
    }
    counts(&mut out, "honest", &tally.honest, tally.with_amount > 0);
    line(
        &mut out,
        format_args!("\n{:<18}{:>10}{:>10}{:>18}{:>18}", "", "precision", "recall", "money of fraud", "honest stopped"),
    );
    let [block, stopped] = tally.rates();
    for (what, rates) in [("block", block), ("block or review", stopped)] {
        let Rates { precision, recall, money, honest } = rates;
        let [precision, recall, money] = [precision, recall, money].map(|share| percent(share, 1));
        line(&mut out, format_args!("{what:<18}{precision:>10}{recall:>10}{money:>18}{:>18}", percent(honest, 2)));
    }
    out
}

/// The JSON, in the same order; shares from 0 to 1, amounts as texts, what is
/// not known as null.
pub(super) fn json(tally: &Tally) -> Value {
    let amount = |money: &dyn Display| (tally.with_amount > 0).then(|| money.to_string());
    let counted = |counted: Counted| json!({ "count": counted.count, "amount": amount(&counted.money) });
    let outcomes = |outcomes: &Outcomes| {
        json!({
            "block": counted(outcomes.block), "review": counted(outcomes.review),
            "allow": counted(outcomes.allow), "all": counted(outcomes.all()),
        })
    };
    let rates = |rates: Rates| {
        json!({
            "precision": rates.precision, "recall": rates.recall,
            "money": rates.money, "honest_stopped": rates.honest,
        })
    };
    let [block, stopped] = tally.rates();
    let frauds = tally.frauds.iter().map(|(name, of)| (name.clone(), outcomes(of))).collect::<serde_json::Map<_, _>>();
    json!({
        "decisions": tally.decisions, "repeats": tally.repeats, "undecided": tally.undecided,
        "honest": outcomes(&tally.honest), "fraud": outcomes(&tally.fraud()), "labels": frauds,
        "block": rates(block), "block_or_review": rates(stopped),
    })
}

fn counts(out: &mut String, name: &str, outcomes: &Outcomes, with_amount: bool) {
    let [block, review, allow, all] =
        [outcomes.block, outcomes.review, outcomes.allow, outcomes.all()].map(|counted| grouped(counted.count));
    let money = with_amount.then(|| grouped_amount(&outcomes.all().money.to_string()));
    // a name is of whoever wrote the records: no control characters on a terminal
    let name: String = name.chars().map(|c| if c.is_control() { '�' } else { c }).collect();
    line(
        out,
        format_args!("{name:<12}{block:>10}{review:>10}{allow:>10}{all:>10}{:>24}", money.as_deref().unwrap_or("–")),
    );
}

fn line(out: &mut String, line: impl Display) {
    // a String takes everything
    let _ = writeln!(out, "{line}");
}

fn more(count: u64, what: &str) -> String {
    if count == 0 { String::new() } else { format!("; {} {what}", grouped(count)) }
}

fn percent(share: Option<f64>, digits: usize) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.digits$} %", share * 100.0))
}

/// An amount with commas before its point.
fn grouped_amount(amount: &str) -> String {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "00"));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    format!("{sign}{}.{fraction}", whole.parse().map_or_else(|_| whole.to_owned(), grouped))
}

#[cfg(test)]
mod tests {
    use super::{grouped_amount, json, text};
    use crate::effectiveness::record::Outcome;
    use crate::effectiveness::tally::Tally;

    fn tally(lines: &[(&str, Outcome)]) -> Tally {
        let keys = crate::effectiveness::record::Keys { label: "label", amount: "amount" };
        let mut tally = Tally::default();
        for (line, outcome) in lines {
            assert!(tally.add(*outcome, keys.read(line.as_bytes()).unwrap()));
        }
        tally
    }

    #[test]
    fn the_text_is_this() {
        let mut tally = tally(&[
            (r#"{"label":"slow","amount":1000}"#, Outcome::Allow),
            (r#"{"label":"burst","amount":2000.5}"#, Outcome::Block),
            (r#"{"label":"burst","amount":1000000}"#, Outcome::Review),
            (r#"{"label":null,"amount":1}"#, Outcome::Block),
            (r#"{"label":null,"amount":1}"#, Outcome::Allow),
        ]);
        tally.repeats = 1_234;
        let expected = "\
5 decisions, 3 of them of transactions that the labels call fraud; 1,234 repeats

                 block    review     allow       all                  amount
burst                1         1         0         2            1,002,000.50
slow                 0         0         1         1                1,000.00
honest               1         0         1         2                    2.00

                   precision    recall    money of fraud    honest stopped
block                 50.0 %    33.3 %             0.2 %           50.00 %
block or review       66.7 %    66.7 %            99.9 %           50.00 %
";
        assert_eq!(text(&tally), expected);
        let json = json(&tally);
        assert_eq!(json["labels"]["burst"]["review"]["amount"], "1000000.00");
        assert_eq!((&json["block"]["honest_stopped"], &json["fraud"]["all"]["count"]), (&0.5.into(), &3.into()));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let tally = tally(&[("{}", Outcome::Allow)]);
        assert!(text(&tally).contains(&format!("block{:>23}{:>10}{:>18}{:>18}", "–", "–", "–", "0.00 %")));
        let json = json(&tally);
        assert!(json["block"]["precision"].is_null() && json["honest"]["allow"]["amount"].is_null());
    }

    #[test]
    fn an_amount_has_commas_before_its_point() {
        assert_eq!(grouped_amount("-1234.50"), "-1,234.50");
    }
}
