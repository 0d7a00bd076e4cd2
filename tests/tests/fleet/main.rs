//! A fleet whose hosts are killed, stopped, frozen and joined by others, at
//! moments that a seed chooses, answers each record once, an account's records in
//! their order, and each as a run says that nobody disturbed.
//!
//! A program without the test harness, so that it takes the number of runs and a
//! seed: `cargo test` makes 12, `make soak` makes 100, and `--seed 5 --runs 1`
//! makes the sixth of them again.
#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test that says how far it is")]

mod run;

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
    let (first, runs) = (number("--seed", 0), number("--runs", 12));
    let mut struck = run::Struck::default();
    for seed in first..first + runs {
        // said before: a run that does not come to its end is known too
        println!("seed {seed}");
        struck.add(&run::run(seed));
    }
    println!("{runs} runs, {struck}: each record has one answer, that of an undisturbed run");
    assert!(runs < 12 || struck.is_everything(), "in so many runs everything must happen: {struck}");
}
