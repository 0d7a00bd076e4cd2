//! Trains the coefficients of the policy: `train DECISIONS RECORDS`.
//!
//! What the model sees is taken from the decisions of a host, so it is trained on
//! the very numbers that it will be given; only the labels come from the records.
//! The likelihood of a logistic regression has one maximum, which Newton's method
//! finds in a few steps from anywhere near: no rate, no chance, no libraries.
#![expect(clippy::print_stdout, reason = "a program that prints what it found")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

/// The constant 1, subscriptions of the last minute and of the last 30 days,
/// and whether the device is new.
type Features = [u64; 4];

/// Subscriptions with the same features: honest ones and those of scripts.
type Groups = BTreeMap<Features, [u64; 2]>;

const NAMES: [&str; 4] = ["intercept", "per_last_minute", "per_last_30_days", "new_device"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(decisions), Some(records), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("say train DECISIONS RECORDS: what a host decided, and the labelled records that it judged".into());
    };
    let groups = read(&decisions, &records)?;
    for (name, coefficient) in NAMES.into_iter().zip(maximum(&groups)?) {
        // two digits are as much as the labels know
        println!("{name} = {}", (coefficient * 100.0).round() / 100.0);
    }
    Ok(())
}

/// Reads both files line by line: a run of the records alone, without dead letters.
fn read(decisions: &str, records: &str) -> Result<Groups, Box<dyn Error>> {
    let lines = |path: &str| {
        File::open(path).map(|file| BufReader::new(file).lines()).map_err(|error| format!("{path}: {error}"))
    };
    let mut groups = Groups::new();
    let (mut records, mut offset) = (lines(records)?, 0);
    for decision in lines(decisions)? {
        let record = records.next().ok_or("there are more decisions than records")??;
        let decision: Value = serde_json::from_str(&decision?)?;
        if decision["position"]["offset"] != offset {
            return Err(format!("the decision about the record at byte {offset} is missing").into());
        }
        offset += record.len() as u64 + 1;
        let record: Value = serde_json::from_str(&record)?;
        let policies = decision["policies"].as_array().into_iter().flatten();
        let policy = policies.into_iter().find(|policy| policy["name"] == "script-detector");
        let inputs = &policy.ok_or("script-detector has not judged")?["inputs"];
        // the policy gives no score to other trades
        if !matches!(inputs["trade_type"].as_str(), Some("subscribe" | "申购" | "认购")) {
            continue;
        }
        let count = |name: &str| inputs[name].as_u64().ok_or(format!("{name} is missing before byte {offset}"));
        let new = u64::from(count("on_device")? == 0);
        let group = groups.entry([1, count("last_minute")?, count("last_30_days")?, new]).or_default();
        group[usize::from(!record["label"].is_null())] += 1;
    }
    Ok(groups)
}

/// The coefficients of the greatest likelihood.
fn maximum(groups: &Groups) -> Result<[f64; 4], Box<dyn Error>> {
    // keeps the steps finite where honest and scripts can be told apart without a mistake
    const RIDGE: f64 = 1e-3;
    let mut at = [0.0; 4];
    for _ in 0..100 {
        let mut slope = at.map(|coefficient| -RIDGE * coefficient);
        let mut curve = [[0.0; 4]; 4];
        (0..4).for_each(|i| curve[i][i] = RIDGE);
        for (features, [honest, scripted]) in groups {
            let features = features.map(|feature| feature as f64);
            let logit: f64 = features.iter().zip(at).map(|(feature, coefficient)| feature * coefficient).sum();
            let probability = 1.0 / (1.0 + (-logit).exp());
            let (honest, scripted) = (*honest as f64, *scripted as f64);
            let weight = (honest + scripted) * probability * (1.0 - probability);
            for i in 0..4 {
                slope[i] += features[i] * (scripted * (1.0 - probability) - honest * probability);
                for j in 0..4 {
                    curve[i][j] += features[i] * features[j] * weight;
                }
            }
        }
        let step = solve(curve, slope);
        (0..4).for_each(|i| at[i] += step[i]);
        if step.iter().all(|step| step.abs() < 1e-9) {
            return Ok(at);
        }
    }
    Err("no maximum was found: are there labelled scripts among the records?".into())
}

/// Solves a system of equations by elimination, the largest pivot first.
fn solve(mut matrix: [[f64; 4]; 4], mut right: [f64; 4]) -> [f64; 4] {
    for column in 0..4 {
        let pivot = (column..4).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()));
        let pivot = pivot.unwrap_or(column);
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in (0..4).filter(|row| *row != column) {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column];
            matrix[row].iter_mut().zip(above).for_each(|(entry, above)| *entry -= factor * above);
            right[row] -= factor * right[column];
        }
    }
    std::array::from_fn(|i| right[i] / matrix[i][i])
}
