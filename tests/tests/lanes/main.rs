//! What a lane promises, with the whole program: the same bytes however it is cut,
//! windows over observed sources, repeats, and a state that is never guessed over.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where by stopping there")]

mod cards;
mod cuts;
mod repeats;
mod state;

use sandgate_tests::stream::SOURCES;
use sandgate_tests::{Desk, policies};

/// A tenant whose only policy is one of the guests, with more keys for it.
fn tenant(guest: &str, more: &str) -> String {
    let component = policies().join(guest).with_extension("wasm");
    format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = {guest:?}\ncomponent = {component:?}\n{more}"
    )
}

/// A host whose policy reads a window of every form over two sources.
fn every_window(settings: &str) -> Desk {
    Desk::with_host(&format!("{SOURCES}\n{settings}"), &tenant("every_window", "fallback = \"allow\"\n"))
}

/// Judges what the configuration names.
const RUN: [&str; 5] = ["run", "--config", "sandgate.toml", "--to", "out.jsonl"];
