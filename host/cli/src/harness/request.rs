//! A request as the tree that files are read from, so that its keys are checked
//! and mended as those of a case are.
//!
//! Numbers keep the digits that were written, as they do in a file. A member
//! that is null counts as left out.

use sandgate_files::{Content, File, Node, Report, Section};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;

/// How deep a request goes at most; none that is known goes as deep.
const DEPTH_MAX: usize = 16;
/// The most members of one of its objects; none that is known has as many.
const MEMBERS_MAX: usize = 4_096;

/// Reads a line.
///
/// # Errors
/// Where it is no JSON, has a key twice, or is deeper than any request.
pub(super) fn read(line: &str) -> Result<File, String> {
    let json: &RawValue = serde_json::from_str(line).map_err(|error| format!("the request is no JSON: {error}"))?;
    let content = content(json.get(), 0)?;
    if !matches!(content, Some(Content::Table(_))) {
        return Err("a request is a JSON object, such as {\"load\": {\"component\": \"policy.wasm\"}}".to_owned());
    }
    let root = Node { line: 1, content: content.unwrap_or(Content::Table(Vec::new())) };
    Ok(File { path: PathBuf::new(), root })
}

/// Ends the reading of a request.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn done(section: &Section<'_>, report: &RefCell<Report>) -> Result<(), String> {
    section.done();
    let problems = &report.borrow().problems;
    if problems.is_empty() {
        return Ok(());
    }
    Err(told(problems.iter().map(|problem| (&*problem.key, &*problem.what))))
}

/// Problems as one text: where each is, if anywhere, and what is wrong.
pub(super) fn told<'a>(problems: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let one = |(key, what): (&str, &str)| if key.is_empty() { what.to_owned() } else { format!("{key}: {what}") };
    problems.map(one).collect::<Vec<_>>().join("; ")
}

/// What sound JSON says; nothing for null.
fn content(json: &str, depth: usize) -> Result<Option<Content>, String> {
    if depth > DEPTH_MAX {
        return Err(format!("the request is nested deeper than {DEPTH_MAX} levels"));
    }
    let wrong = |error: serde_json::Error| format!("the request is no JSON: {error}");
    let json = json.trim();
    Ok(Some(match json.as_bytes().first() {
        Some(b'n') | None => return Ok(None),
        Some(b't' | b'f') => Content::Flag(json == "true"),
        Some(b'"') => Content::Text(serde_json::from_str(json).map_err(wrong)?),
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(json).map_err(wrong)?;
            let node = |element: &&RawValue| match content(element.get(), depth + 1)? {
                Some(content) => Ok(Node { line: 1, content }),
                None => Err("an element of a list is null; leave it out".to_owned()),
            };
            Content::List(elements.iter().map(node).collect::<Result<_, String>>()?)
        }
        Some(b'{') => {
            let members = serde_json::Deserializer::from_str(json).deserialize_map(Members).map_err(wrong)?;
            if members.len() > MEMBERS_MAX {
                return Err(format!(
                    "an object of the request has {} keys; at most {MEMBERS_MAX} are allowed",
                    members.len()
                ));
            }
            let mut table: Vec<(String, Node)> = Vec::new();
            let mut names = std::collections::HashSet::new();
            for (name, value) in members {
                if !names.insert(name.clone()) {
                    return Err(format!("the request has the key `{name}` twice in one object; keep one"));
                }
                table.extend(content(value.get(), depth + 1)?.map(|content| (name, Node { line: 1, content })));
            }
            Content::Table(table)
        }
        Some(_) => Content::Number(json.to_owned()),
    }))
}

/// The members of an object in their order, and each as often as it stands there.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use sandgate_files::{Content, Node};

    fn shown(node: &Node) -> String {
        match &node.content {
            Content::Flag(flag) => flag.to_string(),
            Content::Number(digits) => digits.clone(),
            Content::Text(text) => format!("{text:?}"),
            Content::Date => "date".to_owned(),
            Content::List(elements) => elements.iter().map(shown).collect::<Vec<_>>().join(" "),
            Content::Table(members) => {
                members.iter().map(|(name, node)| format!("{name}={}", shown(node))).collect::<Vec<_>>().join("; ")
            }
        }
    }

    #[test]
    fn digits_are_kept_and_null_is_left_out() {
        let file = read(r#" {"a": 12.50, "b": null, "c": {"d": [1e2, "\u0041\n"], "e": true}, "f": ""} "#).unwrap();
        assert_eq!(shown(&file.root), r#"a=12.50; c=d=1e2 "A\n"; e=true; f="""#);
    }

    #[test]
    fn what_is_no_request_is_told() {
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000));
        let many: Vec<String> = (0..5_000).map(|at| format!("\"k{at}\": 1")).collect();
        let many = format!("{{{}}}", many.join(","));
        let table = [
            (&*many, "has 5000 keys; at most 4096 are allowed"),
            ("{\"a\": }", "no JSON"),
            ("{\"a\": 1} {}", "no JSON"),
            ("[1]", "a request is a JSON object"),
            ("null", "a request is a JSON object"),
            ("{\"a\": {\"b\": 1, \"b\": 2}}", "the key `b` twice"),
            ("{\"a\": [null]}", "null; leave it out"),
            (&deep, "deeper than 16 levels"),
        ];
        for (line, expected) in table {
            let error = read(line).err().unwrap();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
