//! A fleet whose hosts are killed, stopped, frozen and joined by others, and whose
//! servers fail, at moments that a seed chooses, answers each record once, an
//! account's records in their order, and each as a run says that nobody disturbed.
//!
//! A program without the test harness, so that it takes the number of runs and a
//! seed: `cargo test` makes a dozen, which see everything, `make soak` makes 100,
//! and `--seed 5 --runs 1` makes the sixth of them again.
#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test that says how far it is")]

mod blow;
mod condition;
mod interleaved;
mod outage;
mod run;
mod servers;
mod struck;

use std::time::Instant;

/// In so many runs everything happens at least once.
const RUNS: u64 = 12;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.map_or(otherwise, |at| arguments[at + 1].parse().unwrap())
    };
    // the name of another test was asked for, or a list
    let filtered =
        arguments.iter().skip(1).any(|argument| !argument.starts_with("--") && argument.parse::<u64>().is_err());
    if filtered || arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    let (first, runs) = (number("--seed", 0), number("--runs", RUNS));
    let servers = servers::Servers::default();
    let mut struck = struck::Struck::default();
    for seed in first..first + runs {
        // said before: a run that does not come to its end is known too
        println!("seed {seed}");
        let begin = Instant::now();
        struck.add(&run::run(seed, &servers));
        println!("seed {seed}: {:?}", begin.elapsed());
    }
    println!("{runs} runs, {struck}: each record has one answer, that of an undisturbed run");
    let missing = struck.missing();
    assert!(runs < RUNS || missing.is_empty(), "in so many runs everything must happen: {missing:?}");
}
