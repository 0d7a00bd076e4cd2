//! What a manifest declares, in words.

use sandgate_model::manifest::{
    Aggregate, CalendarUnit, Condition, Input, Origin, Parameter, Relation, Setting, Span, Tag, Test, Window,
};
use sandgate_model::{Kind, Value};

/// The kind; a decimal with its digits.
pub(super) fn kind(kind: Kind) -> String {
    match kind {
        Kind::Decimal { scale: 1 } => "decimal, 1 digit".to_owned(),
        Kind::Decimal { scale } => format!("decimal, {scale} digits"),
        kind => kind.word().to_owned(),
    }
}

/// What stands in where there is no value.
pub(super) fn absent(input: &Input) -> String {
    let empty_is_zero =
        |window: &Window| matches!(window.aggregate, Aggregate::Count | Aggregate::Sum | Aggregate::Distinct);
    match (&input.default, &input.from) {
        (Some(default), _) => default.to_string(),
        (None, Origin::Window(window)) if empty_is_zero(window) => "0".to_owned(),
        (None, _) if input.optional => "absent".to_owned(),
        (None, _) => "fault".to_owned(),
    }
}

/// What an input or a parameter may be.
pub(super) fn bounds(minimum: Option<&Value>, maximum: Option<&Value>) -> String {
    match (minimum, maximum) {
        (Some(minimum), Some(maximum)) => format!("{minimum} to {maximum}"),
        (Some(minimum), None) => format!("{minimum} or more"),
        (None, Some(maximum)) => format!("{maximum} or less"),
        (None, None) => "any".to_owned(),
    }
}

/// What a tenant may set a parameter to.
pub(super) fn allowed(parameter: &Parameter) -> String {
    let mut allowed = match parameter.any_of.as_slice() {
        [] => bounds(parameter.minimum.as_ref(), parameter.maximum.as_ref()),
        any_of => listed(any_of, "or"),
    };
    if let Some(longest) = parameter.longest {
        allowed.push_str(&format!(", at most {longest} of them"));
    }
    allowed
}

/// What a parameter is where the tenant says nothing.
pub(super) fn default(parameter: &Parameter) -> String {
    /// The elements of a list that are shown.
    const SHOWN: usize = 4;
    match &parameter.default {
        None => "must be set".to_owned(),
        Some(Setting::One(value)) => value.to_string(),
        Some(Setting::List(values)) => {
            let shown: Vec<_> = values.iter().take(SHOWN).map(Value::to_string).collect();
            let more = if values.len() > SHOWN { format!(", … {} in all", values.len()) } else { String::new() };
            format!("[{}{more}]", shown.join(", "))
        }
    }
}

/// Where an input comes from.
pub(super) fn source(origin: &Origin) -> String {
    match origin {
        Origin::Field(name) => format!("field {name}"),
        Origin::Tag(Tag { entity, by, attribute }) if entity == by => format!("tag {attribute} of {entity}"),
        Origin::Tag(Tag { entity, by, attribute }) => format!("tag {attribute} of the {entity} in field {by}"),
        Origin::Window(window) => self::window(window),
    }
}

fn window(window: &Window) -> String {
    let aggregate = aggregate(window.aggregate);
    let of = window.of.as_ref().map_or(String::new(), |of| format!(" {of}"));
    let by = window.by.join(" and ");
    let mut told = format!("{aggregate}{of} by {by} {}", span(&window.span));
    if !window.sources.is_empty() {
        told.push_str(&format!(", of source {}", window.sources.join(" and ")));
    }
    if !window.only.is_empty() {
        let conditions: Vec<_> = window.only.iter().map(condition).collect();
        told.push_str(&format!(", where {}", conditions.join(" and ")));
    }
    if !window.current {
        told.push_str(", without this transaction");
    }
    told
}

fn aggregate(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "count",
        Aggregate::Sum => "sum of",
        Aggregate::Mean => "mean of",
        Aggregate::Minimum => "least",
        Aggregate::Maximum => "greatest",
        Aggregate::Deviation => "deviation of",
        Aggregate::Distinct => "distinct values of",
        Aggregate::FirstSeen => "first seen",
        Aggregate::LastSeen => "last seen",
        Aggregate::Latest => "latest",
    }
}

fn span(span: &Span) -> String {
    match span {
        Span::Sliding { length, delay, closed, resolution } => {
            let mut told = match delay {
                0 => format!("in the last {}", time(*length)),
                delay => format!("in the {} that ended {} ago", time(*length), time(*delay)),
            };
            if *closed {
                told.push_str(", its first moment too");
            }
            if let Some(resolution) = resolution {
                told.push_str(&format!(", in steps of {}", time(*resolution)));
            }
            told
        }
        Span::Tumbling { length, offset: 0 } => format!("in the running {}", time(*length)),
        Span::Tumbling { length, offset } => format!("in the running {}, shifted by {}", time(*length), time(*offset)),
        Span::Calendar { unit, zone } => {
            let unit = match unit {
                CalendarUnit::Hour => "hour",
                CalendarUnit::Day => "day",
                CalendarUnit::Week => "week",
                CalendarUnit::Month => "month",
            };
            format!("in the running {unit} of {zone}")
        }
        Span::Session { gap, longest } => {
            format!("since the last silence of {}, at most {}", time(*gap), time(*longest))
        }
    }
}

fn condition(Condition { field, test }: &Condition) -> String {
    match test {
        Test::AnyOf(values) => format!("{field} is {}", listed(values, "or")),
        Test::NoneOf(values) => format!("{field} is not {}", listed(values, "or")),
        Test::AtLeast(value) => format!("{field} is {value} or more"),
        Test::Below(value) => format!("{field} is below {value}"),
        Test::Set(Relation::AnyOf, name) => format!("{field} is in parameter {name}"),
        Test::Set(Relation::NoneOf, name) => format!("{field} is not in parameter {name}"),
        Test::Set(Relation::AtLeast, name) => format!("{field} is at least parameter {name}"),
        Test::Set(Relation::Below, name) => format!("{field} is below parameter {name}"),
    }
}

/// `"a", "b" or "c"`.
fn listed(values: &[Value], joint: &str) -> String {
    let values: Vec<_> = values.iter().map(Value::to_string).collect();
    match values.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} {joint} {last}", before.join(", ")),
        _ => values.concat(),
    }
}

/// Milliseconds in the largest unit that fits: `24h` is a day.
fn time(milliseconds: i64) -> String {
    const UNITS: [(&str, i64); 4] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let fits = UNITS.iter().find(|(_, unit)| milliseconds % unit == 0);
    fits.map_or(format!("{milliseconds}ms"), |(word, unit)| format!("{}{word}", milliseconds / unit))
}
