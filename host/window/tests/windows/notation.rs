//! Timelines as text, for people who know payments and not this crate.
//!
//! ```text
//! lateness 1h
//! window count by account, sliding 1m
//! window sum of amount by account, day in Asia/Shanghai, only kind any of pay|refund, without itself
//! 2026-03-29
//! 09:00:00  a  pay 10               → 1, 0.00
//! 09:00:59  a  pay 20  device=d1    → 2, 10.00     # what stands behind a hash is for people
//! ```
//!
//! A row is a time (UTC, or with an offset), the account, the kind, the amount, and
//! other fields by name. `-` is absent, `?` cannot be read, `x*1025` is a long text,
//! `red/a` is the account of the tenant red, `(settlements)` stands before a record
//! that is observed, `40×` before a row that is repeated. Behind the arrow stand the
//! answers of the windows in their order, of the last repetition: a value, `–` for
//! an empty window, `no key`, `bad amount`, `long device`; `late` before them all.
//! `commit`, `settle` and `abort` are what the lane does in between.

use sandgate_model::instant::Unit;
use sandgate_model::manifest::{Aggregate, CalendarUnit, Span, Test};
use sandgate_model::quantity::parse_duration;
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::{Cell, Declared};

/// The fields of every record here; the first three have places of their own in a row.
pub(crate) const FIELDS: [(&str, Kind); 8] = [
    ("account", Kind::Text),
    ("kind", Kind::Text),
    ("amount", Kind::Decimal { scale: 2 }),
    ("device", Kind::Text),
    ("items", Kind::Integer),
    ("rate", Kind::Number),
    ("seen", Kind::Instant),
    ("fresh", Kind::Flag),
];
pub(crate) const SOURCES: [&str; 3] = ["payments", "settlements", "prices"];
pub(crate) const AGGREGATES: [(&str, Aggregate); 10] = [
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("mean", Aggregate::Mean),
    ("minimum", Aggregate::Minimum),
    ("maximum", Aggregate::Maximum),
    ("deviation", Aggregate::Deviation),
    ("distinct", Aggregate::Distinct),
    ("first seen", Aggregate::FirstSeen),
    ("last seen", Aggregate::LastSeen),
    ("latest", Aggregate::Latest),
];
pub(crate) const UNITS: [(&str, CalendarUnit); 4] = [
    ("hour", CalendarUnit::Hour),
    ("day", CalendarUnit::Day),
    ("week", CalendarUnit::Week),
    ("month", CalendarUnit::Month),
];

/// A stream of records with the windows over it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    pub(crate) lateness: i64,
    pub(crate) windows: Vec<Declared>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Record(Record),
    /// What was taken so far will not be taken back.
    Commit,
    /// What no window can reach since the last commit is dropped.
    Settle,
    /// What was taken since the last commit is taken back.
    Abort,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) repeated: usize,
    pub(crate) tenant: String,
    pub(crate) source: usize,
    pub(crate) time: i64,
    pub(crate) cells: Vec<Held>,
    /// What it should be told: the text behind the arrow.
    pub(crate) told: Option<String>,
}

/// A cell that owns its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    Absent,
    Misread,
    Value(Value),
}

impl Held {
    pub(crate) fn cell(&self) -> Cell<'_> {
        match self {
            Held::Absent => Cell::Absent,
            Held::Misread => Cell::Misread,
            Held::Value(value) => Cell::Value(value.borrowed()),
        }
    }
}

pub(crate) fn kinds() -> [Kind; 8] {
    FIELDS.map(|(_, kind)| kind)
}

/// Reads a timeline, or panics with the line that is none.
pub(crate) fn read(text: &str) -> Timeline {
    let mut timeline = Timeline { lateness: 7 * 86_400_000, windows: Vec::new(), steps: Vec::new() };
    let mut date = "2026-01-01".to_owned();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "lateness" => timeline.lateness = length(rest),
            "window" => timeline.windows.push(window(rest)),
            "commit" => timeline.steps.push(Step::Commit),
            "settle" => timeline.steps.push(Step::Settle),
            "abort" => timeline.steps.push(Step::Abort),
            word if rest.is_empty() && word.len() == date.len() => date = word.to_owned(),
            _ => timeline.steps.push(Step::Record(record(line, &date))),
        }
    }
    timeline
}

fn record(line: &str, date: &str) -> Record {
    let (row, told) = line.split_once('→').map_or((line, None), |(row, told)| (row, Some(spaced(told))));
    let mut words = row.split_whitespace().peekable();
    let mut next = || words.next().unwrap_or_else(|| panic!("a row ends too early: {line}"));
    let mut word = next();
    let repeated = word.strip_suffix('×').map_or(1, |times| times.parse().expect(line));
    if repeated > 1 {
        word = next();
    }
    let time = instant(date, word);
    let mut account = next();
    let mut source = 0;
    if let Some(name) = account.strip_prefix('(').and_then(|name| name.strip_suffix(')')) {
        source = place(&SOURCES, name);
        account = next();
    }
    let (tenant, account) = account.split_once('/').unwrap_or(("", account));
    let mut cells = vec![Held::Absent; FIELDS.len()];
    for (field, text) in [account, next(), next()].into_iter().enumerate() {
        cells[field] = held(text, field);
    }
    for word in words {
        let (name, text) = word.split_once('=').unwrap_or_else(|| panic!("{word:?} is no field: {line}"));
        let field = field(name);
        cells[field] = held(text, field);
    }
    Record { repeated, tenant: tenant.to_owned(), source, time, cells, told }
}

/// The words of a text with one space between them.
pub(crate) fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A time such as `09:00`, `09:00:00.250` or `02:30:00+02:00`, of that place's date.
fn instant(date: &str, text: &str) -> i64 {
    let (clock, offset) = match text.rfind(['+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, "Z"),
    };
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let written = format!("{date}T{clock}{seconds}{offset}");
    Instant::parse(&written, Unit::Rfc3339).unwrap_or_else(|error| panic!("{written} {error}")).millis()
}

fn held(text: &str, field: usize) -> Held {
    match text {
        "-" => Held::Absent,
        "?" => Held::Misread,
        text => Held::Value(value(text, field)),
    }
}

fn value(text: &str, field: usize) -> Value {
    let read = match FIELDS[field].1 {
        Kind::Flag => text.parse().ok().map(Value::Flag),
        Kind::Integer => text.parse().ok().map(Value::Integer),
        Kind::Number => text.parse().ok().map(Value::Number),
        Kind::Decimal { scale } => Decimal::parse(text, scale).ok().map(Value::Decimal),
        Kind::Instant => Instant::parse_rfc3339(text).ok().map(Value::Instant),
        Kind::Text => Some(Value::Text(match text.split_once('*') {
            Some((text, times)) => text.repeat(times.parse().expect("how long it is")),
            None => text.to_owned(),
        })),
    };
    read.unwrap_or_else(|| panic!("{text:?} is no {}", FIELDS[field].1))
}

fn length(text: &str) -> i64 {
    parse_duration(text).unwrap_or_else(|error| panic!("{text:?} {error}")).as_millis() as i64
}

fn field(name: &str) -> usize {
    place(&FIELDS.map(|(name, _)| name), name)
}

fn place(known: &[&str], name: &str) -> usize {
    known.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name:?} is none of {known:?}"))
}

fn window(text: &str) -> Declared {
    let mut clauses = text.split(", ").map(str::trim);
    let (computes, by) = clauses.next().and_then(|clause| clause.split_once(" by ")).expect("a window has a key");
    let (aggregate, of) = computes.split_once(" of ").map_or((computes, None), |(word, of)| (word, Some(field(of))));
    let by = by.split('+').map(field).collect();
    let aggregate = AGGREGATES[place(&AGGREGATES.map(|(word, _)| word), aggregate)].1;
    let span = span(clauses.next().expect("a window has a span"));
    let mut window = Declared { by, aggregate, of, span, current: true, only: Vec::new(), sources: 1 };
    for clause in clauses {
        let (word, rest) = clause.split_once(' ').expect("a clause has two words");
        match word {
            "without" => window.current = false,
            "from" => window.sources = rest.split('|').fold(0, |bits, name| bits | 1 << place(&SOURCES, name)),
            "only" => window.only.push(condition(rest)),
            _ => panic!("{clause:?} is no clause of a window"),
        }
    }
    window
}

fn condition(text: &str) -> (usize, Test) {
    let (name, asks) = text.split_once(' ').expect("a condition names a field");
    let field = field(name);
    let values = |text: &str| text.split('|').map(|text| value(text, field)).collect();
    let test = match asks.splitn(3, ' ').collect::<Vec<_>>()[..] {
        ["any", "of", text] => Test::AnyOf(values(text)),
        ["none", "of", text] => Test::NoneOf(values(text)),
        ["at", "least", text] => Test::AtLeast(value(text, field)),
        ["below", text] => Test::Below(value(text, field)),
        _ => panic!("{text:?} is no condition"),
    };
    (field, test)
}

fn span(text: &str) -> Span {
    let words: Vec<&str> = text.split_whitespace().collect();
    // what stands behind a word, as in `delay 10s`
    let behind = |word: &str| words.iter().position(|known| *known == word).map(|at| words[at + 1]);
    match words[0] {
        "sliding" => Span::Sliding {
            length: length(words[1]),
            delay: behind("delay").map_or(0, length),
            closed: words.contains(&"closed"),
            resolution: behind("resolution").map(length),
        },
        "tumbling" => Span::Tumbling { length: length(words[1]), offset: behind("offset").map_or(0, length) },
        "session" => {
            Span::Session { gap: length(words[1]), longest: length(behind("longest").expect("a longest session")) }
        }
        unit => Span::Calendar {
            unit: UNITS[place(&UNITS.map(|(word, _)| word), unit)].1,
            zone: behind("in").expect("a calendar has a zone").to_owned(),
        },
    }
}
