//! How a policy is set up: the keys that a tenant's file and a case have in common.

use crate::{Content, Node, Section, known};
use sandgate_engine::document::{Given, Thresholds};

/// What a policy's parameters are set to.
pub fn parameters(section: &Section<'_>) -> Vec<(String, Given)> {
    let Some(parameters) = section.section("parameters") else { return Vec::new() };
    let names: Vec<&str> = parameters.names().collect();
    let mut all = Vec::new();
    for name in names {
        match parameters.node(name).and_then(given) {
            Some(given) => all.push((name.to_owned(), given)),
            None => parameters.problem(name, "must be a value or a list of values; write an instant in quotes"),
        }
    }
    parameters.done();
    all
}

/// A value as it was written; nothing for a table and for a bare date.
pub fn given(node: &Node) -> Option<Given> {
    Some(match &node.content {
        Content::Flag(flag) => Given::Flag(*flag),
        Content::Number(digits) => Given::Number(digits.clone()),
        Content::Text(text) => Given::Text(text.clone()),
        Content::List(elements) => Given::List(elements.iter().map(given).collect::<Option<_>>()?),
        Content::Table(_) | Content::Date => return None,
    })
}

/// From which score on which outcome is asked for.
pub fn thresholds(section: &Section<'_>) -> Thresholds {
    let Some(thresholds) = section.section("thresholds") else { return Thresholds::default() };
    let read = |name| {
        let node = thresholds.node(name)?;
        let number = match &node.content {
            Content::Number(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        };
        if number.is_none() {
            thresholds.problem(name, "must be a number on the policy's scale");
        }
        number
    };
    let all = Thresholds { review: read("review"), block: read("block") };
    for name in thresholds.written().filter(|name| !["review", "block"].contains(name)) {
        thresholds.problem(name, format!("is no threshold; {}", known(name, &["review", "block"])));
        thresholds.node(name);
    }
    thresholds.done();
    all
}
