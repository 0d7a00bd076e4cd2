//! The road end to end: a file of payments through three policies — over fields and
//! tags, over windows by two keys and three spans each, and a score — into a file of
//! decisions, with the state durable, on one core and on all.
//!
//! The ratio is against the least that any program must do: read the same bytes
//! and write as many as the decisions have, on the same file system, in the same
//! run. The price of durability is measured against a run of the same records that
//! cannot be taken up again, because they come through standard input; the time in
//! the host at half of the load, by handing them over at that pace.
//! `cargo bench --bench road` measures a million records; `cargo test` runs a few
//! thousand, so that it cannot rot.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program that measures and prints")]

use sandgate_tests::{Desk, PAYMENTS, policies, program, text};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds of each measurement; the best counts, because other work on the
/// machine only ever makes one slower.
const ROUNDS: usize = 3;

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (records, rounds) = if measured { (1_000_000, ROUNDS) } else { (5_000, 1) };
    let desk = desk(records);
    println!("{records} payments, three policies, fresh sandboxes, {} file system", kind(desk.path(".").as_path()));
    let input = std::fs::metadata(desk.path("in.jsonl")).map_or(0, |metadata| metadata.len());

    let one = best(rounds, || judge(&desk, Run { core: Some("0"), ..Run::default() }));
    let decided = count_lines(&desk.path("out.jsonl"));
    assert_eq!(decided, records, "every record has its decision");
    let output = std::fs::metadata(desk.path("out.jsonl")).map_or(0, |metadata| metadata.len());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = best(rounds, || judge(&desk, Run { workers: cores, ..Run::default() }));
    assert_eq!(count_lines(&desk.path("out.jsonl")), records);
    let bare = best(rounds, || copy(&desk, output));
    let synced = best(rounds, || sync(&desk));

    println!("{:<34} {:>9} {:>14} {:>9}", "", "seconds", "transactions/s", "ratio");
    let row = |what: &str, time: Duration| {
        let rate = records as f64 / time.as_secs_f64();
        println!(
            "{what:<34} {:>9.2} {rate:>14.0} {:>9.2}",
            time.as_secs_f64(),
            time.as_secs_f64() / bare.as_secs_f64()
        );
    };
    row("read and write the bytes", bare);
    row("sandgate run, one core", one);
    row(&format!("sandgate run, {cores} cores"), all);
    let lossy = best(rounds, || judge(&desk, Run { core: Some("0"), piped: true, ..Run::default() }));
    assert_eq!(count_lines(&desk.path("out.jsonl")), records);
    row("one core, without durable state", lossy);
    for commit in ["5ms", "50ms", "1s"] {
        let run = Run { core: Some("0"), commit: Some(commit), ..Run::default() };
        row(&format!("one core, commits every {commit}"), best(rounds, || judge(&desk, run)));
    }
    println!("{:.0} MB in, {:.0} MB out; times include start-up and loading", input as f64 / 1e6, output as f64 / 1e6);
    println!("a write of 64 KiB and its sync take {:.2} ms on this file system", synced.as_secs_f64() * 1e3);
    let rate = records as f64 / one.as_secs_f64() / 2.0;
    println!("at half of one core's load, {rate:.0} transactions/s: {}", paced(&desk, rate));
}

/// How the program is run.
#[derive(Clone, Copy, Default)]
struct Run {
    /// Held to this core.
    core: Option<&'static str>,
    /// With so many workers; 0 is one.
    workers: usize,
    /// Records through standard input: such a run has no durable state.
    piped: bool,
    commit: Option<&'static str>,
}

/// A host with three policies, and its input.
fn desk(records: u64) -> Desk {
    let folder = policies();
    let [account_risk, windows, matrix] =
        ["account_risk", "six_windows", "risk_matrix"].map(|name| folder.join(name).with_extension("wasm"));
    let tenant = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\nstop_at = \"block\"\n\
         [[stage.policy]]\nname = \"account-risk\"\ncomponent = {account_risk:?}\n\
         [[stage]]\nname = \"model\"\n\
         [[stage.policy]]\nname = \"windows\"\ncomponent = {windows:?}\n\
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

/// One run of the program.
fn judge(desk: &Desk, run: Run) -> Duration {
    let mut command = match run.core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", core]).arg(program());
            command
        }
        None => Command::new(program()),
    };
    let config = desk.read("sandgate.toml");
    let commit = run.commit.map_or(String::new(), |every| format!("\n[state]\ncommit = \"{every}\"\n"));
    desk.write("run.toml", &(config + &commit));
    let from = if run.piped { "-" } else { "in.jsonl" };
    let workers = run.workers.max(1).to_string();
    command.args([
        "run",
        "--config",
        "run.toml",
        "--from",
        from,
        "--to",
        "out.jsonl",
        "--force",
        "--workers",
        &workers,
    ]);
    let input = File::open(desk.path("in.jsonl")).expect("the input is there");
    let input = if run.piped { Stdio::from(input) } else { Stdio::null() };
    let start = Instant::now();
    let status = command.current_dir(desk.path(".")).stdin(input).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "the run must succeed");
    start.elapsed()
}

/// Hands records over at a pace, half a millisecond's worth at a time, and gives the
/// program's own line about the time in the host.
fn paced(desk: &Desk, rate: f64) -> String {
    let mut child = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl", "--force", "--workers", "1"])
        .current_dir(desk.path("."))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::with_capacity(1 << 20, File::open(desk.path("in.jsonl")).expect("the input is there"));
    let mut input = child.stdin.take().expect("its standard input is a pipe");
    let start = Instant::now();
    let (mut sent, mut due) = (0.0, Vec::new());
    'all: loop {
        let until = start.elapsed().as_secs_f64() * rate;
        while sent < until {
            if lines.read_until(b'\n', &mut due).expect("the input can be read") == 0 {
                break 'all;
            }
            sent += 1.0;
        }
        input.write_all(&due).expect("the program reads");
        due.clear();
        // this program must not take the core that the other one needs
        std::thread::park_timeout(Duration::from_micros(500));
    }
    input.write_all(&due).expect("the program reads");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    told.lines().find(|line| line.starts_with("time in host")).unwrap_or_default().to_owned()
}

/// A write of 64 KiB that is brought to disk.
fn sync(desk: &Desk) -> Duration {
    let mut to = File::create(desk.path("bare")).expect("a file can be made");
    let start = Instant::now();
    to.write_all(&[b'x'; 64 << 10]).expect("the file can be written");
    to.sync_data().expect("the file can be synced");
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
    output.map_or("unknown".to_owned(), |output| text(&output.stdout).trim().to_owned())
}
