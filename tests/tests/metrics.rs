//! What a running host answers about itself: `docs/metrics.md` names every number
//! of it and no other, and neither numbers nor log hold anything of a record.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::servers::topic::Record;
use sandgate_tests::servers::{PATIENCE, eventually};
use sandgate_tests::site::Site;
use sandgate_tests::{Desk, PAYMENTS, account_risk, root};
use std::collections::{BTreeMap, BTreeSet};

/// A metric: its kind and, where they are known, its labels.
type Metrics = BTreeMap<String, (String, Option<BTreeSet<String>>)>;

/// What a host has, by the text that it answers.
fn told(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        metrics.insert(name.to_owned(), (kind.to_owned(), None));
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let name = of_histogram.filter(|name| metrics.contains_key(*name)).unwrap_or(name);
        let labels = line.split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').unwrap().0);
        let names = labels.split("\",").filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
        let names: BTreeSet<String> = names.filter(|name| name != "le").collect();
        metrics.get_mut(name).unwrap_or_else(|| panic_about(name)).1 = Some(names);
    }
    metrics
}

fn panic_about(name: &str) -> ! {
    unreachable!("{name} has no description")
}

/// What the page says, by its sections.
fn written() -> BTreeMap<String, Metrics> {
    let page = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let mut sections = BTreeMap::<String, Metrics>::new();
    let mut section = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.to_owned();
        }
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim_matches([' ', '`'])).collect();
        if let [_, name, kind, labels, _, _] = cells[..]
            && name.starts_with("sandgate_")
        {
            let labels = labels.split(", ").map(|label| label.trim_matches('`').to_owned());
            let labels = labels.filter(|label| !label.is_empty()).collect();
            sections.entry(section.clone()).or_default().insert(name.to_owned(), (kind.to_owned(), Some(labels)));
        }
    }
    sections
}

#[test]
fn the_page_names_what_a_running_host_answers_and_nothing_else() {
    let site = Site::new(2, &account_risk(""));
    // a log of everything that there is to say
    let tables = "[log]\nformat = \"json\"\nlevel = \"debug\"\n[control]\nsql = \"sqlite:control.db\"\n\
                  [admin]\nlisten = \"127.0.0.1:0\"";
    let host = site.start("one", ("", tables), &[]);
    let mark = "zebra-4711";
    let record = |id: &str, amount: &str| {
        let json = format!(
            "{{\"transaction_id\":\"{mark}-{id}\",\"account_id\":\"{mark}\",\"timestamp\":1767225600,\"amount\":{amount}}}"
        );
        Record::new(mark, json)
    };
    let poison = Record::new(mark, format!("{mark} is no JSON"));
    let wrong = Record { key: Some(b"zebra-4711-other".to_vec()), ..record("c", "1") };
    site.topic("payments").send(vec![
        record("a", "471147.11"),
        record("a", "471147.11"),
        record("b", "2"),
        poison,
        wrong,
    ]);
    host.wait_for("sandgate_records_total{source=\"payments\",became=\"dead-letter\"} 2");
    host.wait_for("sandgate_records_total{source=\"payments\",became=\"decision\"} 3");
    host.wait_for("sandgate_kafka_lag_records{");
    host.wait_for("sandgate_state_events{");
    eventually("a host that is ready", PATIENCE, || host.ask("/readyz") == (200, "ok\n".to_owned()));
    assert_eq!(host.ask("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(host.ask("/").0, 404);

    let text = host.ask("/metrics").1;
    for sample in [
        "sandgate_wrong_keys_total 1",
        "sandgate_repeats_total 1",
        "sandgate_dead_letters_total{cause=\"key\"} 1",
        "sandgate_kafka_lanes{state=\"running\"} 2",
        "sandgate_ready 1",
        "sandgate_kafka_records_total 5",
    ] {
        assert!(text.contains(sample), "{sample} is not in\n{text}");
    }
    let (told, written) = (told(&text), written());
    let all: Metrics = written.values().flatten().map(|(name, what)| (name.clone(), what.clone())).collect();
    for (name, (kind, labels)) in &told {
        let Some((said, listed)) = all.get(name) else { unreachable!("{name} is not in docs/metrics.md") };
        assert_eq!(said, kind, "{name}");
        assert!(labels.is_none() || labels == listed, "{name} has the labels {labels:?}, the page says {listed:?}");
    }
    for (section, metrics) in &written {
        // what belongs to a part that this host does not have is not there at all
        let has_any = metrics.keys().any(|name| told.contains_key(name));
        assert!(has_any || ["Tags", "Shared series"].contains(&section.as_str()), "{section}");
        for name in metrics.keys().filter(|_| has_any) {
            assert!(told.contains_key(name), "{name} is in docs/metrics.md, and no host answers it");
        }
    }

    // what identifies a person or a payment is nowhere
    let log = host.log();
    assert!(log.lines().count() > 5 && log.lines().all(|line| line.starts_with('{')), "{log}");
    for secret in [mark, "471147"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
        assert!(!log.contains(secret), "{secret} is in\n{log}");
    }
}

#[test]
fn a_run_from_files_says_nothing_of_its_records_either() {
    let desk = Desk::with_host(&format!("{PAYMENTS}\n[log]\nlevel = \"trace\"\n"), &account_risk(""));
    let mark = "zebra-4711";
    let record = format!(
        "{{\"transaction_id\":\"{mark}\",\"account_id\":\"{mark}\",\"timestamp\":1767225600,\"amount\":471147.11}}\n{mark}\n"
    );
    desk.write("in.jsonl", &record);
    let output = desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
    let told = sandgate_tests::text(&output.stderr);
    assert!(told.contains("1 dead letter") || told.contains("dead letters"), "{told}");
    assert!(!told.contains(mark), "{told}");
    assert!(desk.read("out.jsonl").contains(mark));
}
