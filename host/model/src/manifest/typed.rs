//! Values in a manifest: defaults and bounds of a kind, names, lengths of time.

use super::json::{Json, Node, Object, Problems, shown};
use super::message::is_deceptive;
use crate::quantity::parse_duration;
use crate::{Decimal, Instant, Kind, Value};
use std::cmp::Ordering;

/// Bytes of a text that a manifest may give as a value.
const TEXT_BYTES_MAX: usize = 1_024;
/// Bytes of the name of a field, an entity, a source.
const OUTSIDE_NAME_BYTES_MAX: usize = 128;
/// The longest length of time of a window: ten years of days.
const LENGTH_MS_MAX: i64 = 3_660 * 86_400_000;

/// Reads a value of a kind. Decimals are texts, so that no reader of JSON makes
/// floats of them; where nothing can be lost an integer will do.
pub(super) fn value(node: &Node<'_>, kind: Kind, problems: &mut Problems) -> Option<Value> {
    match kind {
        Kind::Flag => node.flag(problems).map(Value::Flag),
        Kind::Integer => node.integer(problems).map(Value::Integer),
        Kind::Number => node.number(problems).map(Value::Number),
        Kind::Text => text(node, TEXT_BYTES_MAX, problems).map(|text| Value::Text(text.to_owned())),
        Kind::Decimal { scale } => {
            let parsed = match node.json {
                Json::Text(text) => Decimal::parse(text, scale),
                Json::Integer(integer) => Decimal::parse(&integer.to_string(), scale),
                _ => {
                    node.expected("a decimal written as a text, such as \"12.50\"", problems);
                    return None;
                }
            };
            parsed.map(Value::Decimal).map_err(|error| problems.at(&node.place, error)).ok()
        }
        Kind::Instant => {
            let parsed = Instant::parse_rfc3339(node.text(problems)?);
            parsed.map(Value::Instant).map_err(|error| problems.at(&node.place, error)).ok()
        }
    }
}

/// The two bounds of an input or a parameter.
pub(super) struct Bounds {
    pub(super) minimum: Option<Value>,
    pub(super) maximum: Option<Value>,
}

impl Bounds {
    pub(super) fn read(object: &Object<'_>, kind: Kind, problems: &mut Problems) -> Bounds {
        let mut bound = |word| {
            let node = object.get(word)?;
            if matches!(kind, Kind::Flag | Kind::Text) {
                problems.at(&node.place, format_args!("bounds a {kind}, which has no order; take it out"));
                return None;
            }
            value(&node, kind, problems)
        };
        let bounds = Bounds { minimum: bound("minimum"), maximum: bound("maximum") };
        if let (Some(minimum), Some(maximum)) = (&bounds.minimum, &bounds.maximum)
            && minimum.order(maximum) == Some(Ordering::Greater)
        {
            problems.at(&object.place, "has a minimum above its maximum; no value would do");
        }
        bounds
    }

    /// Notes a value outside of the bounds.
    pub(super) fn check(&self, value: &Value, place: &str, problems: &mut Problems) {
        if let Some(minimum) = &self.minimum
            && value.order(minimum) == Some(Ordering::Less)
        {
            problems.at(place, "is below the minimum; move one of the two");
        }
        if let Some(maximum) = &self.maximum
            && value.order(maximum) == Some(Ordering::Greater)
        {
            problems.at(place, "is above the maximum; move one of the two");
        }
    }
}

/// Reads a text of at most so many bytes without characters that deceive.
pub(super) fn text<'a>(node: &Node<'a>, bytes_max: usize, problems: &mut Problems) -> Option<&'a str> {
    let text = node.text(problems)?;
    if text.len() > bytes_max {
        problems.at(&node.place, format_args!("has {} bytes; at most {bytes_max} are allowed", text.len()));
        return None;
    }
    if let Some(hidden) = text.chars().find(|c| is_deceptive(*c) && *c != '\n') {
        problems.at(&node.place, format_args!("has the invisible character {}; take it out", hidden.escape_unicode()));
        return None;
    }
    Some(text)
}

/// Reads the name of something outside of the policy: a field, an entity, a source.
pub(super) fn outside_name(node: &Node<'_>, problems: &mut Problems) -> Option<String> {
    let name = text(node, OUTSIDE_NAME_BYTES_MAX, problems)?;
    if name.is_empty() || name.contains('\n') {
        problems.at(&node.place, "must be a name, on one line and not empty");
        return None;
    }
    Some(name.to_owned())
}

/// Reads a list of such names, no two the same.
pub(super) fn outside_names(node: &Node<'_>, most: usize, problems: &mut Problems) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for element in node.list(most, problems)? {
        let Some(name) = outside_name(&element, problems) else { continue };
        if names.contains(&name) {
            problems.at(&element.place, format_args!("names {name:?} again; once is enough"));
        }
        names.push(name);
    }
    Some(names)
}

/// Reads a name that the policy gives: letters, digits and `separator`, at
/// most 64, the first one a letter that `letter` accepts.
pub(super) fn own_name(
    node: &Node<'_>,
    letter: fn(char) -> bool,
    separator: char,
    example: &str,
    problems: &mut Problems,
) -> Option<String> {
    let name = node.text(problems)?;
    let starts = name.starts_with(letter);
    let follows = name.chars().all(|c| letter(c) || c.is_ascii_digit() || c == separator);
    if !starts || !follows || name.len() > 64 {
        problems.at(&node.place, format_args!("must be a name of at most 64 characters such as {example}"));
        return None;
    }
    Some(name.to_owned())
}

/// Reads a length of time in milliseconds, at least so many.
pub(super) fn length_ms(node: &Node<'_>, least: i64, problems: &mut Problems) -> Option<i64> {
    let length = match parse_duration(node.text(problems)?) {
        Ok(length) => length,
        Err(error) => {
            problems.at(&node.place, error);
            return None;
        }
    };
    let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    if length.subsec_micros() % 1_000 != 0 {
        problems.at(&node.place, "must be whole milliseconds: event times have no more");
    } else if millis < least {
        problems.at(&node.place, "must be longer than nothing");
    } else if millis > LENGTH_MS_MAX {
        problems.at(&node.place, "must be at most 3660 days");
    } else {
        return Some(millis);
    }
    None
}

/// Reads one word of a closed list.
pub(super) fn one_of<T: Copy>(node: &Node<'_>, words: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let word = node.text(problems)?;
    let found = words.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let known: Vec<_> = words.iter().map(|(known, _)| *known).collect();
        problems.at(&node.place, format_args!("is {:?}; it must be one of {}", shown(word), known.join(", ")));
    }
    found.map(|(_, meaning)| *meaning)
}
