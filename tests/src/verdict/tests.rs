//! The checker itself: it passes what is right, and finds whatever is planted.

use super::{Excuse, Expected, Seen};
use crate::servers::topic::Record;
use serde_json::{Value, json};

fn position(offset: i64) -> Value {
    json!({"source": "payments", "partition": 0, "offset": offset})
}

/// Three records of two accounts, one that nobody can use and one that no file
/// can hold, in one partition.
fn expected() -> Expected {
    let lines = [("AA", None), ("B", None), ("AAA", None), ("x", None), ("{", Some("size"))];
    let decision = |account: &str, offset: i64, repeat_of: Value| {
        json!({"account": account, "outcome": "allow", "repeat_of": repeat_of, "faults": reused(offset),
               "policies": policies(json!(3), json!([])), "circumstances": [], "position": position(offset)})
    };
    let decisions = [decision("A", 0, Value::Null), decision("B", 3, Value::Null), decision("A", 5, position(0))];
    let dead = [9, 11].map(|offset| json!({"position": position(offset), "cause": "not-json"}));
    let mut expected = Expected::default();
    expected.add_file(0, lines, &decisions, &dead);
    expected
}

/// The same where tags come from a server that may be gone.
fn excusing() -> Expected {
    expected()
        .excusing(vec![Excuse { what: "stale-tag", inputs: &[] }, Excuse { what: "missing-tag", inputs: &["level"] }])
}

fn policies(level: Value, defaulted: Value) -> Value {
    json!([{"name": "risk", "inputs": {"count": 1, "level": level}, "defaulted": defaulted}])
}

/// A fault that names a position: here that of the record itself.
fn reused(offset: i64) -> Value {
    json!([{"fault": "id-reused", "detail": format!("used before, at offset {offset} of the same source")}])
}

fn decided(account: &str, offset: i64, change: impl Fn(&mut Value)) -> Record {
    let mut value = json!({"account": account, "outcome": "allow", "repeat_of": null, "faults": reused(offset),
                       "policies": policies(json!(3), json!([])), "circumstances": [], "position": position(offset)});
    change(&mut value);
    Record::new(account, value.to_string()).with_header("decision-id", &format!("payments/0/{offset}"))
}

fn repeated(outcome: &str) -> Record {
    decided("A", 2, |decision| {
        decision["repeat_of"] = position(0);
        decision["outcome"] = json!(outcome);
    })
}

fn letter(offset: i64, cause: &str) -> Record {
    Record::new("x", json!({"position": position(offset), "cause": cause}).to_string())
}

fn seen() -> Seen {
    let [first, other] = [("A", 0), ("B", 1)].map(|(account, at)| decided(account, at, |_| ()));
    Seen {
        decisions: vec![other, first, repeated("allow")],
        dead_letters: vec![letter(3, "not-json"), letter(4, "size")],
    }
}

/// Says that the tag of a decision could not be looked up.
fn missing(decision: &mut Value) {
    decision["circumstances"] = json!([{"what": "missing-tag"}]);
    decision["policies"] = policies(json!(1), json!(["level"]));
    decision["outcome"] = json!("review");
}

type Plant = fn(&mut Seen);

fn finds(expected: &Expected, table: &[(&str, Plant)]) {
    for (problem, plant) in table {
        let mut seen = seen();
        plant(&mut seen);
        let told = expected.check(&seen).unwrap_err();
        assert!(told.contains(problem), "{problem}\nis not in\n{told}");
    }
}

#[test]
fn what_an_undisturbed_run_says_passes() {
    assert_eq!(expected().check(&seen()), Ok(0));
    assert_eq!(excusing().check(&seen()), Ok(0));
}

#[test]
fn every_planted_fault_is_found() {
    let table: [(&str, Plant); 13] = [
        ("0/1: has no decision and no dead letter", |seen| drop(seen.decisions.remove(0))),
        ("0/3: has no decision and no dead letter", |seen| drop(seen.dead_letters.remove(0))),
        ("0/1: has 2 answers", |seen| seen.decisions.push(seen.decisions[0].clone())),
        ("0/3: has 2 answers", |seen| seen.decisions.push(decided("x", 3, |_| ()))),
        ("0/3: has 2 answers", |seen| seen.dead_letters.push(letter(3, "not-json"))),
        ("stands behind that of 2, of the same account", |seen| seen.decisions.swap(1, 2)),
        ("0/1: outcome is \"block\", undisturbed \"allow\"", |seen| {
            seen.decisions[0] = decided("B", 1, |decision| decision["outcome"] = json!("block"));
        }),
        ("0/1: policies is", |seen| {
            seen.decisions[0] = decided("B", 1, |decision| decision["policies"][0]["inputs"]["count"] = json!(2));
        }),
        ("0/1: circumstances is", |seen| seen.decisions[0] = decided("B", 1, missing)),
        ("0/4: DeadLetter(\"utf-8\"), undisturbed DeadLetter(\"size\")", |seen| {
            seen.dead_letters[1] = letter(4, "utf-8");
        }),
        ("0/9: was never sent", |seen| seen.decisions.push(decided("C", 9, |_| ()))),
        ("the key of its decision is not its account", |seen| seen.decisions[0].key = Some(b"A".to_vec())),
        ("its decision-id is None", |seen| seen.decisions[0].headers.clear()),
    ];
    finds(&expected(), &table);
    // a server that is gone excuses none of it but the one that says so
    let strict = table.into_iter().filter(|(problem, _)| !problem.contains("circumstances"));
    finds(&excusing(), &strict.collect::<Vec<_>>());
}

#[test]
fn a_decision_may_come_again_the_same_where_that_is_all_that_is_promised() {
    let mut seen = seen();
    seen.decisions.push(seen.decisions[0].clone());
    seen.decisions.push(seen.decisions[1].clone());
    seen.dead_letters.push(letter(3, "not-json"));
    assert_eq!(expected().perhaps_again().check(&seen), Ok(0));

    finds(
        &expected().perhaps_again(),
        &[
            ("0/1: has 2 answers", |seen| {
                seen.decisions.push(decided("B", 1, |decision| decision["outcome"] = json!("block")));
            }),
            ("0/3: has 2 answers", |seen| seen.dead_letters.push(letter(3, "utf-8"))),
            ("0/1: has no decision and no dead letter", |seen| drop(seen.decisions.remove(0))),
            ("stands behind that of 2, of the same account", |seen| seen.decisions.swap(1, 2)),
        ],
    );
}

#[test]
fn a_server_that_is_gone_excuses_what_came_from_it_and_no_more() {
    let mut seen = seen();
    // the first one and so its repeat
    seen.decisions[1] = decided("A", 0, missing);
    seen.decisions[2] = repeated("review");
    seen.decisions[0] = decided("B", 1, |decision| decision["circumstances"] = json!([{"what": "stale-tag"}]));
    assert_eq!(excusing().check(&seen), Ok(3));

    finds(
        &excusing(),
        &[
            ("0/1: level is 2, undisturbed 3", |seen| {
                seen.decisions[0] = decided("B", 1, |decision| {
                    missing(decision);
                    decision["policies"] = policies(json!(2), json!([]));
                });
            }),
            ("0/1: count is 7, undisturbed 1", |seen| {
                seen.decisions[0] = decided("B", 1, |decision| {
                    missing(decision);
                    decision["policies"][0]["inputs"]["count"] = json!(7);
                });
            }),
            ("0/1: owes a stale value only", |seen| {
                seen.decisions[0] = decided("B", 1, |decision| {
                    decision["circumstances"] = json!([{"what": "stale-tag"}]);
                    decision["outcome"] = json!("review");
                });
            }),
            ("0/1: circumstances are", |seen| {
                seen.decisions[0] = decided("B", 1, |decision| {
                    decision["circumstances"] = json!([{"what": "missing-tag"}, {"what": "late"}]);
                });
            }),
            ("0/2: outcome is \"allow\", undisturbed \"review\"", |seen| seen.decisions[1] = decided("A", 0, missing)),
        ],
    );
}
