//! The canonical document of a generation: JSON with sorted keys and no spaces,
//! so that equal sets have equal digests on every host.

use super::{Seat, SeatStage, Site, SiteSource};
use crate::document::{Document, Fallback, MissingTag};
use crate::json;
use sandgate_model::Value;
use sandgate_model::instant::Unit;
use sandgate_model::manifest::Setting;
use sandgate_model::schema::TenantRole;
use serde_json::{Map, Value as Json, json};

/// Everything that a decision of this set depends on.
pub(super) fn document(document: &Document, stages: &[SeatStage], seats: &[Seat], site: &Site) -> Json {
    let stages: Vec<Json> = stages
        .iter()
        .map(|stage| {
            let policies: Vec<Json> = seats[stage.seats.clone()].iter().map(seat).collect();
            json!({ "name": stage.name, "stop_at": stage.stop_at, "policies": policies })
        })
        .collect();
    let bands: Vec<Json> =
        document.bands.iter().map(|band| json!({ "at": band.at, "outcome": band.outcome })).collect();
    let mut whole = json!({
        "tenant": document.tenant,
        "deny": document.deny,
        "keep": document.keep,
        "bands": bands,
        "stages": stages,
        "sources": site.sources.iter().map(source).collect::<Vec<_>>(),
        "sandbox": { "memory": site.memory, "result": site.result },
        "wasmtime": site.wasmtime,
        "zones": site.zones,
    });
    // only where it is not the default, so that sets without it keep their digest
    if document.missing_tag == MissingTag::Fault {
        whole["missing_tag"] = "fault".into();
    }
    if document.backfill {
        whole["backfill"] = true.into();
    }
    whole
}

fn seat(seat: &Seat) -> Json {
    let manifest = seat.policy.manifest();
    let parameters: Map<String, Json> = manifest
        .parameters
        .iter()
        .zip(&seat.settings)
        .map(|(parameter, set)| (parameter.name.clone(), setting(set)))
        .collect();
    let reasons: Map<String, Json> = seat
        .reasons
        .iter()
        .map(|reason| {
            let mapped = json!({ "effect": reason.effect, "weight": reason.weight, "final": reason.is_final });
            (reason.code.clone(), mapped)
        })
        .collect();
    json!({
        "name": seat.name,
        "policy": manifest.name,
        "version": manifest.version,
        "digest": seat.policy.digest().to_string(),
        "fuel": seat.fuel,
        "fallback": fallback(&seat.fallback),
        "parameters": parameters,
        "reasons": reasons,
        "thresholds": { "review": seat.thresholds.review, "block": seat.thresholds.block },
    })
}

fn fallback(fallback: &Fallback) -> Json {
    let mut bands: Vec<Json> = fallback
        .below
        .iter()
        .map(|(below, outcome)| json!({ "below": below.to_string(), "outcome": outcome }))
        .collect();
    bands.push(json!({ "outcome": fallback.otherwise }));
    Json::Array(bands)
}

fn setting(setting: &Setting) -> Json {
    match setting {
        Setting::One(one) => value(one),
        Setting::List(values) => Json::Array(values.iter().map(value).collect()),
    }
}

/// The value as decisions print it.
fn value(value: &Value) -> Json {
    let mut text = Vec::new();
    json::value(&mut text, value.borrowed());
    serde_json::from_slice(&text).unwrap_or(Json::Null)
}

fn source(source: &SiteSource) -> Json {
    // keys decide whether there is a decision, never what it says
    let SiteSource { schema, observe, keyed: _ } = source;
    let name = |field: usize| schema.fields[field].name.as_str();
    let fields: Map<String, Json> = schema
        .fields
        .iter()
        .map(|field| {
            let described =
                json!({ "path": field.path, "kind": field.kind.to_string(), "unit": field.unit.map(Unit::word) });
            (field.name.clone(), described)
        })
        .collect();
    let tenant = match &schema.roles.tenant {
        TenantRole::Fixed(tenant) => json!({ "name": &**tenant }),
        TenantRole::Field(field) => json!({ "field": name(*field) }),
    };
    json!({
        "name": &*schema.source,
        "observe": observe,
        "id": schema.roles.id.iter().map(|field| name(*field)).collect::<Vec<_>>(),
        "account": name(schema.roles.account),
        "time": name(schema.roles.time),
        "amount": schema.roles.amount.map(name),
        "tenant": tenant,
        "earliest": schema.earliest.to_string(),
        "latest": schema.latest.to_string(),
        "size": schema.size_max,
        "fields": fields,
    })
}
