//! Every row of a published sample of card transactions, whose window features
//! are published with it, through the real pipeline.

use crate::{RUN, tenant};
use sandgate_tests::{Desk, root, text};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::Command;

/// Where the sample lies beside the project, on machines that have it.
const SAMPLE: &str = "../shared/data/card-transactions-200-customers.csv.gz";

const SOURCE: &str = r#"
[[source]]
name = "cards"
path = "cards.jsonl"
id = "id"
account = "customer"
time = "time"
amount = "amount"
tenant = { name = "payments" }
[source.fields]
id = { kind = "text" }
customer = { kind = "text" }
time = { kind = "instant", unit = "s" }
amount = { kind = "decimal", scale = 2 }
"#;

#[test]
fn the_six_windows_of_every_card_transaction_are_exact() {
    let sample = root().join(SAMPLE);
    if !sample.exists() {
        let skipped = "skipped: the sample of card transactions is not beside the project";
        // the test's own output is only shown on failure, and this must be seen
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{skipped}\n").as_bytes());
        return;
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(&sample).output().unwrap();
    let csv = text(&unpacked.stdout);
    let mut rows = csv.lines();
    let header: HashMap<&str, usize> =
        rows.next().unwrap().split(',').enumerate().map(|(at, name)| (name, at)).collect();
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 73_403);
    let column = |row: &Vec<&str>, name: &str| row[header[name]].parse::<f64>().unwrap();

    let mut records = String::new();
    for row in &rows {
        let cents: u64 = row[header["amount_cents"]].parse().unwrap();
        writeln!(
            records,
            "{{\"id\":\"{}\",\"customer\":\"{}\",\"time\":{},\"amount\":{}.{:02}}}",
            row[header["transaction_id"]],
            row[header["customer_id"]],
            row[header["epoch_s"]],
            cents / 100,
            cents % 100
        )
        .unwrap();
    }
    let desk = Desk::with_host(SOURCE, &tenant("card_windows", ""));
    desk.write("cards.jsonl", &records);
    desk.succeed(RUN);

    let decisions = desk.read("out.jsonl");
    assert_eq!(decisions.lines().count(), rows.len());
    let mut wrong = 0;
    // the payments of a customer so far, newest last
    let mut known: HashMap<&str, Vec<(u64, u64)>> = HashMap::new();
    for (row, decision) in rows.iter().zip(decisions.lines()) {
        // from the text: not every reader of JSON reads a float to its last bit
        let input = |name: &str| -> f64 {
            let value = decision.split_once(&format!("\"{name}\":")).unwrap().1;
            value[..value.find([',', '}']).unwrap()].parse().unwrap()
        };
        let (time, cents): (u64, u64) =
            (row[header["epoch_s"]].parse().unwrap(), row[header["amount_cents"]].parse().unwrap());
        let payments = known.entry(row[header["customer_id"]]).or_default();
        payments.push((time, cents));
        for (span, days) in [("1d", 1), ("7d", 7), ("30d", 30)] {
            wrong += u64::from(input(&format!("count_{span}")) != column(row, &format!("cust_count_{span}")));
            let mean = input(&format!("mean_{span}"));
            // the published one is a running float, which is right to some digits only
            let near = column(row, &format!("cust_avg_amount_{span}"));
            // these numbers are small, so the quotient is rounded once
            let covered = payments.iter().rev().take_while(|(at, _)| at + days * 86_400 > time);
            let (sum, count) = covered.fold((0, 0), |(sum, count), (_, cents)| (sum + cents, count + 1));
            let exact = sum as f64 / (100 * count) as f64;
            wrong += u64::from(mean != exact || (mean - near).abs() > 1e-9 * near.abs().max(1.0));
        }
    }
    assert_eq!(wrong, 0, "of {} values", 6 * rows.len());
}
