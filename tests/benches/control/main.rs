//! What it costs that policy sets may change: how much later decisions come while a
//! tenant's set is swapped again and again, against the same load without swaps; and
//! what many tenants on one host take, in memory and in time.
//!
//! `cargo bench --bench control` measures; `cargo test` runs it small, so that it
//! cannot rot.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program that measures and prints")]

mod host;
mod swaps;
mod tenants;

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    swaps::measure(measured);
    println!();
    tenants::measure(measured);
}
