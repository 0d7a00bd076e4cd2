//! What a manifest may say, and what is answered to one that says it wrong.

use super::{
    Aggregate, CalendarUnit, Manifest, Message, Origin, Piece, Placeholder, Relation, Risky, Setting, Span, Test,
};
use crate::{Decimal, Effect, Kind, Value};

const SOUND: &str = r#"{ "schema": 1, "name": "subscription-limits", "version": "1.0.0", "summary": "Stops bursts.",
  "inputs": [
    { "name": "amount", "kind": "decimal", "scale": 4, "from": { "field": "amount" } },
    { "name": "kind", "kind": "text", "from": { "field": "trade_type" }, "optional": true },
    { "name": "recent", "kind": "integer", "minimum": 0, "from": { "window": { "aggregate": "count",
      "by": ["account"], "span": { "sliding": { "length": "1m" } },
      "only": [{ "field": "trade_type", "any_of": ["subscribe"] }] } } },
    { "name": "risk", "kind": "integer", "from": { "tag": { "entity": "account", "by": "account", "attribute": "risk_level" } }, "default": 1 } ],
  "parameters": [
    { "name": "largest", "kind": "decimal", "scale": 4, "default": "1000000", "minimum": "0" },
    { "name": "per_minute", "kind": "integer", "default": 3, "minimum": 1 },
    { "name": "steps", "kind": "number", "list": true, "longest": 5, "default": [0.5, 1] } ],
  "reasons": [
    { "code": "LARGE_AMOUNT", "effect": "block", "weight": 7, "final": true, "message": "amount {amount} is over {largest}" },
    { "code": "BURST", "effect": "review", "message": "{recent} subscriptions" } ],
  "score": { "minimum": 0, "maximum": 1, "risky": "high", "contributions": true, "summary": "How likely." } }"#;

/// The problems of the sound document with one part of it replaced.
fn problems(part: &str, by: &str) -> Vec<String> {
    assert_eq!(SOUND.matches(part).count(), 1, "{part:?} stands once in the sound manifest");
    Manifest::read(&SOUND.replace(part, by)).map(|_| ()).map_or_else(|error| error.problems, |()| Vec::new())
}

#[test]
fn a_sound_manifest_is_read_whole() {
    let manifest = Manifest::read(SOUND).unwrap();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("subscription-limits", "1.0.0"));
    let kinds: Vec<_> = manifest.inputs.iter().map(|input| input.kind).collect();
    assert_eq!(kinds, [Kind::Decimal { scale: 4 }, Kind::Text, Kind::Integer, Kind::Integer]);
    let Origin::Window(window) = &manifest.inputs[2].from else { panic!("not a window") };
    assert_eq!(
        (window.aggregate, window.current, window.by.as_slice()),
        (Aggregate::Count, true, &["account".into()][..])
    );
    assert_eq!(window.span, Span::Sliding { length: 60_000, delay: 0, closed: false, resolution: None });
    assert_eq!(window.only[0].test, Test::AnyOf(vec![Value::Text("subscribe".into())]));
    assert_eq!(manifest.inputs[3].default, Some(Value::Integer(1)));
    let largest = Value::Decimal(Decimal { units: 10_000_000_000, scale: 4 });
    assert_eq!(manifest.parameters[0].default, Some(Setting::One(largest)));
    let steps = Setting::List(vec![Value::Number(0.5), Value::Number(1.0)]);
    assert_eq!(manifest.parameters[2].default, Some(steps));
    assert_eq!((manifest.reasons[0].effect, manifest.reasons[0].weight), (Effect::Block, 7));
    assert!(manifest.reasons[0].is_final && !manifest.reasons[1].is_final);
    let pieces = [
        Piece::Text("amount ".into()),
        Piece::Value(Placeholder::Input(0)),
        Piece::Text(" is over ".into()),
        Piece::Value(Placeholder::Parameter(0)),
    ];
    assert_eq!(manifest.reasons[0].message, Message { pieces: pieces.into() });
    assert_eq!(manifest.score.map(|score| (score.maximum, score.risky)), Some((1.0, Risky::High)));
}

#[test]
fn a_condition_may_compare_with_a_parameter() {
    let table = [
        ("any_of_parameter", "steps", Relation::AnyOf),
        ("none_of_parameter", "per_minute", Relation::NoneOf),
        ("at_least_parameter", "largest", Relation::AtLeast),
        ("below_parameter", "per_minute", Relation::Below),
    ];
    for (word, parameter, relation) in table {
        let json = SOUND.replace(r#""any_of": ["subscribe"]"#, &format!("{word:?}: {parameter:?}"));
        let manifest = Manifest::read(&json).unwrap();
        let Origin::Window(window) = &manifest.inputs[2].from else { panic!("not a window") };
        assert_eq!(window.only[0].test, Test::Set(relation, parameter.into()));
    }
    let one = Setting::One(Value::Integer(3));
    let list = Setting::List(vec![Value::Integer(3), Value::Integer(5)]);
    assert_eq!(Relation::Below.with(&one), Some(Test::Below(Value::Integer(3))));
    assert_eq!(Relation::Below.with(&list), None);
    assert_eq!(Relation::AnyOf.with(&one), Some(Test::AnyOf(vec![Value::Integer(3)])));
    assert_eq!(Relation::NoneOf.with(&list), Some(Test::NoneOf(vec![Value::Integer(3), Value::Integer(5)])));
}

#[test]
fn every_span_is_read() {
    let sliding = r#""sliding": { "length": "1m" }"#;
    let table = [
        (
            r#""sliding": { "length": "1h", "delay": "5s", "closed": true, "resolution": "1m" }"#,
            Span::Sliding { length: 3_600_000, delay: 5_000, closed: true, resolution: Some(60_000) },
        ),
        (
            r#""tumbling": { "length": "1d", "offset": "8h" }"#,
            Span::Tumbling { length: 86_400_000, offset: 28_800_000 },
        ),
        (
            r#""calendar": { "unit": "week", "zone": "Asia/Shanghai" }"#,
            Span::Calendar { unit: CalendarUnit::Week, zone: "Asia/Shanghai".into() },
        ),
        (r#""session": { "gap": "30m", "longest": "1d" }"#, Span::Session { gap: 1_800_000, longest: 86_400_000 }),
    ];
    for (json, span) in table {
        let manifest = Manifest::read(&SOUND.replace(sliding, json)).unwrap();
        let Origin::Window(window) = &manifest.inputs[2].from else { panic!("not a window") };
        assert_eq!(window.span, span);
    }
}

#[test]
fn each_mistake_is_told_with_its_place_and_mend() {
    let table = [
        // the document
        (r#""schema": 1"#, r#""schema": 2"#, "schema is not 1, the only one that this host knows; use a newer host"),
        (r#""schema": 1,"#, "", "the manifest lacks the word \"schema\""),
        (
            r#""summary": "Stops"#,
            r#""sumary": "Stops"#,
            "the manifest has the word \"sumary\", which this host does not know; did you mean \"summary\"?",
        ),
        (r#""schema": 1"#, r#""schema": 1, "schema": 1"#, "the manifest has the word \"schema\" twice; keep one"),
        (
            "\"subscription-limits\"",
            "\"Limits\"",
            "name must be a name of at most 64 characters such as \"subscription-limits\"",
        ),
        ("\"1.0.0\"", "1", "version must be a text, not an integer"),
        ("Stops bursts.", "Stops\\u202ebursts.", "summary has the invisible character \\u{202e}; take it out"),
        // names
        (
            r#""name": "risk""#,
            r#""name": "largest""#,
            "parameters[0].name is \"largest\", as inputs[3].name is; a name is unique over both lists",
        ),
        ("BURST", "LARGE_AMOUNT", "reasons[1].code is \"LARGE_AMOUNT\" again; give each its own"),
        ("BURST", "burst", "reasons[1].code must be a name of at most 64 characters such as \"LARGE_AMOUNT\""),
        // kinds, defaults and bounds
        (
            r#""name": "risk", "kind": "integer""#,
            r#""name": "risk", "kind": "int""#,
            "inputs[3].kind is \"int\"; it must be one of flag, integer, number, decimal, text, instant",
        ),
        (
            r#""kind": "decimal", "scale": 4, "from""#,
            r#""kind": "decimal", "scale": 19, "from""#,
            "inputs[0].scale must be from 0 to 18",
        ),
        (
            r#""kind": "text","#,
            r#""kind": "text", "scale": 2,"#,
            "inputs[1].scale belongs to the kind decimal only; take it out",
        ),
        (r#""default": 1 }"#, r#""default": "1" }"#, "inputs[3].default must be an integer of 64 bits, not a text"),
        (
            r#""default": 1 }"#,
            r#""default": 1, "minimum": 2 }"#,
            "inputs[3].default is below the minimum; move one of the two",
        ),
        (r#""default": 3"#, r#""default": 0"#, "parameters[1].default is below the minimum; move one of the two"),
        (
            r#""default": 1 }"#,
            r#""default": 9, "maximum": 8 }"#,
            "inputs[3].default is above the maximum; move one of the two",
        ),
        (
            r#""default": 1 }"#,
            r#""minimum": 2, "maximum": 1 }"#,
            "inputs[3] has a minimum above its maximum; no value would do",
        ),
        (
            r#""optional": true"#,
            r#""minimum": "a""#,
            "inputs[1].minimum bounds a text, which has no order; take it out",
        ),
        (
            r#""optional": true"#,
            r#""optional": true, "default": "x""#,
            "inputs[1].default fills in for an input that may be absent; say one of default and optional",
        ),
        (
            "\"1000000\"",
            "1000000.5",
            "parameters[0].default must be a decimal written as a text, such as \"12.50\", not a number",
        ),
        ("\"1000000\"", "\"0.00001\"", "parameters[0].default has more digits after the point than its scale of 4"),
        ("\"1000000\"", "\"much\"", "parameters[0].default is not a number"),
        (r#""longest": 5"#, r#""longest": 1"#, "parameters[2].default has 2 elements; at most 1 are allowed"),
        (r#""longest": 5"#, r#""longest": 0"#, "parameters[2].longest must be from 1 to 4096"),
        (r#""longest": 5"#, r#""minimum": 1"#, "parameters[2].default[0] is below the minimum; move one of the two"),
        (
            r#""longest": 5"#,
            r#""any_of": [1]"#,
            "parameters[2].default[0] is not one of any_of; add it there or change it",
        ),
        (
            r#""default": 3"#,
            r#""longest": 3"#,
            "parameters[1].longest bounds a list, but this parameter is none; add \"list\": true or take it out",
        ),
        // where inputs come from
        (r#"{ "field": "amount" }"#, "{}", "inputs[0].from must say exactly one of field, tag, window"),
        (
            r#"{ "field": "amount" }"#,
            r#"{ "field": "" }"#,
            "inputs[0].from.field must be a name, on one line and not empty",
        ),
        (r#""by": "account", "attribute""#, r#""attribute""#, "inputs[3].from.tag lacks the word \"by\""),
        // windows
        (
            r#""by": ["account"]"#,
            r#""by": []"#,
            "inputs[2].from.window.by must name the fields that make the key, at least one",
        ),
        (
            r#""by": ["account"]"#,
            r#""by": ["account", "account"]"#,
            "inputs[2].from.window.by[1] names \"account\" again; once is enough",
        ),
        (
            r#""aggregate": "count""#,
            r#""aggregate": "sum""#,
            "inputs[2].from.window lacks the word \"of\": the field that this aggregate is computed of",
        ),
        (
            r#""aggregate": "count""#,
            r#""aggregate": "count", "of": "amount""#,
            "inputs[2].from.window.of names a field, but this aggregate is of the events themselves; take it out",
        ),
        (
            r#""aggregate": "count""#,
            r#""aggregate": "last_seen""#,
            "inputs[2].from.window.aggregate gives an instant, but the input's kind is integer; change the kind",
        ),
        (
            r#""aggregate": "count""#,
            r#""aggregate": "mean", "of": "amount""#,
            "inputs[2].from.window.aggregate gives a number, but the input's kind is integer; change the kind",
        ),
        ("\"1m\"", "\"0s\"", "inputs[2].from.window.span.sliding.length must be longer than nothing"),
        (
            "\"1m\"",
            "\"1500us\"",
            "inputs[2].from.window.span.sliding.length must be whole milliseconds: event times have no more",
        ),
        ("\"1m\"", "\"4000d\"", "inputs[2].from.window.span.sliding.length must be at most 3660 days"),
        (
            "\"1m\"",
            "\"1m\", \"resolution\": \"1h\"",
            "inputs[2].from.window.span.sliding has a resolution longer than its length",
        ),
        (
            "\"1m\"",
            "\"a minute\"",
            "inputs[2].from.window.span.sliding.length is not a length of time such as \"250ms\": a whole number and one of us, ms, s, m, h, d",
        ),
        (
            r#""sliding": { "length": "1m" }"#,
            r#""calendar": { "unit": "day", "zone": "Asia/Shangai" }"#,
            "inputs[2].from.window.span.calendar.zone is the zone \"Asia/Shangai\", which the zone database does not know; did you mean \"Asia/Shanghai\"?",
        ),
        (
            r#""sliding": { "length": "1m" }"#,
            r#""session": { "gap": "1h", "longest": "1m" }"#,
            "inputs[2].from.window.span.session has a gap longer than its longest session",
        ),
        (
            r#""sliding": { "length": "1m" }"#,
            r#""tumbling": { "length": "1m", "offset": "1m" }"#,
            "inputs[2].from.window.span.tumbling has an offset that is not less than its length",
        ),
        (
            r#""any_of": ["subscribe"]"#,
            r#""any_of": []"#,
            "inputs[2].from.window.only[0].any_of is empty; name at least one value",
        ),
        (
            r#""any_of": ["subscribe"]"#,
            r#""below": true"#,
            "inputs[2].from.window.only[0].below is true or false, which have no order; use any_of",
        ),
        (
            r#""any_of": ["subscribe"]"#,
            r#""below_parameter": "per_minut""#,
            "inputs[2].from.window.only[0].below_parameter is \"per_minut\", which is no parameter; did you mean \"per_minute\"?",
        ),
        (
            r#""any_of": ["subscribe"]"#,
            r#""any_of_parameter": "amount""#,
            "inputs[2].from.window.only[0].any_of_parameter is \"amount\", which is no parameter; declare it",
        ),
        (
            r#""any_of": ["subscribe"]"#,
            r#""at_least_parameter": "steps""#,
            "inputs[2].from.window.only[0].at_least_parameter is \"steps\", which is a list; a list belongs to any_of_parameter",
        ),
        (
            r#""any_of": ["subscribe"]"#,
            r#""below": 1, "below_parameter": "per_minute""#,
            "inputs[2].from.window.only[0] must say exactly one of any_of, none_of, at_least, below, any_of_parameter, none_of_parameter, at_least_parameter, below_parameter",
        ),
        // reasons
        (r#""weight": 7"#, r#""weight": 1000001"#, "reasons[0].weight must be from -1000000 to 1000000"),
        (
            r#""effect": "review""#,
            r#""effect": "deny""#,
            "reasons[1].effect is \"deny\"; it must be one of note, review, block, exempt",
        ),
        (
            "{largest}",
            "{lagest}",
            "reasons[0].message shows \"lagest\", which is not declared; did you mean \"largest\"?",
        ),
        (
            "{largest}",
            "{steps}",
            "reasons[0].message shows \"steps\", which is a list; lists have no place in a message",
        ),
        ("{largest}", "{limit", "reasons[0].message has a single `{`; write it twice to show one"),
        // the score
        (r#""maximum": 1,"#, r#""maximum": 0,"#, "score has a minimum that is not below its maximum"),
        (r#""high""#, r#""both""#, "score.risky is \"both\"; it must be one of high, low"),
    ];
    for (part, by, expected) in table {
        assert_eq!(problems(part, by), [expected], "{by}");
    }
}

#[test]
fn a_sum_of_floats_is_refused_with_the_mend() {
    let part = r#""kind": "integer", "minimum": 0, "from": { "window": { "aggregate": "count""#;
    let by = r#""kind": "number", "from": { "window": { "aggregate": "sum", "of": "amount""#;
    let told = problems(part, by);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("an integer or a decimal, because a sum of floats"), "{}", told[0]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let wrong = r#"{ "schema": 1, "name": "x", "version": "1", "inputs": [{ "name": "a", "kind": "int" }, 5],
        "parameters": {}, "reasons": [{ "code": "A", "effect": "block", "message": "{a} {b}" }] }"#;
    let told = Manifest::read(wrong).unwrap_err().problems;
    let expected = [
        "inputs[0].kind is \"int\"; it must be one of flag, integer, number, decimal, text, instant",
        "inputs[0] lacks the word \"from\"",
        "inputs[1] must be an object, not an integer",
        "parameters must be a list, not an object",
        "reasons[0].message shows \"b\", which is not declared; did you mean \"a\"?",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_no_manifest_is_refused() {
    let deep = "[".repeat(10_000);
    let many = format!("{{{}\"z\":0}}", (0..100_000).map(|at| format!("\"k{at}\":0,")).collect::<String>());
    let endless = format!("{{\"{}\":0}}", "x".repeat(200_000));
    for json in
        ["", "null", "[]", "{", "{} {}", "nonsense", "\u{feff}{}", deep.as_str(), many.as_str(), endless.as_str()]
    {
        let told = Manifest::read(json).unwrap_err().problems;
        assert!(!told.is_empty() && told.iter().all(|problem| problem.len() < 400), "{told:?}");
    }
}

#[test]
fn a_policy_that_could_say_nothing_is_refused() {
    let told = Manifest::read(r#"{ "schema": 1, "name": "x", "version": "1" }"#).unwrap_err().problems;
    assert_eq!(told, ["the manifest has neither reasons nor a score: such a policy could say nothing"]);
}

#[test]
fn lists_are_bounded() {
    let reasons: Vec<_> =
        (0..129).map(|at| format!(r#"{{ "code": "R{at}", "effect": "note", "message": "" }}"#)).collect();
    let json = format!(r#"{{ "schema": 1, "name": "x", "version": "1", "reasons": [{}] }}"#, reasons.join(","));
    let told = Manifest::read(&json).unwrap_err().problems;
    assert_eq!(told[0], "reasons has 129 elements; at most 128 are allowed");
}
