//! What a field seems to be that only the conditions of a window look at.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_model::{Kind, Manifest};
use sandgate_trial::fields::sources;

/// The kind of the field `f`, of which a window asks this.
fn kind(test: &str) -> Kind {
    let manifest = format!(
        r#"{{ "schema": 1, "name": "p", "version": "1",
          "inputs": [ {{ "name": "n", "kind": "integer", "from": {{ "window": {{ "aggregate": "count", "by": ["account"],
            "span": {{ "sliding": {{ "length": "1m" }} }}, "only": [ {{ "field": "f", {test} }} ] }} }} }} ],
          "parameters": [
            {{ "name": "money", "kind": "decimal", "scale": 2 }},
            {{ "name": "whole", "kind": "integer" }},
            {{ "name": "words", "kind": "text", "list": true }},
            {{ "name": "since", "kind": "instant" }} ],
          "reasons": [ {{ "code": "R", "effect": "note", "message": "" }} ] }}"#
    );
    let sources = sources(&Manifest::read(&manifest).unwrap(), &[]).unwrap();
    let schema = &sources[0].schema;
    schema.fields[schema.field("f").unwrap()].kind
}

#[test]
fn a_field_is_of_the_kind_that_it_is_compared_with() {
    let decimal = Kind::Decimal { scale: Kind::SCALE_DEFAULT };
    let table = [
        (r#""any_of": ["x"]"#, Kind::Text),
        (r#""any_of": [1]"#, Kind::Integer),
        (r#""at_least": 1"#, decimal),
        (r#""below": "99.5""#, decimal),
        (r#""at_least_parameter": "money""#, Kind::Decimal { scale: 2 }),
        (r#""below_parameter": "whole""#, decimal),
        (r#""any_of_parameter": "whole""#, Kind::Integer),
        (r#""none_of_parameter": "words""#, Kind::Text),
        (r#""at_least_parameter": "since""#, Kind::Instant),
    ];
    for (test, expected) in table {
        assert_eq!(kind(test), expected, "{test}");
    }
}
