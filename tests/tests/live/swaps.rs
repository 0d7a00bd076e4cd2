//! Many swaps under load: no decision is lost, doubled or mixed, and each is what its
//! generation makes of its recorded inputs.

use crate::desk;
use sandgate_control::{Location, New, Registry, Who};
use sandgate_model::Digest;
use sandgate_tests::{Desk, program, servers};
use serde_json::Value;
use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SWAPS: u64 = 200;

/// The limit that a generation has: another one each time.
fn medium(generation: u64) -> u64 {
    if generation == 1 { 5_000 } else { 100 + generation * 37 % 9_000 }
}

/// The registry of a desk's host.
pub(crate) fn registry(desk: &Desk) -> Registry {
    Registry::open(&Location::Sqlite(desk.path("control.db")), Duration::from_secs(10)).unwrap()
}

/// Activates the next generation, and waits until the host runs it.
fn activate(registry: &Registry, generation: u64) {
    let pointer = registry.tenant("payments").unwrap().unwrap();
    let before = registry.generation("payments", pointer.active).unwrap().unwrap().document;
    let document = before.replace(&format!("\"{}\"", medium(generation - 1)), &format!("\"{}\"", medium(generation)));
    let new = New {
        document: &document,
        set: Digest::of(document.as_bytes()),
        from_file: None,
        expected: Some(pointer.revision),
    };
    let who = Who { actor: "test".to_owned(), origin: String::new(), why: String::new() };
    registry.activate("payments", &new, &who, 0).unwrap();
    wait_for(registry, generation);
}

/// Waits until a host says that it runs a generation.
fn wait_for(registry: &Registry, generation: u64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let hosts = registry.hosts().unwrap();
        if hosts.iter().any(|host| host.runs.generation == Some(generation)) {
            return;
        }
        assert!(Instant::now() < deadline, "generation {generation} does not judge: {hosts:?}");
        std::thread::yield_now();
    }
}

#[test]
fn two_hundred_swaps_under_load_lose_double_and_mix_nothing() {
    let desk = desk();
    let mut host = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl", "--workers", "2"])
        .current_dir(desk.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = BufWriter::new(host.stdin.take().unwrap());
    let ends = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let feeder = scope.spawn(|| {
            let mut number = 0u64;
            while !ends.load(Ordering::Acquire) {
                for _ in 0..200 {
                    let amount = number * 7_919 % 10_000;
                    writeln!(input, "{{\"transaction_id\":\"t{number}\",\"account_id\":\"a{}\",\"timestamp\":{},\"amount\":\"{amount}.00\"}}", number % 50, 1_774_735_200 + number / 100).unwrap();
                    number += 1;
                }
                input.flush().unwrap();
                // some 40,000 a second, so that the output stays small
                servers::rest(Duration::from_millis(5));
            }
            drop(input);
            number
        });
        let registry = loop {
            // the host makes it
            if desk.path("control.db").is_file()
                && registry(&desk).tenant("payments").is_ok_and(|known| known.is_some())
            {
                break registry(&desk);
            }
            std::thread::yield_now();
        };
        // a change that comes before the host has begun is what it begins with
        wait_for(&registry, 1);
        (2..=SWAPS + 1).for_each(|generation| activate(&registry, generation));
        let begun = || serde_json::from_str::<Value>(&registry.hosts().unwrap()[0].runs.positions).unwrap()[0].clone();
        servers::eventually("where the last one began is told", Duration::from_secs(30), || {
            begun()["generation"] == SWAPS + 1
        });
        assert!(begun()["offset"].as_u64().unwrap() > 0 && begun()["source"] == "payments");
        ends.store(true, Ordering::Release);
        feeder.join().unwrap()
    });
    assert!(host.wait().unwrap().success());
    let documents = desk.json_lines("out.jsonl.generations");
    let mut last = 1;
    let mut count = 0;
    for decision in desk.json_lines("out.jsonl") {
        assert_eq!(decision["transaction"], format!("t{count}"));
        count += 1;
        let generation = decision["generation"].as_u64().unwrap();
        // forward only, because a lane takes the newest
        assert!((last..=SWAPS + 1).contains(&generation), "{generation} after {last}");
        last = generation;
        let amount: f64 = decision["policies"][0]["inputs"]["amount"].as_str().unwrap().parse().unwrap();
        let blocks = amount > medium(generation) as f64;
        assert_eq!(decision["outcome"], if blocks { "block" } else { "allow" }, "{decision}");
        let document = documents.iter().find(|document| document["generation"] == generation);
        assert_eq!(document.map(|document| &document["set"]), Some(&decision["set"]), "{generation}");
    }
    assert_eq!(count, sent);
    assert_eq!(last, SWAPS + 1);
    // each was there before its successor came
    assert_eq!(documents.len() as u64, SWAPS + 1);
}
