//! Generated timelines. Where the crate and the definition disagree, what is printed
//! is the shortest timeline that shows it, in the notation of [`crate::notation`]:
//! paste it into a test, and it is one.

use crate::lane::Lane;
use crate::notation::{Held, Record, Step, Timeline, read};
use crate::oracle::Oracle;
use crate::play::play;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use sandgate_model::{Decimal, Value};

/// 2026-03-28T22:00:00Z: two hours before a Sunday that loses an hour in Berlin.
const START: i64 = 1_774_735_200_000;

/// Windows that are told apart by little, with small lengths first.
const WINDOWS: [&str; 14] = [
    "count by account, sliding 1m",
    "sum of amount by account, sliding 1m closed",
    "latest of amount by account, sliding 2m delay 1m",
    "count by account, sliding 2m resolution 1m",
    "mean of amount by account, sliding 3m delay 1m closed resolution 1m",
    "distinct of device by account, sliding 1h",
    "minimum of amount by account, tumbling 2m",
    "maximum of amount by account, tumbling 3m offset 1m, without itself",
    "count by account, session 1m longest 3m",
    "first seen by account, session 2m longest 1h, only kind any of pay",
    "last seen by account, day in Europe/Berlin, without itself",
    "deviation of amount by account, hour in Europe/Berlin",
    "count by account+device, sliding 5m, only amount at least 2, only kind none of fee",
    "sum of amount by account, sliding 5m, from payments|settlements",
];

fn record() -> impl Strategy<Value = Step> {
    let text = |words: &'static [&str]| (0..words.len()).prop_map(|at| Held::Value(Value::Text(words[at].to_owned())));
    let amount = (0i64..5).prop_map(|units| Held::Value(Value::Decimal(Decimal { units: units * 100, scale: 2 })));
    let missing = |most: Held| prop_oneof![12 => Just(most), 1 => Just(Held::Absent), 1 => Just(Held::Misread)];
    let cells = (
        text(&["a", "b"]),
        text(&["pay", "fee"]),
        amount.prop_flat_map(missing),
        text(&["d1", "d2"]).prop_flat_map(missing),
    );
    let minutes = prop_oneof![8 => 0i64..12, 1 => 115i64..125, 1 => 0i64..400];
    let time = (minutes, prop_oneof![4 => Just(0i64), 1 => 59_998i64..60_000]);
    let repeated = prop_oneof![9 => Just(1usize), 1 => 2usize..40];
    (repeated, time, prop_oneof![5 => Just(0usize), 1 => Just(1usize)], cells).prop_map(
        |(repeated, time, source, cells)| {
            let mut held = vec![cells.0, cells.1, cells.2, cells.3];
            held.resize(crate::notation::FIELDS.len(), Held::Absent);
            let time = START + time.0 * 60_000 + time.1;
            Step::Record(Record { repeated, tenant: String::new(), source, time, cells: held, told: None })
        },
    )
}

fn timeline() -> impl Strategy<Value = Timeline> {
    let windows = proptest::sample::subsequence(WINDOWS.to_vec(), 1..4);
    let steps = prop_oneof![12 => record(), 1 => Just(Step::Commit), 1 => Just(Step::Settle), 1 => Just(Step::Abort)];
    let lateness = (0i64..6).prop_map(|minutes| minutes * 60_000);
    (lateness, windows, proptest::collection::vec(steps, 1..40)).prop_map(|(lateness, windows, steps)| {
        let windows: String = windows.iter().map(|window| format!("window {window}\n")).collect();
        Timeline { lateness, steps, ..read(&windows) }
    })
}

/// The timeline as the definition answers it, up to the first record of which the crate says something else.
fn disagreement(timeline: &Timeline, mistaken: bool) -> Option<String> {
    let mut oracle = Oracle::new(&timeline.windows, timeline.lateness);
    oracle.mistaken = mistaken;
    let should = play(timeline, &mut oracle);
    let is = play(timeline, &mut Lane::new(&timeline.windows, timeline.lateness));
    let at = is.steps.iter().zip(&should.steps).position(|(is, should)| is != should)?;
    let told = match &is.steps[at] {
        Step::Record(record) => record.told.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let steps = should.steps[..=at].to_vec();
    Some(format!("{}    # the crate says {told}\n", Timeline { steps, ..should.clone() }.to_string().trim_end()))
}

/// Looks for a timeline on which the crate and the definition disagree; the shortest that it can find.
fn search(cases: u32, mistaken: bool) -> Option<String> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let outcome = runner.run(&timeline(), |timeline| match disagreement(&timeline, mistaken) {
        Some(text) => Err(TestCaseError::fail(text)),
        None => Ok(()),
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(_, timeline)) => disagreement(&timeline, mistaken),
        Err(TestError::Abort(reason)) => panic!("the search was given up: {reason}"),
    }
}

#[test]
fn the_crate_and_the_definition_agree_on_generated_timelines() {
    if let Some(timeline) = search(3_000, false) {
        panic!("paste this into a test:\n\n{timeline}");
    }
}

#[test]
fn a_disagreement_is_printed_as_a_timeline_to_paste() {
    let printed = search(3_000, true).expect("a closed left edge is noticed");
    // what is left of it is the mistake: two events that are as far apart as the window is long
    let timeline = read(&printed);
    let rows: Vec<_> = timeline.steps.iter().map(|step| matches!(step, Step::Record(_))).collect();
    assert_eq!((timeline.windows.len(), rows), (1, vec![true, true]), "{printed}");
    let last = printed.lines().last().unwrap_or_default();
    assert!(last.contains("→") && last.contains("# the crate says"), "{printed}");
    // pasted, it fails, because what it expects is mistaken; and what it expects is what the mistaken definition says
    let pasted = std::panic::catch_unwind(|| crate::play::check(&printed));
    assert!(pasted.is_err(), "{printed}");
    let mut oracle = Oracle::new(&timeline.windows, timeline.lateness);
    oracle.mistaken = true;
    assert_eq!(play(&timeline, &mut oracle), timeline, "{printed}");
}

#[test]
fn what_is_printed_is_read_again() {
    let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[8; 32]));
    let outcome = runner.run(&timeline(), |timeline| {
        let played = play(&timeline, &mut Oracle::new(&timeline.windows, timeline.lateness));
        prop_assert_eq!(read(&played.to_string()), played);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
