//! Threads and batches leave no trace in the output.

use crate::{RUN, every_window};
use sandgate_tests::stream::{SOURCES, payments, prices};
use sandgate_tests::{Desk, program};
use std::process::{Child, Command, Stdio};

const RECORDS: u64 = 6_000;

fn files(desk: &Desk) -> [String; 3] {
    ["out.jsonl", "out.jsonl.dead-letters", "out.jsonl.generations"].map(|name| desk.read(name))
}

fn start(desk: &Desk, workers: &str) -> Child {
    Command::new(program())
        .args(RUN)
        .args(["--workers", workers])
        .current_dir(desk.path("."))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn the_output_is_the_same_whatever_the_threads_the_batches_and_the_kills() {
    let desk = every_window("");
    desk.write("payments.jsonl", &payments(11, RECORDS));
    desk.write("prices.jsonl", &prices(12, RECORDS / 4));
    let told = sandgate_tests::text(&desk.succeed(RUN.iter().chain(&["--workers", "1"])).stderr);
    let alone = files(&desk);
    // what the test is about does occur
    for word in ["repeats ", "observed ", "late ", "id-reused", "input "] {
        assert!(told.contains(word), "{word} is missing:\n{told}");
    }
    for word in
        ["\"what\":\"late\"", "\"fault\":\"id-reused\"", "\"repeat_of\":{", "\"price\":\"", "is a window over field"]
    {
        assert!(alone[0].contains(word), "{word} is missing");
    }
    assert!(alone[1].lines().count() > 10);
    let tenant = desk.read("tenant.toml");
    for batch in [1, 7, 64, 1_000] {
        for workers in ["1", "2", "3", "8"] {
            let desk =
                Desk::with_host(&format!("{SOURCES}\n[engine]\nbatch = {batch}\n[state]\ncommit = \"1ms\"\n"), &tenant);
            for (name, seed) in [("payments.jsonl", 11), ("prices.jsonl", 12)] {
                let text = if seed == 11 { payments(seed, RECORDS) } else { prices(seed, RECORDS / 4) };
                desk.write(name, &text);
            }
            desk.succeed(RUN.iter().chain(&["--workers", workers]));
            // the configuration of batches is no part of a generation
            assert!(files(&desk) == alone, "{workers} workers, batches of {batch}");
            // the same again, killed in the middle with one number of workers, resumed with another
            let mut child = start_anew(&desk, workers);
            let half = alone[0].len() as u64 / 2;
            wait_for(&desk, half, &mut child);
            child.kill().unwrap();
            child.wait().unwrap();
            desk.succeed(RUN);
            assert!(files(&desk) == alone, "{workers} workers, batches of {batch}, killed");
        }
    }
}

fn start_anew(desk: &Desk, workers: &str) -> Child {
    std::fs::remove_dir_all(desk.path("state")).unwrap();
    for name in ["out.jsonl", "out.jsonl.dead-letters", "out.jsonl.generations"] {
        std::fs::remove_file(desk.path(name)).unwrap();
    }
    start(desk, workers)
}

/// Waits until so much is written, or the run has ended.
fn wait_for(desk: &Desk, bytes: u64, child: &mut Child) {
    let written = || std::fs::metadata(desk.path("out.jsonl")).map_or(0, |metadata| metadata.len());
    while written() < bytes && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}
