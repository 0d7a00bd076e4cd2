//! What a lane's state holds, for people and as JSON: both are made of one value.

use super::Found;
use anyhow::{Context as _, bail};
use sandgate_engine::json;
use sandgate_model::{Instant, Kind, Value};
use sandgate_window::{Family, key};
use serde_json::{Map, Value as Json, json};
use std::fmt::Write as _;

/// A part of a key: a field and its value as text.
type Part = (String, String);

/// Prints the lane in all, or the events of the series that have all of `keys`.
pub(super) fn show(found: &Found, tenant: Option<&str>, keys: &[Part], as_json: bool) -> anyhow::Result<()> {
    let shown = if keys.is_empty() { whole(found, tenant) } else { series(found, tenant, keys)? };
    let out = &mut anstream::stdout();
    match as_json {
        true => crate::say(out, shown),
        false => crate::say(out, text(&shown, 0).trim_end()),
    }
}

/// The lane in numbers.
fn whole(found: &Found, tenant: Option<&str>) -> Json {
    let (identity, position) = (found.stored.identity(), &found.replayed.position);
    let sources = identity
        .inputs
        .iter()
        .zip(&position.sources)
        .map(|(input, source)| json!({ "source": input.source, "input": input.path, "offset": source.offset }));
    let report = found.lane.report();
    let of_tenant = |name: &str| tenant.is_none_or(|wanted| wanted == name);
    let tenants = report.tenants.iter().filter(|tenant| of_tenant(&tenant.name)).map(|tenant| {
        let families = tenant.families.iter().map(|family| {
            json!({ "by": family.by.join(", "), "series": family.series, "events": family.events, "bytes": family.bytes })
        });
        json!({
            "tenant": tenant.name,
            "counted": tenant.counted,
            "bound": found.meant.state.bounds.events,
            "refused": tenant.refused,
            "families": families.collect::<Vec<_>>(),
        })
    });
    json!({
        "output": identity.output,
        "sources": sources.collect::<Vec<_>>(),
        "ended": position.ended,
        "records": position.records,
        "committed": { "decisions": position.output, "dead_letters": position.dead_letters },
        "clock": report.clock.map(instant),
        "ids": report.ids,
        "memory": report.bytes,
        "tenants": tenants.collect::<Vec<_>>(),
    })
}

/// The events of every series whose key consists of these parts.
fn series(found: &Found, tenant: Option<&str>, keys: &[Part]) -> anyhow::Result<Json> {
    let layout = found.meant.engine.layout();
    let mut all = Vec::new();
    let mut known = Vec::new();
    for (at, owner) in
        layout.tenants.iter().enumerate().filter(|(_, owner)| tenant.is_none_or(|name| name == &*owner.name))
    {
        for (family_at, family) in owner.plan.families().iter().enumerate() {
            let by: Vec<&str> = family.by().iter().map(|field| owner.fields[*field].0.as_str()).collect();
            known.push(format!("{} (tenant {})", by.join(" and "), owner.name));
            let Some(key) = key_of(&by, family, keys)? else { continue };
            let operands: Vec<&(String, Kind)> = family.operands().map(|field| &owner.fields[field]).collect();
            let kept = found.lane.series(at as u32, family_at as u32, &key);
            let events = kept.events.iter().map(|event| {
                let mut shown = Map::new();
                shown.insert("time".to_owned(), instant(event.time));
                for ((name, _), value) in operands.iter().zip(&event.words) {
                    shown.insert(name.clone(), value.as_ref().map_or(Json::Null, |value| as_json(value.borrowed())));
                }
                Json::Object(shown)
            });
            let events: Vec<Json> = events.collect();
            all.push(json!({
                "tenant": &*owner.name,
                "key": keys.iter().map(|(field, value)| (field.clone(), Json::from(value.as_str()))).collect::<Map<_, _>>(),
                "count": events.len(),
                "summed_up": kept.summed_up,
                "events": events,
            }));
        }
    }
    if let Some(name) = tenant.filter(|_| known.is_empty()) {
        let names = layout.tenants.iter().map(|owner| &*owner.name).collect::<Vec<_>>().join(", ");
        bail!("there is no tenant {name} with windows; there are {names}");
    }
    if all.is_empty() {
        let by: Vec<&str> = keys.iter().map(|(field, _)| field.as_str()).collect();
        bail!("no window is by {}; there are windows by {}", by.join(" and "), known.join(", "));
    }
    Ok(json!({ "series": all }))
}

/// The bytes of a key of a family, if these are its parts.
fn key_of(by: &[&str], family: &Family, parts: &[Part]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    for (name, kind) in by.iter().zip(family.kinds()) {
        let Some((_, text)) = parts.iter().find(|(field, _)| field == name) else { return Ok(None) };
        let value = Value::parse(text, *kind).with_context(|| format!("--key {name}={text}: {name} is a {kind}"))?;
        key::push(&mut bytes, value).map_err(|error| anyhow::anyhow!("--key {name}: {error}"))?;
    }
    Ok((by.len() == parts.len()).then_some(bytes))
}

/// A value as decisions print it.
fn as_json(value: Value<&str>) -> Json {
    let mut text = Vec::new();
    json::value(&mut text, value);
    serde_json::from_slice(&text).unwrap_or(Json::Null)
}

fn instant(millis: i64) -> Json {
    Instant::from_millis(millis).map_or(Json::Null, |instant| as_json(Value::Instant(instant)))
}

/// The order in which a person reads; what is not here comes behind.
const ORDER: [&str; 27] = [
    "output",
    "sources",
    "source",
    "input",
    "offset",
    "ended",
    "records",
    "committed",
    "decisions",
    "dead_letters",
    "clock",
    "ids",
    "memory",
    "tenants",
    "tenant",
    "key",
    "by",
    "count",
    "summed_up",
    "counted",
    "bound",
    "refused",
    "families",
    "time",
    "series",
    "events",
    "bytes",
];

fn ordered(members: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    members
}

/// A value in lines: what holds others is indented, a list of objects is one
/// line for each.
fn text(value: &Json, depth: usize) -> String {
    let mut out = String::new();
    let Json::Object(members) = value else { return line(value) };
    for (name, member) in ordered(members) {
        let indent = "  ".repeat(depth);
        // writing to a string cannot fail
        let _ = match member {
            Json::Array(elements) if elements.iter().any(is_deep) => {
                elements.iter().try_for_each(|element| write!(out, "{}", text(element, depth)))
            }
            Json::Array(elements) => {
                let lines = elements.iter().map(|element| format!("{indent}  {}\n", line(element)));
                write!(out, "{indent}{name}\n{}", lines.collect::<String>())
            }
            member => writeln!(out, "{indent}{name:<14}{}", line(member)),
        };
    }
    out
}

fn is_deep(value: &Json) -> bool {
    matches!(value, Json::Object(members) if members.values().any(|member| member.is_array()))
}

fn line(value: &Json) -> String {
    match value {
        Json::Object(members) => {
            let each = ordered(members).into_iter().map(|(name, member)| format!("{name} {}", line(member)));
            each.collect::<Vec<_>>().join("  ")
        }
        Json::String(text) => text.clone(),
        Json::Null => "–".to_owned(),
        other => other.to_string(),
    }
}
