//! The document and the routes are one.

use super::route::{Kind, Verb};
use super::{openapi, routes::ROUTES};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn the_document_has_every_route_with_every_status() {
    let document = openapi::document(ROUTES);
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            operations += 1;
            let Some(route) = ROUTES.iter().find(|route| route.path == path && route.method.word() == verb) else {
                assert_eq!(path, "/openapi.json");
                continue;
            };
            assert_eq!(operation["operationId"], route.id);
            let told: BTreeSet<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
            let statuses = openapi::problems(route).into_iter().chain(route.answers.iter().map(|answer| answer.status));
            assert_eq!(told, statuses.map(|status| status.to_string()).collect());
            assert_eq!(operation["requestBody"].is_object(), route.body.is_some(), "{path}");
        }
    }
    assert_eq!(operations, ROUTES.len() + 1);
    let ids: BTreeSet<_> = ROUTES.iter().map(|route| route.id).collect();
    assert_eq!(ids.len(), ROUTES.len(), "each has a name of its own");
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| walk(value, found));
            }
            Value::Array(elements) => elements.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = openapi::document(ROUTES);
    let mut found = Vec::new();
    walk(&document, &mut found);
    assert!(found.len() > ROUTES.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_parameter_and_every_text_that_is_sent_is_bounded() {
    let document = openapi::document(ROUTES);
    let sent = ["Push", "Case", "Activate", "Change", "Rollback", "Switch", "Why"];
    for name in sent {
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "{name}");
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        for (property, schema) in properties {
            let kinds = schema["type"].to_string();
            let bounded = match () {
                () if kinds.contains("string") => schema["maxLength"].is_u64(),
                () if kinds.contains("integer") => schema["maximum"].is_u64(),
                () if kinds.contains("array") => schema["maxItems"].is_u64(),
                () => true,
            };
            assert!(bounded, "{name}.{property}: {schema}");
        }
    }
    assert!(document["components"]["schemas"]["Change"]["maxLength"].is_u64());
    for query in ROUTES.iter().flat_map(|route| route.query) {
        if let Kind::Whole { least, most } = query.kind {
            assert!(least < most, "{}", query.name);
        }
    }
    assert!(ROUTES.iter().all(|route| route.method != Verb::Get || route.body.is_none()));
}
