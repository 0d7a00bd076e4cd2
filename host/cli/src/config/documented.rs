//! What docs/configuration.md says of Kafka is what a host does that is told nothing.

use super::host;
use sandgate_files::{File, Report};
use std::cell::RefCell;
use std::path::Path;

const DOCUMENT: &str = include_str!("../../../../docs/configuration.md");

fn told(text: &str) -> String {
    let report: RefCell<Report> = RefCell::default();
    let file = File::of(Path::new("sandgate.toml"), text, &report).expect("TOML");
    let mut kafka = host::read(&file, 1, &report).kafka.unwrap_or_else(|| panic!("{:?}", report.borrow().problems));
    assert!(report.borrow().problems.is_empty(), "{:?}", report.borrow().problems);
    // drawn at every start
    kafka.config.process.clear();
    format!("{kafka:?}")
}

#[test]
fn the_documented_values_are_the_defaults() {
    let (_, block) = DOCUMENT.split_once("```toml host\n").expect("a block");
    let (block, _) = block.split_once("```").expect("its end");
    let (head, kafka) = block.split_once("\n[kafka]").expect("a table for Kafka");
    let (source, _) = head.split_once("\n[sink]").expect("a table for the sink");
    let named = |line: &str, keys: &[&str]| keys.iter().any(|key| line.starts_with(&format!("{key} =")));
    let source: Vec<&str> = source.lines().filter(|line| !named(line, &["key", "wrong_key"])).collect();
    assert_eq!(told(block), told(&(source.join("\n") + "\n[kafka]\n")));
    // and each of them is read at all
    for (key, other) in [
        ("brokers", "\"other:1\""),
        ("group", "\"other\""),
        ("instance", "\"a\""),
        ("delivery", "\"at-least-once\""),
        ("commit", "{ time = \"6ms\" }"),
        ("waiting", "{ records = 7 }"),
        ("shutdown", "\"11s\""),
        ("watchdog", "\"31s\""),
        ("headers", "[]"),
        ("settings", "{ \"compression.type\" = \"lz4\" }"),
    ] {
        let line = kafka.lines().find(|line| named(line, &[key])).unwrap_or_else(|| panic!("{key} is documented"));
        let changed = block.replace(line, &format!("{key} = {other}"));
        assert_ne!(told(block), told(&changed), "{key}");
    }
}
