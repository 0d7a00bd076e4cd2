//! `[[source]]`: where records come from and what they look like.

use super::Source;
use super::kafka::{self, OfSource};
use sandgate_files::field::field;
use sandgate_files::{Content, Section};
use sandgate_model::Instant;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use std::sync::Arc;

/// Reads a source; `None` where its schema has problems, which are reported. What
/// nothing else is checked against takes its default where it is wrong.
pub(super) fn read(section: Section<'_>) -> Option<Source> {
    let name = section.required("name", "the source's name in the positions of its records");
    let path = section.text("path").filter(|path| !path.is_empty()).map(|path| section.file.beside(path));
    let observe = section.flag("observe", false);
    let (topic, key, wrong_key) = kafka::of_source(&section);
    let fields = section.section("fields").map(fields);
    if fields.is_none() {
        section.problem("fields", "is missing: declare the fields of a record under [source.fields]");
    }
    let id = id(&section);
    let account = section.required("account", "the field that says whose transaction it is");
    let time = section.required("time", "the field that says when it happened");
    let amount = section.text("amount").map(str::to_owned);
    let tenant = tenant(&section);
    let earliest = instant(&section, "earliest", "2000-01-01T00:00:00Z");
    let latest = instant(&section, "latest", "2100-01-01T00:00:00Z");
    let size_max = section.size("size", 64 << 10, 1..=Schema::SIZE_MAX);
    section.done();
    let draft = Draft {
        source: name?.to_owned(),
        fields: fields??,
        id,
        account: account?.to_owned(),
        time: time?.to_owned(),
        amount,
        tenant: tenant?,
        earliest: earliest.unwrap_or(Instant::MIN),
        latest: latest.unwrap_or(Instant::MAX),
        size_max,
    };
    let schema = match Schema::check(draft) {
        Ok(schema) => Some(Arc::new(schema)),
        Err(problems) => {
            problems.iter().for_each(|problem| section.problem_below(&problem.key, &problem.flaw));
            None
        }
    };
    let schema = schema?;
    let key = kafka::key(&section, key, &schema);
    Some(Source { schema, observe, path, kafka: OfSource { topic, key, wrong_key } })
}

/// The id: one field, or a list of fields that make it together.
fn id(section: &Section<'_>) -> Vec<String> {
    match section.node("id").map(|node| &node.content) {
        Some(Content::Text(field)) => vec![field.clone()],
        Some(Content::List(_)) => section.texts("id"),
        Some(_) => {
            section.problem("id", "must be a field, or a list of fields that make the id together");
            Vec::new()
        }
        None => {
            section.problem("id", "is missing: the field that holds the id, or a list of fields that make it together");
            Vec::new()
        }
    }
}

fn tenant(section: &Section<'_>) -> Option<TenantDraft> {
    let Some(tenant) = section.section("tenant") else {
        if !section.has("tenant") {
            section.problem("tenant", "is missing: write { name = \"…\" } or { field = \"…\" }");
        }
        return None;
    };
    let draft = match (tenant.text("name"), tenant.text("field")) {
        (Some(name), None) => Some(TenantDraft::Fixed(name.to_owned())),
        (None, Some(field)) => Some(TenantDraft::Field(field.to_owned())),
        _ => {
            section.problem("tenant", "must be either { name = \"…\" } or { field = \"…\" }");
            None
        }
    };
    tenant.done();
    draft
}

fn instant<'a>(section: &Section<'a>, key: &'a str, default: &str) -> Option<Instant> {
    let text = section.text(key).unwrap_or(default);
    Instant::parse_rfc3339(text).map_err(|error| section.problem(key, format!("`{text}` {error}"))).ok()
}

/// The declared fields; `None` where one of them has problems.
fn fields(section: Section<'_>) -> Option<Vec<Field>> {
    let names: Vec<&str> = section.names().collect();
    let fields: Vec<Option<Field>> = names.iter().map(|name| field(name, section.section(name)?)).collect();
    section.done();
    fields.into_iter().collect()
}
