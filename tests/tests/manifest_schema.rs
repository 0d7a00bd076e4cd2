//! `wit/manifest.schema.json` says what the host's own reader of manifests does:
//! the same words in each object, the same words of closed lists, the same bounds.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_model::manifest::Manifest;
use sandgate_sandbox::{Config, Sandbox};
use sandgate_tests::{policies, root, shipped};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A word that is near to none.
const FOREIGN: &str = "qqqqqqqqqqqq";

/// Each kind of object of the schema, and one of it in [`manifest`].
const OBJECTS: [(&str, &str); 13] = [
    ("", ""),
    ("/$defs/input", "/inputs/0"),
    ("/$defs/origin", "/inputs/0/from"),
    ("/$defs/tag", "/inputs/1/from/tag"),
    ("/$defs/window", "/inputs/2/from/window"),
    ("/$defs/span", "/inputs/2/from/window/span"),
    ("/$defs/span/properties/sliding", "/inputs/2/from/window/span/sliding"),
    ("/$defs/span/properties/tumbling", "/inputs/3/from/window/span/tumbling"),
    ("/$defs/span/properties/calendar", "/inputs/4/from/window/span/calendar"),
    ("/$defs/span/properties/session", "/inputs/5/from/window/span/session"),
    ("/$defs/condition", "/inputs/2/from/window/only/0"),
    ("/$defs/parameter", "/parameters/0"),
    ("/$defs/reason", "/reasons/0"),
];

/// Where the schema has a closed list of words, and where such a word stands.
const LISTS: [(&str, &str); 5] = [
    ("/$defs/kind/enum", "/inputs/0/kind"),
    ("/$defs/window/properties/aggregate/enum", "/inputs/2/from/window/aggregate"),
    ("/$defs/span/properties/calendar/properties/unit/enum", "/inputs/4/from/window/span/calendar/unit"),
    ("/$defs/reason/properties/effect/enum", "/reasons/0/effect"),
    ("/$defs/score/properties/risky/enum", "/score/risky"),
];

/// What has so many elements, bytes, or simply that value.
#[derive(Clone, Copy)]
enum Measure {
    Elements(fn(i128) -> Value),
    Bytes,
    Itself,
}

/// What the schema bounds, where it stands, and how to make one of a size.
const BOUNDS: [(&str, &str, Measure); 18] = [
    ("/properties/inputs", "/inputs", Measure::Elements(input)),
    ("/properties/parameters", "/parameters", Measure::Elements(parameter)),
    ("/properties/reasons", "/reasons", Measure::Elements(reason)),
    ("/$defs/hostName", "/version", Measure::Bytes),
    ("/$defs/summary", "/summary", Measure::Bytes),
    ("/$defs/scale", "/parameters/4/scale", Measure::Itself),
    ("/$defs/integer", "/parameters/2/default", Measure::Itself),
    ("/$defs/text", "/parameters/3/default", Measure::Bytes),
    ("/$defs/window/properties/by", "/inputs/2/from/window/by", Measure::Elements(word)),
    ("/$defs/window/properties/only", "/inputs/2/from/window/only", Measure::Elements(condition)),
    ("/$defs/window/properties/sources", "/inputs/2/from/window/sources", Measure::Elements(word)),
    ("/$defs/condition/properties/any_of", "/inputs/2/from/window/only/0/any_of", Measure::Elements(word)),
    ("/$defs/condition/properties/none_of", "/inputs/2/from/window/only/1/none_of", Measure::Elements(word)),
    ("/$defs/parameter/properties/default/oneOf/1", "/parameters/1/default", Measure::Elements(|at| json!(at as i64))),
    ("/$defs/parameter/properties/any_of", "/parameters/5/any_of", Measure::Elements(word)),
    ("/$defs/parameter/properties/longest", "/parameters/0/longest", Measure::Itself),
    ("/$defs/reason/properties/weight", "/reasons/0/weight", Measure::Itself),
    ("/$defs/reason/properties/message", "/reasons/0/message", Measure::Bytes),
];

/// Where names have a pattern with a length, where such a name stands, and a letter of it.
const NAMES: [(&str, &str, &str); 3] = [
    ("/properties/name", "/name", "a"),
    ("/$defs/name", "/inputs/0/name", "a"),
    ("/$defs/reason/properties/code", "/reasons/0/code", "A"),
];

fn word(at: i128) -> Value {
    json!(format!("w{at}"))
}

fn input(at: i128) -> Value {
    json!({ "name": format!("input{at}"), "kind": "flag", "from": { "field": "f" } })
}

fn parameter(at: i128) -> Value {
    json!({ "name": format!("parameter{at}"), "kind": "flag" })
}

fn reason(at: i128) -> Value {
    json!({ "code": format!("R{at}"), "effect": "note", "message": "" })
}

fn condition(at: i128) -> Value {
    json!({ "field": format!("f{at}"), "any_of": [true] })
}

/// A manifest with an object of every kind.
fn manifest() -> Value {
    let window = |name: &str, span: Value| json!({ "name": name, "kind": "integer", "from": { "window": { "aggregate": "count", "by": ["a"], "span": span } } });
    let mut sliding =
        window("sliding", json!({ "sliding": { "length": "2h", "delay": "1h", "closed": true, "resolution": "1s" } }));
    sliding["from"]["window"]["current"] = json!(true);
    sliding["from"]["window"]["sources"] = json!(["s"]);
    sliding["from"]["window"]["only"] = json!([{ "field": "f", "any_of": ["x"] }, { "field": "f", "none_of": ["x"] }]);
    json!({
        "schema": 1, "name": "all", "version": "1", "summary": "",
        "inputs": [
            { "name": "field", "kind": "integer", "default": 1, "minimum": 0, "maximum": 9, "from": { "field": "f" } },
            { "name": "tag", "kind": "flag", "from": { "tag": { "entity": "e", "by": "b", "attribute": "a" } } },
            sliding,
            window("tumbling", json!({ "tumbling": { "length": "1h", "offset": "1m" } })),
            window("calendar", json!({ "calendar": { "unit": "day", "zone": "Asia/Shanghai" } })),
            window("session", json!({ "session": { "gap": "1h", "longest": "1d" } })),
        ],
        "parameters": [
            { "name": "bounded", "kind": "integer", "list": true, "default": [1], "minimum": 1, "maximum": 2, "any_of": [1], "longest": 9 },
            { "name": "list", "kind": "integer", "list": true, "default": [] },
            { "name": "integer", "kind": "integer", "default": 0 },
            { "name": "text", "kind": "text", "default": "" },
            { "name": "decimal", "kind": "decimal", "scale": 2 },
            { "name": "choice", "kind": "text", "any_of": ["a"] },
        ],
        "reasons": [{ "code": "A", "effect": "note", "weight": 0, "final": false, "message": "" }],
        "score": { "minimum": 0, "maximum": 1, "risky": "high", "contributions": true, "summary": "" },
    })
}

fn schema() -> Value {
    serde_json::from_slice(&std::fs::read(root().join("wit/manifest.schema.json")).unwrap()).unwrap()
}

/// What the reader finds wrong with a manifest.
fn problems(manifest: &Value) -> Vec<String> {
    Manifest::read(&manifest.to_string()).map_or_else(|error| error.problems, |_| Vec::new())
}

/// The manifest with another value in one place.
fn with(place: &str, value: Value) -> Value {
    let mut manifest = manifest();
    *manifest.pointer_mut(place).unwrap() = value;
    manifest
}

/// `/inputs/0/name` as the reader tells it: `inputs[0].name`.
fn told(place: &str) -> String {
    place.split('/').skip(1).fold(String::new(), |told, part| match part.parse::<usize>() {
        Ok(at) => format!("{told}[{at}]"),
        Err(_) if told.is_empty() => part.to_owned(),
        Err(_) => format!("{told}.{part}"),
    })
}

/// The places of the schema where `wanted` holds.
fn places(schema: &Value, at: &str, wanted: &dyn Fn(&str, &Value) -> bool, found: &mut BTreeSet<String>) {
    if wanted(at, schema) {
        found.insert(at.to_owned());
    }
    let members: Vec<(String, &Value)> = match schema {
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    members.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), wanted, found));
}

fn all_places(wanted: &dyn Fn(&str, &Value) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    places(&schema(), "", wanted, &mut found);
    found
}

/// The words of a list in a sentence, as the reader joins them.
fn listed(sentence: &str, lead: &str) -> BTreeSet<String> {
    sentence.split_once(lead).unwrap().1.split(", ").map(str::to_owned).collect()
}

fn words(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(members) => members.keys().cloned().collect(),
        value => value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect(),
    }
}

#[test]
fn the_manifest_that_the_others_change_is_sound() {
    assert_eq!(problems(&manifest()), [""; 0]);
}

#[test]
fn objects_have_the_words_that_the_reader_knows_and_asks_for() {
    let objects = OBJECTS.iter().chain(&[("/$defs/score", "/score")]);
    let named: BTreeSet<String> = objects.clone().map(|(of, _)| of.to_string()).collect();
    assert_eq!(all_places(&|_, value| value["additionalProperties"] == json!(false)), named);
    let schema = schema();
    for (of, place) in objects {
        let of = schema.pointer(of).unwrap();
        let mut more = manifest();
        more.pointer_mut(place).unwrap()[FOREIGN] = json!(1);
        let knows = problems(&more).into_iter().find(|problem| problem.contains(FOREIGN)).unwrap();
        assert_eq!(listed(&knows, "it knows "), words(&of["properties"]), "{place}");
        for word in words(&of["properties"]) {
            let mut less = manifest();
            less.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(&word);
            let lacks = problems(&less).iter().any(|problem| problem.ends_with(&format!("lacks the word {word:?}")));
            let required = of["required"].as_array().is_some_and(|words| words.contains(&json!(word)));
            assert_eq!(lacks, required, "{place} without {word}");
        }
    }
}

#[test]
fn closed_lists_have_the_words_that_the_reader_knows() {
    // conditions of the schema's own look at some of the words again
    let named = all_places(&|at, value| at.ends_with("/enum") && !at.contains("/if/") && value.is_array());
    assert_eq!(named, LISTS.iter().map(|(of, _)| of.to_string()).collect());
    for (of, place) in LISTS {
        let knows =
            problems(&with(place, json!(FOREIGN))).into_iter().find(|problem| problem.contains(FOREIGN)).unwrap();
        assert_eq!(listed(&knows, "it must be one of "), words(schema().pointer(of).unwrap()), "{place}");
    }
}

#[test]
fn bounds_are_those_of_the_reader() {
    const UPPER: [&str; 3] = ["maxItems", "maxLength", "maximum"];
    const LOWER: [&str; 3] = ["minItems", "minLength", "minimum"];
    let schema = schema();
    let bounded = |at: &str, value: &Value| {
        // "a policy has reasons, a score, or both" is no bound of one place
        !at.starts_with("/anyOf") && UPPER.iter().chain(&LOWER).any(|key| value[key].is_number())
    };
    assert_eq!(all_places(&bounded), BOUNDS.iter().map(|(of, _, _)| of.to_string()).collect());
    for (of, place, measure) in BOUNDS {
        let of = schema.pointer(of).unwrap();
        let is_taken = |size: i128| {
            let value = match measure {
                Measure::Elements(element) => (0..size).map(element).collect(),
                Measure::Bytes => json!("x".repeat(size as usize)),
                Measure::Itself => serde_json::from_str(&size.to_string()).unwrap(),
            };
            let problems = problems(&with(place, value));
            let about = problems.iter().filter(|problem| problem.starts_with(&format!("{} ", told(place)))).count();
            assert_eq!(problems.len(), about, "{problems:?}");
            about == 0
        };
        let bound = |key: &str| of[key].as_i64().map(i128::from);
        for (key, bound) in UPPER.iter().filter_map(|key| Some((key, bound(key)?))) {
            assert!(is_taken(bound), "{place} at its {key}");
            assert!(!is_taken(bound + 1), "{place} over its {key}");
        }
        for (key, bound) in LOWER.iter().filter_map(|key| Some((key, bound(key)?))) {
            assert!(is_taken(bound), "{place} at its {key}");
            assert!(
                bound == 0 && !matches!(measure, Measure::Itself) || !is_taken(bound - 1),
                "{place} under its {key}"
            );
        }
    }
    let mut silent = with("/reasons", json!([]));
    silent["score"] = Value::Null;
    assert_eq!(problems(&silent).len(), 1, "reasons, a score, or both");
}

#[test]
fn names_are_as_long_as_the_reader_takes_them() {
    let schema = schema();
    let counted = all_places(&|_, value| value["pattern"].as_str().is_some_and(|pattern| pattern.contains(",")));
    assert_eq!(counted, NAMES.iter().map(|(of, _, _)| of.to_string()).collect());
    for (of, place, letter) in NAMES {
        // a first letter, and so many others at most
        let pattern = schema.pointer(of).unwrap()["pattern"].as_str().unwrap();
        let others: usize = pattern.split_once("{0,").unwrap().1.trim_end_matches("}$").parse().unwrap();
        assert_eq!(problems(&with(place, json!(letter.repeat(others + 1)))), [""; 0], "{place}");
        assert_eq!(problems(&with(place, json!(letter.repeat(others + 2)))).len(), 1, "{place}");
    }
}

/// The words of a document that the schema does not have at their places.
fn foreign(schema: &Value, of: &Value, value: &Value, found: &mut Vec<String>) {
    if let Some(at) = of["$ref"].as_str() {
        foreign(schema, schema.pointer(at.trim_start_matches('#')).unwrap(), value, found);
    }
    // the form of an alternative that says more than that it is some value
    if let Some(form) =
        of["oneOf"].as_array().and_then(|forms| forms.iter().find(|form| form["$ref"] == "#/$defs/score"))
    {
        foreign(schema, form, value, found);
    }
    if let (Some(known), Some(members)) = (of["properties"].as_object(), value.as_object()) {
        for (word, value) in members {
            match known.get(word) {
                Some(of) => foreign(schema, of, value, found),
                None => found.push(word.clone()),
            }
        }
    }
    for element in value.as_array().into_iter().flatten() {
        foreign(schema, &of["items"], element, found);
    }
}

#[test]
fn the_document_with_every_word_of_the_sdk_is_of_the_schema_and_read() {
    let everything = std::fs::read_to_string(root().join("sdk/tests/everything.json")).unwrap();
    Manifest::read(&everything).unwrap();
    let everything: Value = serde_json::from_str(&everything).unwrap();
    let mut found = Vec::new();
    foreign(&schema(), &schema(), &everything, &mut found);
    assert_eq!(found, [""; 0]);
    let planted = everything.to_string().replace("\"aggregate\"", "\"agregate\"");
    foreign(&schema(), &schema(), &serde_json::from_str(&planted).unwrap(), &mut found);
    assert!(found.contains(&"agregate".to_owned()), "this test can fail");
}

#[test]
fn the_manifests_of_all_policies_and_guests_are_read() {
    let sandbox = Sandbox::new(Config::default()).unwrap();
    let guests = ["six-inputs", "unruly"].map(str::to_owned);
    let all = shipped().into_iter().chain(guests).map(|name| name.replace('-', "_"));
    for policy in all {
        let component = std::fs::read(policies().join(&policy).with_extension("wasm")).unwrap();
        // loading is describing and reading
        assert_eq!(sandbox.load(&component).unwrap().manifest().name.replace('-', "_"), policy);
    }
}
