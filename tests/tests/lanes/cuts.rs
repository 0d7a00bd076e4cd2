//! Threads and batches leave no trace in the output.

use crate::{RUN, every_window};
use sandgate_tests::stream::{SOURCES, payments, prices};
use sandgate_tests::{Desk, kill_at};

const RECORDS: u64 = 8_000;

fn files(desk: &Desk) -> [String; 3] {
    ["out.jsonl", "out.jsonl.dead-letters", "out.jsonl.generations"].map(|name| desk.read(name))
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
    let mut struck = 0;
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
            // the same again, killed in the middle and taken up with another number of workers
            begin_anew(&desk);
            let half = alone[0].len() as u64 / 2;
            let run = desk.start(RUN.iter().chain(&["--workers", workers]));
            struck += u32::from(kill_at(run, &desk.path("out.jsonl"), half));
            let others = if workers == "1" { "3" } else { "1" };
            desk.succeed(RUN.iter().chain(&["--workers", others]));
            assert!(files(&desk) == alone, "{workers} workers, batches of {batch}, killed");
        }
    }
    assert!(struck >= 8, "most kills must come before the end, and only {struck} did");
}

fn begin_anew(desk: &Desk) {
    std::fs::remove_dir_all(desk.path("state")).unwrap();
    for name in ["out.jsonl", "out.jsonl.dead-letters", "out.jsonl.generations"] {
        std::fs::remove_file(desk.path(name)).unwrap();
    }
}
