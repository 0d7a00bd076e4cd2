//! The road end to end: a file of payments through three policies over fields
//! and tags into a file of decisions, on one core and on all.
//!
//! The ratio is against the least that any program must do: read the same bytes
//! and write as many as the decisions have, on the same file system, in the same
//! run. `cargo bench --bench road` measures a million records; `cargo test` runs
//! a few thousand, so that it cannot rot.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program that measures and prints")]

use sandgate_tests::{Desk, PAYMENTS, policies, program};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds of each measurement; the best counts, because other work on the
/// machine only ever makes one slower.
const ROUNDS: usize = 5;

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (records, rounds) = if measured { (1_000_000, ROUNDS) } else { (5_000, 1) };
    let desk = desk(records);
    println!("{records} payments, three policies, fresh sandboxes, {} file system", kind(desk.path(".").as_path()));
    let input = std::fs::metadata(desk.path("in.jsonl")).map_or(0, |metadata| metadata.len());

    let one = best(rounds, || judge(&desk, Some("0"), "1"));
    let decided = count_lines(&desk.path("out.jsonl"));
    assert_eq!(decided, records, "every record has its decision");
    let output = std::fs::metadata(desk.path("out.jsonl")).map_or(0, |metadata| metadata.len());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = best(rounds, || judge(&desk, None, &cores.to_string()));
    assert_eq!(count_lines(&desk.path("out.jsonl")), records);
    let bare = best(rounds, || copy(&desk, output));

    println!("{:<28} {:>9} {:>14} {:>9}", "", "seconds", "transactions/s", "ratio");
    let row = |what: &str, time: Duration| {
        let rate = records as f64 / time.as_secs_f64();
        println!(
            "{what:<28} {:>9.2} {rate:>14.0} {:>9.2}",
            time.as_secs_f64(),
            time.as_secs_f64() / bare.as_secs_f64()
        );
    };
    row("read and write the bytes", bare);
    row("sandgate run, one core", one);
    row(&format!("sandgate run, {cores} cores"), all);
    println!("{:.0} MB in, {:.0} MB out; times include start-up and loading", input as f64 / 1e6, output as f64 / 1e6);
}

/// A host with three policies, and its input.
fn desk(records: u64) -> Desk {
    let folder = policies();
    let (account_risk, matrix) = (folder.join("account_risk.wasm"), folder.join("risk_matrix.wasm"));
    let tenant = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\nstop_at = \"block\"\n\
         [[stage.policy]]\nname = \"account-risk\"\ncomponent = {account_risk:?}\n\
         [[stage]]\nname = \"model\"\n\
         [[stage.policy]]\nname = \"strict\"\ncomponent = {account_risk:?}\nparameters = {{ medium = \"2000\" }}\n\
         reasons.MEDIUM_AMOUNT = {{ effect = \"review\" }}\n\
         [[stage.policy]]\nname = \"risk-matrix\"\ncomponent = {matrix:?}\nthresholds = {{ review = 40, block = 70 }}\n"
    );
    let desk = Desk::with_host(PAYMENTS, &tenant);
    let count = records.to_string();
    let words = [
        "generate",
        "--profile",
        "payments",
        "--seed",
        "3",
        "--to",
        "in.jsonl",
        "--tags",
        "tags.csv",
        "--count",
        &count,
    ];
    desk.succeed(words);
    desk.succeed(["tags", "--config", "sandgate.toml", "load", "tags.csv"]);
    desk
}

/// One run of the program, held to one core where one is named.
fn judge(desk: &Desk, core: Option<&str>, workers: &str) -> Duration {
    let mut command = match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", core]).arg(program());
            command
        }
        None => Command::new(program()),
    };
    let run = [
        "run",
        "--config",
        "sandgate.toml",
        "--from",
        "in.jsonl",
        "--to",
        "out.jsonl",
        "--force",
        "--workers",
        workers,
    ];
    let start = Instant::now();
    let status = command.args(run).current_dir(desk.path(".")).stdin(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "the run must succeed");
    start.elapsed()
}

/// Reads the input and writes as many bytes as the decisions have.
fn copy(desk: &Desk, mut output: u64) -> Duration {
    let start = Instant::now();
    let mut buffer = vec![b'x'; 1 << 20];
    let mut input = File::open(desk.path("in.jsonl")).expect("the input is there");
    while input.read(&mut buffer).expect("the input can be read") > 0 {}
    let mut to = File::create(desk.path("bare")).expect("a file can be made");
    while output > 0 {
        let part = output.min(buffer.len() as u64);
        to.write_all(&buffer[..part as usize]).expect("the file can be written");
        output -= part;
    }
    to.sync_all().expect("the file can be synced");
    start.elapsed()
}

fn best(rounds: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    (0..rounds).map(|_| measure()).min().unwrap_or_default()
}

fn count_lines(path: &Path) -> u64 {
    let mut buffer = vec![0; 1 << 20];
    let mut file = File::open(path).expect("the decisions are there");
    let mut lines = 0;
    loop {
        let read = file.read(&mut buffer).expect("the decisions can be read");
        if read == 0 {
            return lines;
        }
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

/// The kind of file system, as `stat` names it.
fn kind(path: &Path) -> String {
    let output = Command::new("stat").args(["-f", "-c", "%T"]).arg(path).output();
    output.map_or("unknown".to_owned(), |output| sandgate_tests::text(&output.stdout).trim().to_owned())
}
