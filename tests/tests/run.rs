//! `sandgate run` as an operator meets it: the same bytes however it is run, and
//! a clear end where something is in the way.

use sandgate_tests::{Desk, PAYMENTS, account_risk, policies, program, text};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

const RECORD: &str = "{\"transaction_id\":\"t\",\"account_id\":\"a\",\"amount\":1.5,\"timestamp\":1767225600}\n";

fn host() -> Desk {
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    desk.write("in.jsonl", RECORD);
    desk
}

const RUN: [&str; 7] = ["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"];

#[test]
fn generated_payments_are_judged_alike_by_any_number_of_workers() {
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    desk.succeed([
        "generate",
        "--profile",
        "payments",
        "--count",
        "20000",
        "--seed",
        "3",
        "--to",
        "in.jsonl",
        "--tags",
        "tags.csv",
    ]);
    desk.succeed(["tags", "--config", "sandgate.toml", "load", "tags.csv"]);
    desk.succeed(RUN.iter().chain(&["--workers", "1"]));
    let alone = desk.read("out.jsonl");
    assert_eq!(alone.lines().count(), 20_000);
    assert!(alone.contains("\"outcome\":\"block\"") && alone.contains("\"outcome\":\"allow\""));
    for workers in ["2", "3", "8"] {
        desk.succeed(RUN.iter().chain(&["--force", "--workers", workers]));
        assert!(desk.read("out.jsonl") == alone, "{workers} workers");
    }
    // one decision for each record, in its order
    let ids = |name: &str, key: &str| -> Vec<String> {
        desk.json_lines(name).iter().map(|line| line[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("in.jsonl", "transaction_id"), ids("out.jsonl", "transaction"));
}

#[test]
fn standard_streams_are_read_and_written() {
    let desk = host();
    let mut child = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "-"])
        .current_dir(desk.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{RECORD}nonsense\n{RECORD}").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).lines().count(), 2);
    assert!(text(&output.stderr).contains("\"cause\":\"not-json\""));
}

#[test]
fn a_redirected_input_is_not_overwritten() {
    let desk = host();
    let output = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "in.jsonl", "--force"])
        .current_dir(desk.path("."))
        .stdin(std::fs::File::open(desk.path("in.jsonl")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert_eq!(desk.read("in.jsonl"), RECORD);
}

#[test]
fn the_summary_counts_records_and_sums_amounts() {
    let desk = host();
    let records: String = (0..2_000).map(|number| RECORD.replace("\"t\"", &format!("\"t-{number}\""))).collect();
    desk.write("in.jsonl", &format!("{records}nonsense\n"));
    let told = text(&desk.succeed(RUN).stderr);
    assert!(told.contains("records       2,001 in "), "{told}");
    assert!(told.contains("allow                2,000  100.0 %  amount 3,000.00\n"), "{told}");
}

#[test]
fn a_gzipped_input_is_read() {
    let desk = host();
    let gzip = Command::new("gzip").arg("-k").arg(desk.path("in.jsonl")).status().unwrap();
    assert!(gzip.success());
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl.gz", "--to", "gz.jsonl"]);
    desk.succeed(RUN);
    assert_eq!(desk.read("gz.jsonl"), desk.read("out.jsonl"));
}

#[test]
fn what_is_in_the_way_is_said_and_has_a_status() {
    let desk = host();
    desk.write("there.jsonl", "the decisions of last week\n");
    desk.write("half.jsonl.gz", "no gzip at all");
    std::fs::hard_link(desk.path("in.jsonl"), desk.path("link.jsonl")).unwrap();
    desk.write("outdir/x", "");
    std::os::unix::fs::symlink(policies().join("account_risk.wasm"), desk.path("linked.wasm")).unwrap();
    let force = |to| ["--from", "in.jsonl", "--force", "--to", to];
    let (tags, tags_before) = (desk.path("tags.db"), std::fs::read(desk.path("tags.db")).unwrap());
    let table: [(&[&str], i32, &str); 14] = [
        (&["--from", "none.jsonl", "--to", "o"], 3, "there is no input none.jsonl; check the path"),
        (&["--from", ".", "--to", "o"], 3, "is a directory"),
        (&["--from", "half.jsonl.gz", "--to", "o"], 3, "is not gzip"),
        (&["--from", "in.jsonl", "--to", "there.jsonl"], 4, "say --force to replace them"),
        (&["--from", "in.jsonl", "--to", "in.jsonl", "--force"], 4, "is the input"),
        (&force("link.jsonl"), 4, "link.jsonl is the input, which would be lost"),
        (&force("tags.db"), 4, "tags.db is the tag store, which would be lost"),
        (&force("sandgate.toml"), 4, "sandgate.toml is the host's configuration, which would be lost"),
        (&force("tenant.toml"), 4, "tenant.toml is a tenant's file, which would be lost"),
        (&force("linked.wasm"), 4, "linked.wasm is a component of a tenant, which would be lost"),
        (&force("outdir"), 4, "outdir is a directory; name a file in it"),
        (&force("out.jsonl.gz"), 4, "name it without .gz"),
        (&["--from", "in.jsonl", "--to", "no/such/x.jsonl"], 4, "no folder no/such; make the folder first"),
        (&["--from", "in.jsonl", "--to", "/dev/full"], 4, "no room is left"),
    ];
    for (arguments, status, what) in table {
        let output = desk.run(["run", "--config", "sandgate.toml"].iter().chain(arguments));
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        assert!(told.contains(what), "{arguments:?}: {told}");
    }
    assert_eq!(desk.read("there.jsonl"), "the decisions of last week\n");
    assert_eq!(desk.read("in.jsonl"), RECORD);
    assert!(std::fs::read(tags).unwrap() == tags_before);
    for wrong in [
        &["run"][..],
        &["run", "--config", "none.toml"],
        &["run", "--config", "sandgate.toml", "--to", "o"],
        &["run", "--config", "sandgate.toml", "--from", "in.jsonl"],
        &["run", "--config", "sandgate.toml", "--workers", "0"],
        &["jugde"],
    ] {
        assert_eq!(desk.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_reader_that_leaves_ends_the_run() {
    let desk = host();
    desk.write("in.jsonl", &RECORD.repeat(50_000));
    let mut child = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "-"])
        .current_dir(desk.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("has gone"), "{}", text(&output.stderr));
}

#[test]
fn a_missing_tag_store_stops_the_run_before_it_starts() {
    let desk = host();
    std::fs::remove_file(desk.path("tags.db")).unwrap();
    let output = desk.run(RUN);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there is no tag store at tags.db"), "{}", text(&output.stderr));
    assert!(!desk.path("out.jsonl").exists());
}
