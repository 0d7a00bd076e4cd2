//! Writing a case down: from what a policy was judged on to the file that an
//! author keeps.

use super::CaseTag;
use crate::sample::Sample;
use sandgate_engine::json;
use sandgate_model::manifest::{Origin, Setting};
use sandgate_model::{Manifest, Value as Of};
use serde_json::Value as Json;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

/// A case of one step, still to be written. Values stand as decisions print them.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Lines of the comment at the top.
    pub comment: Vec<String>,
    /// What it shows.
    pub about: Option<String>,
    /// When it happens, as RFC 3339.
    pub at: Option<String>,
    /// Parameters that are not left at their default.
    pub parameters: Vec<(String, Json)>,
    /// Outcomes by score: `review`, `block`.
    pub thresholds: Vec<(String, Json)>,
    /// The budget.
    pub fuel: Option<u64>,
    /// Tags.
    pub tags: Vec<CaseTag>,
    /// What is sent.
    pub send: Vec<(String, Json)>,
    /// Inputs that are set directly.
    pub inputs: Vec<(String, Json)>,
    /// Inputs that are absent.
    pub absent: Vec<String>,
    /// What is expected.
    pub expect: Vec<(String, Json)>,
}

impl Draft {
    /// A case that brings a sample about: fields are sent, tags are set, and what
    /// a window gave is set directly. With `direct` every input is.
    pub fn of(sample: &Sample, manifest: &Manifest, direct: bool) -> Draft {
        let mut draft = Draft::default();
        for (input, value) in manifest.inputs.iter().zip(&sample.inputs) {
            let json = value.as_ref().map(json_of);
            let taken = |name: &str, draft: &Draft| draft.send.iter().any(|(sent, _)| sent == name);
            match (&input.from, json) {
                (Origin::Field(name), Some(json)) if !direct && name != "time" && !taken(name, &draft) => {
                    draft.send.push((name.clone(), json));
                }
                // what a default stands in for is as absent as what has none
                (Origin::Field(name), None) if !direct && name != "time" && !taken(name, &draft) => {}
                (Origin::Tag(_), None) if !direct => {}
                (_, Some(json)) => draft.inputs.push((input.name.clone(), json)),
                (_, None) => draft.absent.push(input.name.clone()),
            }
        }
        for (parameter, set) in manifest.parameters.iter().zip(&sample.settings) {
            if parameter.default.as_ref() != Some(set) {
                let json = match set {
                    Setting::One(value) => json_of(value),
                    Setting::List(values) => values.iter().map(json_of).collect(),
                };
                draft.parameters.push((parameter.name.clone(), json));
            }
        }
        if !direct {
            draft.tagged(manifest);
        }
        draft
    }

    /// Tags in the place of inputs that are tags, where their entity is plain.
    fn tagged(&mut self, manifest: &Manifest) {
        for input in &manifest.inputs {
            let Origin::Tag(tag) = &input.from else { continue };
            let Some(at) = self.inputs.iter().position(|(name, _)| *name == input.name) else { continue };
            let sent = self.send.iter().find(|(name, _)| *name == tag.by).map(|(_, id)| id.clone());
            let id = match sent {
                Some(Json::String(id)) => id,
                Some(_) => continue,
                None if tag.by == "account" => "account-1".to_owned(),
                None => format!("{}-1", tag.by),
            };
            let value = match &self.inputs[at].1 {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let set = CaseTag { entity: tag.entity.clone(), id, attribute: tag.attribute.clone(), value };
            let name =
                sandgate_tags::Tag { entity: &set.entity, id: &set.id, attribute: &set.attribute, value: &set.value };
            let same = |other: &CaseTag| {
                (&other.entity, &other.id, &other.attribute) == (&set.entity, &set.id, &set.attribute)
            };
            if name.check().is_err() || self.tags.iter().any(|other| same(other) && *other != set) {
                continue;
            }
            if !self.send.iter().any(|(name, _)| *name == tag.by) {
                self.send.push((tag.by.clone(), Json::String(set.id.clone())));
            }
            self.tags.push(set);
            self.inputs.remove(at);
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut document = DocumentMut::new();
        let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        let head = [
            ("about", text(&self.about)),
            ("at", text(&self.at)),
            ("parameters", inline(&self.parameters)),
            ("thresholds", inline(&self.thresholds)),
            ("fuel", self.fuel.and_then(|fuel| i64::try_from(fuel).ok()).map(Value::from)),
        ];
        for (name, value) in head {
            if let Some(value) = value {
                document.insert(name, Item::Value(value));
            }
        }
        for tag in &self.tags {
            let entities = document.entry("tags").or_insert_with(implicit);
            let ids = entities.as_table_mut().map(|table| table.entry(&tag.entity).or_insert_with(implicit));
            let attributes =
                ids.and_then(Item::as_table_mut).map(|table| table.entry(&tag.id).or_insert_with(Item::default));
            if let Some(attributes) = attributes {
                if attributes.is_none() {
                    *attributes = Item::Table(Table::new());
                }
                attributes[&tag.attribute] = Item::Value(tag.value.as_str().into());
            }
        }
        let mut step = Table::new();
        let absent = self.absent.iter().map(String::as_str);
        let parts = [
            ("send", inline(&self.send).or(Some(InlineTable::new().into()))),
            ("inputs", inline(&self.inputs)),
            ("absent", (!self.absent.is_empty()).then(|| Array::from_iter(absent).into())),
            ("expect", inline(&self.expect)),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                step.insert(name, Item::Value(value));
            }
        }
        let mut steps = ArrayOfTables::new();
        steps.push(step);
        document.insert("step", Item::ArrayOfTables(steps));
        let comment: String = self.comment.iter().map(|line| format!("# {line}\n")).collect();
        format!("{comment}{document}")
    }
}

/// A table that has no header of its own.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn inline(members: &[(String, Json)]) -> Option<Value> {
    let known = members.iter().filter_map(|(name, json)| Some((name.as_str(), toml_of(json)?)));
    (!members.is_empty()).then(|| InlineTable::from_iter(known).into())
}

/// A value as TOML has it; nothing where there is none.
fn toml_of(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(elements) => Array::from_iter(elements.iter().filter_map(toml_of)).into(),
        Json::Object(members) => {
            InlineTable::from_iter(members.iter().filter_map(|(name, json)| Some((name.as_str(), toml_of(json)?))))
                .into()
        }
    })
}

/// A value as decisions print it.
pub fn json_of(value: &Of) -> Json {
    let mut out = Vec::new();
    json::value(&mut out, value.borrowed());
    serde_json::from_slice(&out).unwrap_or(Json::Null)
}
