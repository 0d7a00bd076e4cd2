//! The values of a case: what is sent, what is set, what is stored.

use super::CaseTag;
use sandgate_engine::document::Given;
use sandgate_engine::resolve::mend;
use sandgate_files::setup::given;
use sandgate_files::{Content, Node, Section};
use sandgate_tags::Tag;

/// The members of a table of values.
pub fn values<'a>(section: &Section<'a>, name: &'a str) -> Vec<(String, Given)> {
    let Some(table) = section.section(name) else { return Vec::new() };
    let mut all = Vec::new();
    for name in table.names().collect::<Vec<_>>() {
        match table.node(name).and_then(value) {
            Some(given) => all.push((name.to_owned(), given)),
            None => table.problem(name, "must be a text, a number, or true or false; write a time in quotes"),
        }
    }
    table.done();
    all
}

/// A value that JSON can carry as it stands.
fn value(node: &Node) -> Option<Given> {
    given(node).filter(|given| match given {
        Given::Number(digits) => serde_json::from_str::<serde_json::Number>(digits).is_ok(),
        Given::List(_) => false,
        _ => true,
    })
}

/// `tags.ENTITY.ID.ATTRIBUTE = VALUE`.
pub(super) fn tags(section: &Section<'_>) -> Vec<CaseTag> {
    let Some(entities) = section.section("tags") else { return Vec::new() };
    let mut all = Vec::new();
    for entity in entities.names().collect::<Vec<_>>() {
        let Some(ids) = entities.section(entity) else { continue };
        for id in ids.names().collect::<Vec<_>>() {
            let Some(attributes) = ids.section(id) else { continue };
            for attribute in attributes.names().collect::<Vec<_>>() {
                let Some(value) = attributes.node(attribute).and_then(tag_value) else {
                    attributes.problem(attribute, "must be a text, a number, or true or false");
                    continue;
                };
                if let Err(error) = (Tag { entity, id, attribute, value: &value }).check() {
                    attributes.problem(attribute, error);
                }
                let [entity, id, attribute] = [entity, id, attribute].map(str::to_owned);
                all.push(CaseTag { entity, id, attribute, value });
            }
            attributes.done();
        }
        ids.done();
    }
    entities.done();
    all
}

/// The text that a tag is stored as.
pub fn tag_value(node: &Node) -> Option<String> {
    match &node.content {
        Content::Text(text) | Content::Number(text) => Some(text.clone()),
        Content::Flag(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A name of a list that must be one of these.
pub(super) fn known(section: &Section<'_>, key: &str, names: &[String], all: &[&str], what: &str) {
    for name in names.iter().filter(|name| !all.contains(&name.as_str())) {
        section.problem(key, format!("the policy has no {what} `{name}`; {}", mend(name, all.iter().copied())));
    }
}
