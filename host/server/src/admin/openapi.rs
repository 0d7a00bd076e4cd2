//! The document of the API: OpenAPI 3.1, made of the table of routes and of the types
//! that they take and answer. Nothing in it is written twice.

use super::problem::{MEDIA_TYPE, Problem};
use super::route::{Answer, Kind, Query, Route, of};
use super::sent::{LINE, NAME_MAX, NUMBER_MAX};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// The problems that each route may have.
pub(super) const PROBLEMS: [u16; 8] = [400, 401, 403, 408, 429, 500, 503, 504];
/// And each that takes a body.
pub(super) const PROBLEMS_OF_BODIES: [u16; 2] = [413, 415];

/// The document.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = SchemaGenerator::new(settings);
    let problem = of::<Problem>(&mut schemas);
    let mut paths = Map::new();
    for route in routes {
        let operation = operation(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.word()] = operation;
    }
    paths.insert("/openapi.json".to_owned(), own());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sandgate admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What tenants run, and how that changes. Times are milliseconds since 1970 in UTC.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer", "description": "As `sandgate token create` prints it once.",
            } },
            "responses": responses(&problem.to_value()),
            "schemas": schemas.take_definitions(true),
        },
    })
}

/// The page of the document itself, which needs no token.
fn own() -> Value {
    json!({ "get": {
        "operationId": "openapi", "summary": "This document", "security": [],
        "responses": { "200": {
            "description": "The document.",
            "content": { "application/json": { "schema": { "type": "object" } } },
        } },
    } })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut answers = Map::new();
    for answer in route.answers {
        answers.insert(answer.status.to_string(), answered(answer, schemas));
    }
    for status in problems(route) {
        answers.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{status}") }));
    }
    let who = format!("For the role {} or a higher one{}.", route.role.word(), scope(route));
    let mut operation = json!({
        "operationId": route.id, "summary": route.summary, "description": who,
        "parameters": parameters(route), "responses": answers,
    });
    if let Some(body) = &route.body {
        let mut schema = (body.schema)(schemas).to_value();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("$schema");
        }
        operation["requestBody"] = json!({
            "description": format!("At most {} bytes.", body.most), "required": body.needed,
            "content": { "application/json": { "schema": schema } },
        });
    }
    operation
}

fn scope(route: &Route) -> &'static str {
    match (route.all_tenants, route.path.contains("{tenant}")) {
        (true, _) => ", of a token for all tenants",
        (false, true) => ", of a token for this tenant",
        (false, false) => "",
    }
}

/// The statuses of all problems that a route may have.
pub(super) fn problems(route: &Route) -> Vec<u16> {
    let of_bodies = PROBLEMS_OF_BODIES.iter().filter(|_| route.body.is_some());
    let mut all: Vec<u16> = PROBLEMS.iter().chain(of_bodies).chain(route.problems).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn answered(answer: &Answer, schemas: &mut SchemaGenerator) -> Value {
    let schema = (answer.schema)(schemas).to_value();
    let mut answered = json!({ "description": answer.what, "content": { "application/json": { "schema": schema } } });
    if answer.tagged {
        let what = "The tenant's revision, for `If-Match`; absent where nothing was changed.";
        answered["headers"] = json!({ "ETag": { "description": what, "schema": { "type": "string" } } });
    }
    answered
}

fn parameters(route: &Route) -> Value {
    let named = route.path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let path = named.map(|name| {
        let (what, schema) = match name {
            "tenant" => ("The tenant's name.", text(LINE, 1, NAME_MAX)),
            "digest" => ("A digest, or its beginning.", text("^(sha256:)?[0-9a-f]{6,64}$", 6, 71)),
            _ => ("Its number.", json!({ "type": "integer", "minimum": 1, "maximum": NUMBER_MAX })),
        };
        json!({ "name": name, "in": "path", "required": true, "description": what, "schema": schema })
    });
    let query = route.query.iter().map(|Query { name, what, kind }| {
        let schema = match *kind {
            Kind::Whole { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Name => text(LINE, 1, NAME_MAX),
            Kind::Digest => text("^(sha256:)?[0-9a-f]{64}$", 64, 71),
        };
        json!({ "name": name, "in": "query", "required": false, "description": what, "schema": schema })
    });
    let if_match = route.matches.then(|| {
        let what = "The tenant's revision that you have seen, as `ETag` has it: done only if it is still this one.";
        let schema = json!({ "type": "string", "pattern": "^\"[0-9]{1,15}\"$", "maxLength": 17 });
        json!({ "name": "If-Match", "in": "header", "required": false, "description": what, "schema": schema })
    });
    path.chain(query).chain(if_match).collect()
}

fn text(pattern: &str, least: usize, most: usize) -> Value {
    json!({ "type": "string", "pattern": pattern, "minLength": least, "maxLength": most })
}

/// All problems, once for all routes.
fn responses(problem: &Value) -> Value {
    let all = [
        (400, "The request cannot be used."),
        (401, "A valid token is needed."),
        (403, "The token does not allow this."),
        (404, "There is no such thing."),
        (408, "The body came too slowly."),
        (409, "It stands otherwise: overtaken, frozen, decided, nothing before."),
        (412, "The tenant's revision is another than `If-Match` says."),
        (413, "The body is too large."),
        (415, "The body is no `application/json`."),
        (422, "A step refused it, and nothing was changed."),
        (429, "Too many requests, or too many failed logins."),
        (500, "What is stored makes no sense."),
        (503, "The registry is away, or the host has too much to do."),
        (504, "It took too long, and may still be done."),
    ];
    let mut responses = Map::new();
    for (status, what) in all {
        let mut response = json!({ "description": what, "content": { MEDIA_TYPE: { "schema": problem } } });
        let header = |what: &str| json!({ "description": what, "schema": { "type": "string" } });
        match status {
            401 => response["headers"] = json!({ "WWW-Authenticate": header("`Bearer`.") }),
            429 | 503 => response["headers"] = json!({ "Retry-After": header("Seconds.") }),
            _ => {}
        }
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}
