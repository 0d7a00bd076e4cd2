//! An engine that is measured: what batches took counts when they were judged,
//! what they gave when they are committed.

use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_metrics::{Form, Registry};
use sandgate_state::Settings;

/// The value of a sample, by its name with its labels.
fn value(registry: &Registry, name: &str) -> f64 {
    let text = registry.text(Form::Plain);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    assert!(line.is_some(), "{name} is not in\n{text}");
    line.unwrap().parse().unwrap()
}

#[test]
fn what_is_judged_again_after_an_abort_gives_once_and_takes_twice() {
    let registry = Registry::default();
    let bounds = Settings { lateness: 60_000, repeats: 3_600_000, ids: 1_000, events: 1_000 };
    let judge = crate::measured_judge("six_windows.wasm", bounds, &registry);
    let record = |id: u64, amount: u64| {
        let second = 1_767_225_600 + id;
        format!("{{\"id\":\"t-{id}\",\"account\":\"a\",\"device\":\"d\",\"time\":{second}000,\"amount\":{amount}}}")
    };
    // the third repeats the first, the fourth uses its id again, the last is no record
    let texts = [record(0, 5), record(1, 5), record(0, 5), record(0, 6), "{".to_owned()];
    let records: Vec<Record<'_>> = texts
        .iter()
        .zip(0..)
        .map(|(text, offset)| Record { source: 0, offset, key: None, bytes: text.as_bytes(), size: text.len() as u64 })
        .collect();
    let pass = || {
        let mut judged = Judged::default();
        judge.judge(0, &records, &mut judged).unwrap();
        judge.settle(&mut judged);
    };
    pass();
    judge.abort();
    assert_eq!(value(&registry, "sandgate_records_total{source=\"payments\",became=\"decision\"}"), 0.0);
    assert_eq!(value(&registry, "sandgate_policy_fuel_count{tenant=\"payments\",policy=\"policy\"}"), 2.0);
    pass();
    judge.committed(0);
    for (name, expected) in [
        ("sandgate_records_total{source=\"payments\",became=\"decision\"}", 4.0),
        ("sandgate_records_total{source=\"payments\",became=\"dead-letter\"}", 1.0),
        ("sandgate_dead_letters_total{cause=\"not-json\"}", 1.0),
        ("sandgate_decisions_total{tenant=\"payments\",outcome=\"allow\"}", 2.0),
        ("sandgate_decisions_total{tenant=\"payments\",outcome=\"block\"}", 1.0),
        ("sandgate_repeats_total", 1.0),
        ("sandgate_faults_total{tenant=\"payments\",policy=\"\",fault=\"id-reused\"}", 1.0),
        ("sandgate_faults_total{tenant=\"payments\",policy=\"policy\",fault=\"trap\"}", 0.0),
        ("sandgate_policy_fuel_count{tenant=\"payments\",policy=\"policy\"}", 4.0),
        ("sandgate_step_seconds_count{step=\"judge\"}", 2.0),
        ("sandgate_batch_records_sum", 10.0),
    ] {
        assert_eq!(value(&registry, name), expected, "{name}");
    }
    assert!(value(&registry, "sandgate_policy_fuel_sum{tenant=\"payments\",policy=\"policy\"}") > 100.0);
}
