//! The window of an input, from JSON: which aggregate needs what.

use super::json::{Json, Node, Problems};
use super::typed::{length_ms, one_of, outside_name, outside_names, own_name, text};
use super::{Aggregate, CalendarUnit, Condition, Origin, Parameter, Relation, Span, Test, Window};
use crate::nearest::nearest;
use crate::{Kind, Value};
use jiff::tz::TimeZoneDatabase;

/// Fields that make a key, at most.
const BY_MAX: usize = 8;
/// Conditions of a window, and sources, at most.
const CONDITIONS_MAX: usize = 16;
/// Values of one condition, at most.
const VALUES_MAX: usize = 256;

const AGGREGATES: [(&str, Aggregate); 10] = [
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("mean", Aggregate::Mean),
    ("minimum", Aggregate::Minimum),
    ("maximum", Aggregate::Maximum),
    ("deviation", Aggregate::Deviation),
    ("distinct", Aggregate::Distinct),
    ("first_seen", Aggregate::FirstSeen),
    ("last_seen", Aggregate::LastSeen),
    ("latest", Aggregate::Latest),
];

const UNITS: [(&str, CalendarUnit); 4] = [
    ("hour", CalendarUnit::Hour),
    ("day", CalendarUnit::Day),
    ("week", CalendarUnit::Week),
    ("month", CalendarUnit::Month),
];

/// The words that compare a field with a parameter.
const OF_PARAMETERS: [(&str, Relation); 4] = [
    ("any_of_parameter", Relation::AnyOf),
    ("none_of_parameter", Relation::NoneOf),
    ("at_least_parameter", Relation::AtLeast),
    ("below_parameter", Relation::Below),
];

/// Reads a window whose input is of this kind.
pub(super) fn window(node: &Node<'_>, kind: Option<Kind>, problems: &mut Problems) -> Option<Window> {
    const WORDS: [&str; 7] = ["aggregate", "of", "by", "span", "current", "only", "sources"];
    let object = node.object(&WORDS, problems)?;
    let aggregate = object.need("aggregate", problems).and_then(|node| one_of(&node, &AGGREGATES, problems));
    let of = object.get("of");
    if let Some(aggregate) = aggregate {
        let takes_none = matches!(aggregate, Aggregate::Count | Aggregate::FirstSeen | Aggregate::LastSeen);
        match &of {
            Some(of) if takes_none => {
                problems.at(&of.place, "names a field, but this aggregate is of the events themselves; take it out");
            }
            None if !takes_none => {
                problems.at(&object.place, "lacks the word \"of\": the field that this aggregate is computed of");
            }
            _ => {}
        }
        if let Some(kind) = kind {
            suits(aggregate, kind, &object.place_of("aggregate"), problems);
        }
    }
    let of = of.map(|node| outside_name(&node, problems));
    let by = object.need("by", problems).and_then(|node| {
        let by = outside_names(&node, BY_MAX, problems)?;
        if by.is_empty() {
            problems.at(&node.place, "must name the fields that make the key, at least one");
        }
        Some(by)
    });
    let span = object.need("span", problems).and_then(|node| span(&node, problems));
    let current = object.get("current").map(|node| node.flag(problems));
    let only = object.get("only").map(|node| conditions(&node, problems));
    let sources = object.get("sources").map(|node| outside_names(&node, CONDITIONS_MAX, problems));
    Some(Window {
        aggregate: aggregate?,
        of: match of {
            Some(of) => Some(of?),
            None => None,
        },
        by: by?,
        span: span?,
        current: current.unwrap_or(Some(true))?,
        only: only.unwrap_or(Some(Vec::new()))?,
        sources: sources.unwrap_or(Some(Vec::new()))?,
    })
}

/// Notes a kind that an aggregate does not give. A sum, a mean and a deviation
/// are computed exactly, so that they do not depend on the order of events:
/// that needs operands that are integers or decimals.
fn suits(aggregate: Aggregate, kind: Kind, place: &str, problems: &mut Problems) {
    let (suits, gives) = match aggregate {
        Aggregate::Count | Aggregate::Distinct => (Kind::Integer.reads_as(kind), "an integer"),
        Aggregate::Sum => (
            matches!(kind, Kind::Integer | Kind::Decimal { .. }),
            "an integer or a decimal, because a sum of floats would depend on their order",
        ),
        Aggregate::Mean | Aggregate::Deviation => (kind == Kind::Number, "a number"),
        Aggregate::Minimum | Aggregate::Maximum => {
            (!matches!(kind, Kind::Flag | Kind::Text), "an integer, number, decimal or instant")
        }
        Aggregate::FirstSeen | Aggregate::LastSeen => (kind == Kind::Instant, "an instant"),
        Aggregate::Latest => (true, "the field's kind"),
    };
    if !suits {
        problems.at(place, format_args!("gives {gives}, but the input's kind is {kind}; change the kind"));
    }
}

fn span(node: &Node<'_>, problems: &mut Problems) -> Option<Span> {
    const FORMS: [&str; 4] = ["sliding", "tumbling", "calendar", "session"];
    let object = node.object(&FORMS, problems)?;
    let forms: Vec<_> = FORMS.into_iter().filter_map(|form| object.get(form).map(|node| (form, node))).collect();
    let [(form, node)] = forms.as_slice() else {
        problems.at(&node.place, format_args!("must say exactly one of {}", FORMS.join(", ")));
        return None;
    };
    match *form {
        "sliding" => sliding(node, problems),
        "tumbling" => {
            let object = node.object(&["length", "offset"], problems)?;
            let length = object.need("length", problems).and_then(|node| length_ms(&node, 1, problems));
            let offset = object.get("offset").map_or(Some(0), |node| length_ms(&node, 0, problems));
            if let (Some(length), Some(offset)) = (length, offset)
                && offset >= length
            {
                problems.at(&object.place, "has an offset that is not less than its length");
            }
            Some(Span::Tumbling { length: length?, offset: offset? })
        }
        "calendar" => {
            let object = node.object(&["unit", "zone"], problems)?;
            let unit = object.need("unit", problems).and_then(|node| one_of(&node, &UNITS, problems));
            let zone = object.need("zone", problems).and_then(|node| zone(&node, problems));
            Some(Span::Calendar { unit: unit?, zone: zone? })
        }
        _ => {
            let object = node.object(&["gap", "longest"], problems)?;
            let gap = object.need("gap", problems).and_then(|node| length_ms(&node, 1, problems));
            let longest = object.need("longest", problems).and_then(|node| length_ms(&node, 1, problems));
            if let (Some(gap), Some(longest)) = (gap, longest)
                && gap > longest
            {
                problems.at(&object.place, "has a gap longer than its longest session");
            }
            Some(Span::Session { gap: gap?, longest: longest? })
        }
    }
}

fn sliding(node: &Node<'_>, problems: &mut Problems) -> Option<Span> {
    let object = node.object(&["length", "delay", "closed", "resolution"], problems)?;
    let length = object.need("length", problems).and_then(|node| length_ms(&node, 1, problems));
    let delay = object.get("delay").map_or(Some(0), |node| length_ms(&node, 0, problems));
    let closed = object.get("closed").map_or(Some(false), |node| node.flag(problems));
    let resolution = object.get("resolution").map(|node| length_ms(&node, 1, problems));
    if let (Some(length), Some(Some(resolution))) = (length, resolution)
        && resolution > length
    {
        problems.at(&object.place, "has a resolution longer than its length");
    }
    Some(Span::Sliding {
        length: length?,
        delay: delay?,
        closed: closed?,
        resolution: match resolution {
            Some(resolution) => Some(resolution?),
            None => None,
        },
    })
}

/// Reads the name of a zone of the bundled database, as that one spells it.
fn zone(node: &Node<'_>, problems: &mut Problems) -> Option<String> {
    let name = outside_name(node, problems)?;
    let zones = TimeZoneDatabase::bundled();
    if let Some(known) = zones.get(&name).ok().and_then(|zone| zone.iana_name().map(str::to_owned)) {
        return Some(known);
    }
    let names: Vec<String> = zones.available().map(|name| name.as_str().to_owned()).collect();
    let mend = match nearest(&name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "use an IANA name such as \"Asia/Shanghai\"".to_owned(),
    };
    problems.at(&node.place, format_args!("is the zone {name:?}, which the zone database does not know; {mend}"));
    None
}

fn conditions(node: &Node<'_>, problems: &mut Problems) -> Option<Vec<Condition>> {
    let nodes = node.list(CONDITIONS_MAX, problems)?;
    let read: Vec<_> = nodes.iter().map(|node| condition(node, problems)).collect();
    read.into_iter().collect()
}

fn condition(node: &Node<'_>, problems: &mut Problems) -> Option<Condition> {
    const WORDS: [&str; 9] = [
        "field",
        "any_of",
        "none_of",
        "at_least",
        "below",
        "any_of_parameter",
        "none_of_parameter",
        "at_least_parameter",
        "below_parameter",
    ];
    const TESTS: &[&str] = WORDS.split_at(1).1;
    let object = node.object(&WORDS, problems)?;
    let field = object.need("field", problems).and_then(|node| outside_name(&node, problems));
    let tests: Vec<_> = TESTS.iter().copied().filter_map(|test| object.get(test).map(|node| (test, node))).collect();
    let [(word, node)] = tests.as_slice() else {
        problems.at(&object.place, format_args!("must say exactly one of {}", TESTS.join(", ")));
        return None;
    };
    let test = match *word {
        "any_of" => Test::AnyOf(operands(node, problems)?),
        "none_of" => Test::NoneOf(operands(node, problems)?),
        word if let Some((_, relation)) = OF_PARAMETERS.iter().find(|(known, _)| *known == word) => {
            let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
            Test::Set(*relation, own_name(node, letter, '_', "\"per_minute\"", problems)?)
        }
        word => {
            let operand = operand(node, problems)?;
            if let Value::Flag(_) = operand {
                problems.at(&node.place, "is true or false, which have no order; use any_of");
                return None;
            }
            if word == "below" { Test::Below(operand) } else { Test::AtLeast(operand) }
        }
    };
    Some(Condition { field: field?, test })
}

/// Notes conditions of the input at this place that name no parameter, or one
/// that they cannot be compared with. `parameters` are those that could be read,
/// and `names` all of them.
pub(super) fn check_parameters(
    at: usize,
    from: &Origin,
    names: &[Option<&str>],
    parameters: &[Option<Parameter>],
    problems: &mut Problems,
) {
    let Origin::Window(window) = from else { return };
    for (condition_at, condition) in window.only.iter().enumerate() {
        let Test::Set(relation, name) = &condition.test else { continue };
        let word = OF_PARAMETERS.iter().find(|(_, known)| known == relation).map_or("", |(word, _)| word);
        let place = format!("inputs[{at}].from.window.only[{condition_at}].{word}");
        let Some(found) = names.iter().position(|known| *known == Some(name)) else {
            match nearest(name, names.iter().copied().flatten()) {
                Some(near) => {
                    problems.at(&place, format_args!("is {name:?}, which is no parameter; did you mean {near:?}?"))
                }
                None => problems.at(&place, format_args!("is {name:?}, which is no parameter; declare it")),
            }
            continue;
        };
        let ordered = matches!(relation, Relation::AtLeast | Relation::Below);
        match parameters.get(found).and_then(Option::as_ref) {
            Some(parameter) if ordered && parameter.list => {
                problems.at(&place, format_args!("is {name:?}, which is a list; a list belongs to any_of_parameter"));
            }
            Some(parameter) if ordered && matches!(parameter.kind, Kind::Flag | Kind::Text) => {
                problems.at(&place, format_args!("is {name:?}, a {}, which has no order", parameter.kind));
            }
            _ => {}
        }
    }
}

fn operands(node: &Node<'_>, problems: &mut Problems) -> Option<Vec<Value>> {
    let nodes = node.list(VALUES_MAX, problems)?;
    if nodes.is_empty() {
        problems.at(&node.place, "is empty; name at least one value");
    }
    let read: Vec<_> = nodes.iter().map(|node| operand(node, problems)).collect();
    read.into_iter().collect()
}

/// A value that a field is compared with. The field's kind stands in the schema
/// of a source, which a policy does not know; so a decimal or an instant is
/// still a text here, and whoever has the schema reads it on.
fn operand(node: &Node<'_>, problems: &mut Problems) -> Option<Value> {
    match node.json {
        Json::Flag(flag) => Some(Value::Flag(*flag)),
        Json::Integer(integer) => Some(Value::Integer(*integer)),
        Json::Number(_) => node.number(problems).map(Value::Number),
        Json::Text(_) => text(node, 1_024, problems).map(|text| Value::Text(text.to_owned())),
        _ => {
            node.expected("a text, an integer, a number, true or false", problems);
            None
        }
    }
}
