//! A run that is killed at any moment, and killed again, ends in the bytes of a
//! run that nobody disturbed.
//!
//! A program without the test harness, so that it takes the number of kills:
//! `cargo test` makes 50, `make soak` makes 1,000. Each is SIGKILL when a seeded
//! share of the output has been written; several may hit one run.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test that says how far it is")]

use sandgate_tests::stream::{Chance, SOURCES, payments, prices};
use sandgate_tests::{Desk, kill_at, policies, text};

const RECORDS: u64 = 20_000;
const FILES: [&str; 3] = ["out.jsonl", "out.jsonl.dead-letters", "out.jsonl.generations"];
const RUN: [&str; 5] = ["run", "--config", "sandgate.toml", "--to", "out.jsonl"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let kills = arguments.iter().position(|argument| argument == "--kills");
    let kills: u64 = kills.map_or(50, |at| arguments[at + 1].parse().unwrap());
    // the name of another test was asked for, or a list
    let filtered =
        arguments.iter().skip(1).any(|argument| !argument.starts_with("--") && argument.parse::<u64>().is_err());
    if filtered || arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    let desk = desk();
    desk.succeed(RUN);
    let expected = FILES.map(|name| desk.read(name));
    let whole = expected[0].len() as u64;
    let mut chance = Chance(7);
    let (mut done, mut runs, mut struck, mut snapshots) = (0, 0, 0, 0);
    while done < kills {
        // a run begins in an empty folder, or in place of one that came to its end
        let forced = runs % 2 == 1;
        if !forced {
            begin_anew(&desk);
        }
        runs += 1;
        // up to five kills for one run, each further on or not at all
        for at in 0..1 + chance.below(5) {
            // now and then right at the start
            let until = if chance.below(4) == 0 { 0 } else { chance.below(whole + whole / 20) };
            struck += u64::from(kill(&desk, until, forced && at == 0, &mut chance));
            done += 1;
        }
        let output = desk.run(RUN);
        snapshots += u64::from(has_snapshot(&desk));
        assert!(output.status.success(), "after kill {done}: {}", text(&output.stderr));
        for (name, expected) in FILES.iter().zip(&expected) {
            assert!(desk.read(name) == *expected, "{name} differs after kill {done}");
        }
    }
    assert!(snapshots > runs / 2, "a snapshot must be made in most runs, and was in {snapshots} of {runs}");
    println!("{done} kills in {runs} runs, {struck} before the run's end: the output is the same, byte for byte");
    assert!(struck * 2 > done, "most kills must come before the end");
}

/// A host with windows of every form, and commits as often as the disk allows.
fn desk() -> Desk {
    let component = policies().join("every_window.wasm");
    let tenant = format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"every-window\"\ncomponent = {component:?}\nfallback = \"allow\"\n"
    );
    let desk = Desk::with_host(
        &format!("{SOURCES}\n[engine]\nbatch = 50\n[state]\ncommit = \"0ms\"\nsnapshot = \"64 KiB\"\n"),
        &tenant,
    );
    desk.write("payments.jsonl", &payments(31, RECORDS));
    desk.write("prices.jsonl", &prices(32, RECORDS / 4));
    desk
}

/// Whether the journal of the lane was made shorter.
fn has_snapshot(desk: &Desk) -> bool {
    let lane = std::fs::read_dir(desk.path("state/lanes")).unwrap().next().unwrap().unwrap().path();
    let mut files = std::fs::read_dir(lane).unwrap().map(|entry| entry.unwrap().file_name());
    files.any(|name| name.to_string_lossy().starts_with("snapshot-"))
}

fn begin_anew(desk: &Desk) {
    std::fs::remove_dir_all(desk.path("state")).unwrap();
    for name in FILES {
        std::fs::remove_file(desk.path(name)).unwrap();
    }
}

/// Starts the run and kills it when so much is written; says whether it was
/// still running.
fn kill(desk: &Desk, until: u64, forced: bool, chance: &mut Chance) -> bool {
    let workers = ["1", "2", "3"][chance.below(3) as usize];
    let more: &[&str] = if forced { &["--force"] } else { &[] };
    kill_at(desk.start(RUN.iter().chain(&["--workers", workers]).chain(more)), &desk.path("out.jsonl"), until)
}
