//! A sample of transactions is judged again alone: a policy whose answer differs is
//! named once, and its decisions stay as they are.

use crate::{BOUNDS, of, pass, unruly};
use sandgate_engine::LaneJudge;
use sandgate_metrics::{Form, Registry};

fn judge(of_so_many: u64) -> LaneJudge {
    of(unruly(|_| {}).sampling(of_so_many), BOUNDS)
}

#[test]
fn a_policy_that_remembers_is_named_once_and_decides_as_before() {
    let (looked_at, undisturbed) = (judge(1), judge(0));
    let moods = ["remember"; 6];
    let (decisions, notes) = pass(&looked_at, 0, &moods);
    assert_eq!(pass(&undisturbed, 0, &moods), (decisions, Vec::new()));
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("policy policy of tenant payments (sha256:"), "{notes:?}");
    assert!(notes[0].contains("is not pure: about the transaction at payments 0:100 it gives another list of reasons"));
    assert!(pass(&looked_at, 1, &moods).1.is_empty());
}

#[test]
fn one_that_answers_the_same_alone_is_not_named() {
    let moods = ["calm", "noted", "known", "sanctioned", "heavy", "panic", "loop", "memory", "nan", "recurse", "calm"];
    assert_eq!(pass(&judge(1), 0, &moods).1, Vec::<String>::new());
}

#[test]
fn the_sample_is_measured_and_about_as_large_as_was_asked_for() {
    let registry = Registry::default();
    let judge = of(unruly(|_| {}).measured(&registry).sampling(10), BOUNDS);
    (0..20).for_each(|number| drop(pass(&judge, number, &["calm"; 50])));
    let text = registry.text(Form::Plain);
    let count = |name: &str| {
        let name = format!("sandgate_{name}_total{{tenant=\"payments\",policy=\"policy\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map(|count| count.parse::<u64>().unwrap())
    };
    assert!(count("sampled").is_some_and(|sampled| (60..140).contains(&sampled)), "{:?}", count("sampled"));
    assert_eq!(count("impure"), Some(0));
}
