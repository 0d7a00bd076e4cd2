//! Writing a case down: from what a policy was judged on to the file that an
//! author keeps.

use super::CaseTag;
use sandgate_engine::json;
use sandgate_model::manifest::{Origin, Setting};
use sandgate_model::{Manifest, Value as Of};
use serde_json::Value as Json;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

/// A case that is still to be written. Values stand as decisions print them.
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
    /// The records in order.
    pub steps: Vec<DraftStep>,
}

/// A record of a draft.
#[derive(Clone, Debug, Default)]
pub struct DraftStep {
    /// A line above it.
    pub comment: Option<String>,
    /// Tags that are set before it is sent.
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

impl DraftStep {
    /// A record that brings inputs about: fields are sent, tags are set, and what
    /// a window gives is set directly. With `direct` every input is.
    pub fn of(inputs: &[Option<Of>], manifest: &Manifest, direct: bool) -> DraftStep {
        let mut step = DraftStep::default();
        for (input, value) in manifest.inputs.iter().zip(inputs) {
            let json = value.as_ref().map(json_of);
            let free = |name: &str| !direct && name != "time" && !step.send.iter().any(|(sent, _)| sent == name);
            match (&input.from, json) {
                (Origin::Field(name), Some(json)) if free(name) => step.send.push((name.clone(), json)),
                // what a default stands in for is as absent as what has none
                (Origin::Field(name), None) if free(name) => {}
                (Origin::Tag(_), None) if !direct => {}
                (_, Some(json)) => step.inputs.push((input.name.clone(), json)),
                (_, None) => step.absent.push(input.name.clone()),
            }
        }
        if !direct {
            step.tagged(manifest);
        }
        step
    }

    /// Tags in the place of inputs that are tags, where their entity is plain.
    fn tagged(&mut self, manifest: &Manifest) {
        for input in &manifest.inputs {
            let Origin::Tag(tag) = &input.from else { continue };
            let Some(at) = self.inputs.iter().position(|(name, _)| *name == input.name) else { continue };
            let sent = self.send.iter().find(|(name, _)| *name == tag.by).map(|(_, id)| id.clone());
            let id = match &sent {
                Some(Json::String(id)) => id.clone(),
                Some(_) => continue,
                None => format!("{}-1", tag.by),
            };
            let value = match &self.inputs[at].1 {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let set = CaseTag { entity: tag.entity.clone(), id: id.clone(), attribute: tag.attribute.clone(), value };
            if !set.is_sound() || self.tags.iter().any(|other| other.contradicts(&set)) {
                continue;
            }
            if sent.is_none() {
                self.send.push((tag.by.clone(), Json::String(id)));
            }
            self.tags.push(set);
            self.inputs.remove(at);
        }
    }

    fn table(&self, first: bool) -> Table {
        let mut table = Table::new();
        let absent = self.absent.iter().map(String::as_str);
        let parts = [
            ("tags", tags(&self.tags)),
            ("send", inline(&self.send).or(Some(InlineTable::new().into()))),
            ("inputs", inline(&self.inputs)),
            ("absent", (!self.absent.is_empty()).then(|| Array::from_iter(absent).into())),
            ("expect", inline(&self.expect)),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                table.insert(name, Item::Value(value));
            }
        }
        let comment = self.comment.as_ref().map_or(String::new(), |comment| format!("# {comment}\n"));
        table.decor_mut().set_prefix(format!("{}{comment}", if first { "" } else { "\n" }));
        table
    }
}

impl Draft {
    /// The parameters of settings that are not the defaults.
    pub fn set(&mut self, settings: &[Setting], manifest: &Manifest) {
        for (parameter, set) in manifest.parameters.iter().zip(settings) {
            if parameter.default.as_ref() != Some(set) {
                let json = match set {
                    Setting::One(value) => json_of(value),
                    Setting::List(values) => values.iter().map(json_of).collect(),
                };
                self.parameters.push((parameter.name.clone(), json));
            }
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
        let bare = document.is_empty();
        let mut steps = ArrayOfTables::new();
        for (at, step) in self.steps.iter().enumerate() {
            steps.push(step.table(bare && at == 0));
        }
        document.insert("step", Item::ArrayOfTables(steps));
        let comment: String = self.comment.iter().map(|line| format!("# {line}\n")).collect();
        format!("{comment}{document}")
    }
}

/// `{ ENTITY = { ID = { ATTRIBUTE = VALUE } } }`.
fn tags(all: &[CaseTag]) -> Option<Value> {
    let mut entities = serde_json::Map::new();
    for tag in all {
        let ids = entities.entry(&tag.entity).or_insert_with(|| Json::Object(serde_json::Map::new()));
        ids[&tag.id][&tag.attribute] = Json::from(tag.value.as_str());
    }
    toml_of(&Json::Object(entities)).filter(|_| !all.is_empty())
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
