//! `#[window(…)]`: an aggregate over the events of one key.

use crate::bounds::{Bounds, set};
use crate::conditions::{Condition, Mention, conditions};
use crate::errors::Errors;
use crate::json::{Object, array, texts};
use crate::literal::Literal;
use crate::names::quoted_of_host;
use crate::shape::{Kind, Shape};
use crate::words::{Word, unknown, words};
use crate::{json, time};
use proc_macro2::TokenStream;
use std::collections::HashMap;
use syn::{Attribute, Ident};

/// The kinds that the same struct reads fields of the transaction as.
pub(crate) type Operands = HashMap<String, Kind>;

const AGGREGATES: [&str; 10] =
    ["count", "sum", "mean", "minimum", "maximum", "deviation", "distinct", "first_seen", "last_seen", "latest"];
/// The longest length of time, in milliseconds.
const LONGEST: i64 = 3_660 * 86_400_000;
const KNOWN: &str = "an aggregate, of, by, span, delay, closed, resolution, tumbling, offset, calendar, session, \
                     previous, only, sources, scale, default, minimum, maximum";

/// The words of a window, as they were written.
#[derive(Default)]
struct Words {
    aggregate: Option<Ident>,
    of: Option<Literal>,
    by: Vec<String>,
    spans: Vec<Span>,
    delay: Option<Literal>,
    resolution: Option<Literal>,
    offset: Option<Literal>,
    closed: Option<Ident>,
    previous: bool,
    only: Vec<Condition>,
    sources: Vec<String>,
}

/// Which events are covered.
enum Span {
    Sliding(Literal),
    Tumbling(Literal),
    Calendar(Ident, TokenStream),
    Session(Ident, TokenStream),
}

/// The JSON of the window's origin; the parameters that it names are added to `mentions`.
pub(crate) fn expand(
    attribute: &Attribute,
    all: Vec<Word>,
    shape: Option<&Shape>,
    operands: &Operands,
    bounds: &mut Bounds,
    mentions: &mut Vec<Mention>,
    errors: &mut Errors,
) -> String {
    let mut said = Words::default();
    for word in all {
        said.take(word, bounds, errors);
    }
    let Some(aggregate) = said.aggregate.clone() else {
        errors.at(attribute, format!("say what is computed first, one of {}", AGGREGATES.join(", ")));
        return String::from("{}");
    };
    let mut window = Object::new();
    window.text("aggregate", &aggregate.to_string());
    if let Some(of) = said.operand(&aggregate, errors) {
        check_operand(&aggregate, &of, said.of.as_ref(), operands, errors);
        window.text("of", &of);
    }
    if let Some(shape) = shape {
        check_type(&aggregate, shape, errors);
        if said.may_be_empty(&aggregate) && !shape.optional && bounds.default.is_none() {
            errors.at(
                &aggregate,
                format!("this window may be empty, and `{aggregate}` is absent then: use Option<…>, or give a default"),
            );
        }
    }
    if said.by.is_empty() {
        errors.at(&aggregate, "say whose events are counted: by = \"account\"");
    }
    window.put("by", texts(&said.by));
    window.put("span", said.span(&aggregate, errors));
    if said.previous {
        window.put("current", "false");
    }
    if !said.only.is_empty() {
        window.put("only", array(said.only.iter().map(|condition| &condition.json)));
    }
    if !said.sources.is_empty() {
        window.put("sources", texts(&said.sources));
    }
    mentions.extend(said.only.into_iter().filter_map(|condition| condition.mention));
    Object::new().put("window", window.end()).end()
}

impl Words {
    fn take(&mut self, word: Word, bounds: &mut Bounds, errors: &mut Errors) {
        let name = word.name();
        match (name.as_str(), word) {
            (aggregate, Word::Flag(ident)) if AGGREGATES.contains(&aggregate) => {
                if self.aggregate.replace(ident).is_some()
                    && let Some(second) = &self.aggregate
                {
                    errors.at(second, "a window computes one aggregate");
                }
            }
            ("closed", Word::Flag(ident)) => self.closed = Some(ident),
            ("previous", Word::Flag(_)) => self.previous = true,
            ("of", word) => set(&mut self.of, word, errors),
            ("delay", word) => set(&mut self.delay, word, errors),
            ("resolution", word) => set(&mut self.resolution, word, errors),
            ("offset", word) => set(&mut self.offset, word, errors),
            ("by", word) => self.by = host_names(word, errors),
            ("sources", word) => self.sources = host_names(word, errors),
            ("only", Word::Group(_, tokens)) => self.only = conditions(tokens, errors),
            ("span", Word::Value(_, length)) => self.spans.push(Span::Sliding(length)),
            ("tumbling", Word::Value(_, length)) => self.spans.push(Span::Tumbling(length)),
            ("calendar", Word::Group(ident, tokens)) => self.spans.push(Span::Calendar(ident, tokens)),
            ("session", Word::Group(ident, tokens)) => self.spans.push(Span::Session(ident, tokens)),
            (_, word) => {
                if let Some(other) = bounds.take(word, errors) {
                    unknown(&other, "window", KNOWN, errors);
                }
            }
        }
    }

    /// The field that is aggregated; some aggregates have none.
    fn operand(&self, aggregate: &Ident, errors: &mut Errors) -> Option<String> {
        let alone = aggregate == "count" || aggregate == "first_seen" || aggregate == "last_seen";
        match &self.of {
            Some(of) if alone => {
                errors.on(of.span(), format!("`{aggregate}` looks at events, not at a value: leave `of` out"));
                None
            }
            Some(of) => Some(quoted_of_host(of, errors)),
            None if alone => None,
            None => {
                errors.at(aggregate, format!("of which field? {aggregate}, of = \"amount\""));
                None
            }
        }
    }

    /// Whether there may be no event; the transaction itself is one, unless these words leave it out.
    fn may_be_empty(&self, aggregate: &Ident) -> bool {
        let counts = aggregate == "count" || aggregate == "sum" || aggregate == "distinct";
        let without_itself = self.previous || self.delay.is_some() || !self.only.is_empty() || !self.sources.is_empty();
        !counts && without_itself
    }

    fn span(&self, aggregate: &Ident, errors: &mut Errors) -> String {
        let [span] = self.spans.as_slice() else {
            let message = if self.spans.is_empty() {
                "say how far it reaches: span = \"1h\", tumbling = \"1h\", calendar(day, \"UTC\") or \
                 session(\"30m\", longest = \"1d\")"
            } else {
                "a window has one span"
            };
            errors.at(aggregate, message);
            return String::from("{}");
        };
        if !matches!(span, Span::Sliding(_)) {
            let places = [&self.delay, &self.resolution].into_iter().flatten().map(Literal::span);
            for place in places.chain(self.closed.as_ref().map(Ident::span)) {
                errors.on(place, "only a sliding window (span = \"…\") has delay, closed and resolution");
            }
        }
        if let Some(offset) = &self.offset
            && !matches!(span, Span::Tumbling(_))
        {
            errors.on(offset.span(), "only tumbling panes have an offset");
        }
        let mut inside = Object::new();
        let kind = match span {
            Span::Sliding(length) => {
                let reach = put_length(&mut inside, "length", length, 1, errors);
                if let Some(delay) = &self.delay {
                    put_length(&mut inside, "delay", delay, 1, errors);
                }
                if self.closed.is_some() {
                    inside.put("closed", "true");
                }
                if let Some(resolution) = &self.resolution
                    && put_length(&mut inside, "resolution", resolution, 1, errors) > reach
                {
                    errors.on(resolution.span(), "the resolution is longer than the window");
                }
                "sliding"
            }
            Span::Tumbling(length) => {
                let pane = put_length(&mut inside, "length", length, 1, errors);
                if let Some(offset) = &self.offset
                    && put_length(&mut inside, "offset", offset, 0, errors) >= pane
                {
                    errors.on(offset.span(), "the offset is shorter than a pane");
                }
                "tumbling"
            }
            Span::Calendar(ident, tokens) => {
                calendar(&mut inside, ident, tokens.clone(), errors);
                "calendar"
            }
            Span::Session(ident, tokens) => {
                session(&mut inside, ident, tokens.clone(), errors);
                "session"
            }
        };
        Object::new().put(kind, inside.end()).end()
    }
}

/// Whether the aggregate of a field that this struct reads too can be exact.
fn check_operand(aggregate: &Ident, of: &str, place: Option<&Literal>, operands: &Operands, errors: &mut Errors) {
    let exact = aggregate == "sum" || aggregate == "mean" || aggregate == "deviation";
    if let (true, Some(Kind::Number), Some(place)) = (exact, operands.get(of), place) {
        errors.on(
            place.span(),
            format!("`{of}` is read as f64 here, and a running float {aggregate} would depend on history: declare it Decimal"),
        );
    }
}

/// Whether the type can hold what the aggregate gives.
fn check_type(aggregate: &Ident, shape: &Shape, errors: &mut Errors) {
    let integer = matches!(shape.kind, Kind::Integer { .. });
    let mend = match aggregate.to_string().as_str() {
        "count" | "distinct" if !integer && !matches!(shape.kind, Kind::Number | Kind::Decimal) => {
            "is a whole number: use u64"
        }
        "sum" if shape.kind == Kind::Number => {
            "of floats would depend on history: use Decimal, or i64 for whole numbers"
        }
        "sum" if !integer && shape.kind != Kind::Decimal => "is exact: use Decimal, or i64 for whole numbers",
        "mean" | "deviation" if shape.kind != Kind::Number => "is a rounded number: use f64",
        "minimum" | "maximum" if !shape.kind.ordered() => "needs an order: use a number, a Decimal or an Instant",
        "first_seen" | "last_seen" if shape.kind != Kind::Instant => "is a time: use Instant",
        _ => return,
    };
    errors.at(&shape.inner, format!("`{aggregate}` {mend}"));
}

/// One name, or several in parentheses.
fn host_names(word: Word, errors: &mut Errors) -> Vec<String> {
    match word {
        Word::Value(_, Literal::List(_, list)) => list.iter().map(|name| quoted_of_host(name, errors)).collect(),
        Word::Value(_, literal) => vec![quoted_of_host(&literal, errors)],
        Word::Group(_, tokens) => {
            let mut names = Vec::new();
            for word in words(tokens, errors) {
                match word {
                    Word::Bare(literal) => names.push(quoted_of_host(&literal, errors)),
                    other => errors.on(other.span(), "a name in quotes is expected here"),
                }
            }
            names
        }
        other => {
            let name = other.name();
            errors.on(other.span(), format!("a name is missing: {name} = \"…\""));
            Vec::new()
        }
    }
}

/// Writes a length of time, and gives its milliseconds if it is one.
fn put_length(object: &mut Object, name: &str, literal: &Literal, least: i64, errors: &mut Errors) -> Option<i64> {
    let length = literal.text().map(syn::LitStr::value).and_then(|text| match time::length(&text) {
        Ok(millis) if millis < least => Err(literal.wrong("a length of time is at least a millisecond")),
        Ok(millis) if millis > LONGEST => Err(literal.wrong("a window reaches back at most 3660 days")),
        Ok(millis) => Ok((text, millis)),
        Err(message) => Err(literal.wrong(message)),
    });
    let (text, millis) = errors.keep(length)?;
    object.text(name, &text);
    Some(millis)
}

/// `calendar(day, "Asia/Shanghai")`
fn calendar(object: &mut Object, ident: &Ident, tokens: TokenStream, errors: &mut Errors) {
    let said = words(tokens, errors);
    let [Word::Flag(unit), Word::Bare(zone)] = said.as_slice() else {
        errors.at(ident, "write a unit and a zone: calendar(day, \"Asia/Shanghai\")");
        return;
    };
    if !["hour", "day", "week", "month"].iter().any(|known| unit == known) {
        errors.at(unit, format!("`{unit}` is no unit of a calendar: hour, day, week, month"));
    }
    let zone = quoted_of_host(zone, errors);
    object.text("unit", &unit.to_string()).put("zone", json::text(&zone));
}

/// `session("30m", longest = "1d")`
fn session(object: &mut Object, ident: &Ident, tokens: TokenStream, errors: &mut Errors) {
    let said = words(tokens, errors);
    match said.as_slice() {
        [Word::Bare(gap), Word::Value(name, longest)] if name == "longest" => {
            let silence = put_length(object, "gap", gap, 1, errors);
            if put_length(object, "longest", longest, 1, errors).is_some_and(|longest| silence > Some(longest)) {
                errors.on(longest.span(), "the longest session is not shorter than its silences");
            }
        }
        _ => errors.at(ident, "write the longest silence and the longest session: session(\"30m\", longest = \"1d\")"),
    }
}
