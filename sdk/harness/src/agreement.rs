//! Whether the function that native tests call and the component that is shipped
//! agree: both judge the same random rows.

mod columns;

pub use columns::Columns;

use crate::Policy;
use crate::child::Child;
use serde_json::{Map, Value, json};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows of one request; each request has parameters of its own.
const ROWS_OF_A_REQUEST: u32 = 100;

/// What a policy says about one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdicts {
    /// The indices of its reasons.
    pub hits: Vec<u32>,
    /// Of a scoring policy: one.
    pub scores: Vec<f64>,
    /// One for each input, where the manifest promises them.
    pub contributions: Vec<f64>,
}

/// Judges random rows with the component and with `judge`, row by row.
///
/// # Panics
/// At the first row on which they differ, which is told as JSON.
#[track_caller]
#[expect(clippy::panic, reason = "a difference fails the test")]
pub fn agree(policy: &Policy, rows: u32, seed: u64, judge: &dyn Fn(&Columns, &Columns) -> Verdicts) {
    if rows == 0 {
        panic!("0 rows show nothing; ask for some");
    }
    match first_difference(policy, rows, seed, judge) {
        Ok(None) => {}
        Ok(Some(difference)) => panic!("the function and its component differ: {difference:#}"),
        Err(problem) => panic!("{problem}"),
    }
}

fn first_difference(
    policy: &Policy,
    rows: u32,
    seed: u64,
    judge: &dyn Fn(&Columns, &Columns) -> Verdicts,
) -> Result<Option<Value>, String> {
    let (mut child, loaded) = Child::start(policy.component())?;
    let manifest = &loaded["manifest"];
    let defaults = list(&manifest["parameters"]).iter().all(|parameter| !parameter["default"].is_null());
    let mut asked = 0;
    for call in 0.. {
        if asked >= rows {
            break;
        }
        let count = ROWS_OF_A_REQUEST.min(rows - asked);
        let seed = seed.wrapping_add(call);
        let mut request = json!({ "rows": { "count": count, "seed": seed } });
        // what tenants run most is tried first: the defaults
        if call == 0 && defaults {
            request["rows"]["parameters"] = json!({});
        }
        let answer = child.ask(&request)?;
        let broken = || format!("`sandgate harness` answered {request} with other columns than it promises");
        let [inputs, parameters] = [&answer["rows"], &answer["parameters"]].map(Columns::read);
        let (inputs, parameters) = (inputs.ok_or_else(broken)?, parameters.ok_or_else(broken)?);
        for row in 0..count {
            let inputs = inputs.row(row as usize);
            // what the function leaves behind after a panic is not looked at
            let native = catch_unwind(AssertUnwindSafe(|| judge(&inputs, &parameters)));
            let native = Told::native(native, &manifest["score"]);
            let component = Told::component(&answer, row, list(&manifest["inputs"]).len());
            if native.differs(&component) {
                return Ok(Some(json!({
                    "row": row, "seed": seed,
                    "inputs": inputs.named(list(&manifest["inputs"])),
                    "parameters": parameters.named(list(&manifest["parameters"])),
                    "function": native.json(manifest),
                    "component": component.json(manifest),
                })));
            }
        }
        asked += count;
    }
    Ok(None)
}

/// What was said about a row: verdicts, or why there are none.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Verdicts(Verdicts),
    /// The word of the fault, and more about it.
    Fault(String, String),
}

impl Told {
    /// What a host would make of what the function did.
    fn native(judged: Result<Verdicts, Box<dyn Any + Send>>, score: &Value) -> Told {
        let mut verdicts = match judged {
            Ok(verdicts) => verdicts,
            Err(panic) => {
                let said = panic.downcast_ref::<&str>().map(|text| text.to_string());
                let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
                return Told::Fault("trap".to_owned(), format!("panicked: {}", said.unwrap_or_default()));
            }
        };
        let (least, most) = (score["minimum"].as_f64(), score["maximum"].as_f64());
        let off = |score: &&f64| least.zip(most).is_some_and(|(least, most)| !(least..=most).contains(*score));
        if let Some(score) = verdicts.scores.iter().find(off) {
            return Told::Fault("output".to_owned(), format!("the score {score} is not on the declared scale"));
        }
        if let Some(moved) = verdicts.contributions.iter().find(|moved| !moved.is_finite()) {
            return Told::Fault("output".to_owned(), format!("a contribution is {moved}"));
        }
        verdicts.hits.sort_unstable();
        verdicts.hits.dedup();
        Told::Verdicts(verdicts)
    }

    /// What the component answered about a row.
    fn component(answer: &Value, row: u32, inputs: usize) -> Told {
        if let Some(fault) = list(&answer["faults"]).iter().find(|fault| fault[0] == row) {
            let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
            return Told::Fault(text(&fault[1]), text(&fault[2]));
        }
        let verdicts = &answer["verdicts"];
        let part = |list: &Value, length: usize| {
            let all = list.as_array().map_or(&[][..], Vec::as_slice);
            let from = row as usize * length;
            let part = all.get(from..from + length).unwrap_or(&[]);
            part.iter().filter_map(Value::as_f64).collect()
        };
        let hits = list(&verdicts["hits"]).iter().filter(|hit| hit[0] == row);
        Told::Verdicts(Verdicts {
            hits: hits.filter_map(|hit| u32::try_from(hit[1].as_u64()?).ok()).collect(),
            scores: part(&verdicts["scores"], 1),
            contributions: part(&verdicts["contributions"], inputs),
        })
    }

    fn differs(&self, component: &Told) -> bool {
        match (self, component) {
            (Told::Verdicts(native), Told::Verdicts(component)) => {
                let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
                native.hits != component.hits
                    || bits(&native.scores) != bits(&component.scores)
                    || bits(&native.contributions) != bits(&component.contributions)
            }
            // a function that ends in a panic may use up its fuel or its memory on the way there
            (Told::Fault(native, _), Told::Fault(component, _)) => native == "output" && native != component,
            (Told::Verdicts(_), Told::Fault(..)) | (Told::Fault(..), Told::Verdicts(_)) => true,
        }
    }

    fn json(&self, manifest: &Value) -> Value {
        match self {
            Told::Fault(word, detail) => json!({ "fault": word, "detail": detail }),
            Told::Verdicts(verdicts) => {
                let code = |hit: &u32| manifest["reasons"][*hit as usize]["code"].clone();
                let mut told = json!({ "reasons": verdicts.hits.iter().map(code).collect::<Value>() });
                if let Some(score) = verdicts.scores.first() {
                    told["score"] = json!(score);
                }
                if !verdicts.contributions.is_empty() {
                    let names = list(&manifest["inputs"]).iter().filter_map(|input| input["name"].as_str());
                    let moved = names.zip(&verdicts.contributions).map(|(name, moved)| (name.to_owned(), json!(moved)));
                    told["contributions"] = Value::Object(moved.collect::<Map<_, _>>());
                }
                told
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::{Told, Verdicts};
    use serde_json::{Value, json};

    fn scored(score: f64, moved: &[f64]) -> Verdicts {
        Verdicts { hits: vec![], scores: vec![score], contributions: moved.to_vec() }
    }

    #[test]
    fn a_difference_in_one_bit_is_one() {
        let answer = json!({
            "verdicts": { "hits": [[0, 1], [1, 0], [1, 2]], "scores": [0.5, 0.1], "contributions": [0.0, 1.0, -0.0, 2.0] },
            "faults": [],
        });
        let component = Told::component(&answer, 1, 2);
        let same = Verdicts { hits: vec![0, 2], ..scored(0.1, &[-0.0, 2.0]) };
        assert_eq!(component, Told::Verdicts(same.clone()));
        let native = |verdicts: &Verdicts| Told::native(Ok(verdicts.clone()), &Value::Null);
        assert!(!native(&Verdicts { hits: vec![2, 0, 2], ..same.clone() }).differs(&component), "hits are a set");
        let others = [
            Verdicts { hits: vec![0], ..same.clone() },
            Verdicts { scores: vec![f64::from_bits(0.1_f64.to_bits() + 1)], ..same.clone() },
            Verdicts { contributions: vec![0.0, 2.0], ..same.clone() },
        ];
        for other in others {
            assert!(native(&other).differs(&component), "{other:?}");
        }
    }

    #[test]
    fn a_panic_here_is_a_fault_there() {
        let fault = |word: &str| Told::component(&json!({ "faults": [[0, word, "detail"]] }), 0, 0);
        let scale = json!({ "minimum": 0, "maximum": 1 });
        let panicked = Told::native(Err(Box::new("attempt to add with overflow")), &scale);
        let off_scale = Told::native(Ok(scored(f64::NAN, &[])), &scale);
        let sound = Told::native(Ok(scored(1.0, &[])), &scale);
        // what the function did, what the component did, whether that differs
        let table = [
            (&panicked, fault("trap"), false),
            (&panicked, fault("fuel"), false),
            (&off_scale, fault("output"), false),
            (&off_scale, fault("trap"), true),
            (&sound, fault("trap"), true),
            (&panicked, sound.clone(), true),
        ];
        for (native, component, differs) in table {
            assert_eq!(native.differs(&component), differs, "{native:?} and {component:?}");
        }
        assert_eq!(panicked.json(&Value::Null)["detail"], "panicked: attempt to add with overflow");
    }
}
