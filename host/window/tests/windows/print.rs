//! Timelines back to text: what [`crate::notation`] reads again.

use crate::notation::{AGGREGATES, FIELDS, Held, Record, SOURCES, Step, Timeline, UNITS};
use sandgate_model::manifest::{Aggregate, Span, Test};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_window::{Bad, Declared, Why};
use std::fmt;

/// What a window tells a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Empty,
    /// A part of the key is absent.
    NoKey,
    Bad(Bad),
    /// Whole numbers, units of decimals, milliseconds.
    Integer(i128),
    Number(f64),
    Value(Value),
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "lateness {}", length(self.lateness))?;
        for window in &self.windows {
            writeln!(f, "window {}", shown_window(window))?;
        }
        let mut date = String::new();
        for step in &self.steps {
            match step {
                Step::Commit => writeln!(f, "commit")?,
                Step::Settle => writeln!(f, "settle")?,
                Step::Abort => writeln!(f, "abort")?,
                Step::Record(record) => {
                    let (day, clock) = day_and_clock(record.time);
                    if day != date {
                        writeln!(f, "{day}")?;
                        date = day;
                    }
                    writeln!(f, "{}", row(record, &clock))?;
                }
            }
        }
        Ok(())
    }
}

fn row(record: &Record, clock: &str) -> String {
    let Record { repeated, tenant, source, cells, told, .. } = record;
    let mut row = if *repeated > 1 { format!("{repeated}× ") } else { String::new() };
    row += clock;
    if *source > 0 {
        row += &format!("  ({})", SOURCES[*source]);
    }
    row += &if tenant.is_empty() { "  ".to_owned() } else { format!("  {tenant}/") };
    row += &format!("{}  {} {}", held(&cells[0]), held(&cells[1]), held(&cells[2]));
    for ((name, _), cell) in FIELDS.iter().zip(cells).skip(3).filter(|(_, cell)| **cell != Held::Absent) {
        row += &format!("  {name}={}", held(cell));
    }
    if let Some(told) = told {
        row += &format!("  → {told}");
    }
    row
}

/// What a record is told, as it stands behind the arrow.
pub(crate) fn telling(windows: &[Declared], time: i64, late: bool, told: &[Told]) -> String {
    let answers: Vec<_> = windows.iter().zip(told).map(|(window, told)| answer(window, time, told)).collect();
    format!("{}{}", if late { "late " } else { "" }, answers.join(", "))
}

fn answer(window: &Declared, time: i64, told: &Told) -> String {
    let kind = window.of.map(|field| FIELDS[field].1);
    match (told, window.aggregate, kind) {
        (Told::Empty, ..) => "–".to_owned(),
        (Told::NoKey, ..) => "no key".to_owned(),
        (Told::Bad(Bad { field, why, .. }), ..) => match why {
            Why::Misread => format!("bad {}", FIELDS[*field].0),
            Why::TooLong { .. } => format!("long {}", FIELDS[*field].0),
        },
        (Told::Integer(millis), Aggregate::FirstSeen | Aggregate::LastSeen, _) => moment(*millis as i64, time),
        (Told::Integer(count), Aggregate::Count | Aggregate::Distinct, _) => count.to_string(),
        (Told::Integer(millis), _, Some(Kind::Instant)) => moment(*millis as i64, time),
        (Told::Integer(units), _, Some(Kind::Decimal { scale })) => match i64::try_from(*units) {
            Ok(units) => Decimal { units, scale }.to_string(),
            Err(_) => format!("{units} units"),
        },
        (Told::Integer(integer), ..) => integer.to_string(),
        (Told::Number(number), ..) => number.to_string(),
        (Told::Value(Value::Instant(instant)), ..) => moment(instant.millis(), time),
        (Told::Value(value), ..) => held(&Held::Value(value.clone())),
    }
}

/// A point in time, without the date where that is the record's own.
fn moment(millis: i64, time: i64) -> String {
    let ((day, clock), (today, _)) = (day_and_clock(millis), day_and_clock(time));
    if day == today { clock } else { format!("{day}T{clock}") }
}

/// `2026-01-01` and `09:00:00`.
fn day_and_clock(millis: i64) -> (String, String) {
    let text = Instant::from_millis(millis).expect("a time that can be written").to_string();
    let (day, clock) = text.trim_end_matches('Z').split_once('T').expect("a day and a time");
    (day.to_owned(), clock.trim_end_matches(".000").to_owned())
}

fn held(cell: &Held) -> String {
    match cell {
        Held::Absent => "-".to_owned(),
        Held::Misread => "?".to_owned(),
        Held::Value(Value::Text(text)) => match text.chars().next() {
            Some(first) if text.len() > 40 => format!("{first}*{}", text.len()),
            _ => text.clone(),
        },
        Held::Value(value) => value.to_string(),
    }
}

/// A length of time in its largest unit.
pub(crate) fn length(millis: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let fits = units.into_iter().find(|(_, unit)| millis % unit == 0 && millis >= *unit);
    fits.map_or("0ms".to_owned(), |(word, unit)| format!("{}{word}", millis / unit))
}

fn shown_window(window: &Declared) -> String {
    let aggregate = AGGREGATES.iter().find(|(_, known)| *known == window.aggregate).expect("an aggregate").0;
    let of = window.of.map_or(String::new(), |field| format!(" of {}", FIELDS[field].0));
    let by: Vec<_> = window.by.iter().map(|field| FIELDS[*field].0).collect();
    let mut text = format!("{aggregate}{of} by {}, {}", by.join("+"), span(&window.span));
    for (field, test) in &window.only {
        text += &format!(", only {} {}", FIELDS[*field].0, condition(test));
    }
    if !window.current {
        text += ", without itself";
    }
    if window.sources != 1 {
        let names = SOURCES.iter().enumerate().filter(|(at, _)| window.sources >> at & 1 == 1);
        text += &format!(", from {}", names.map(|(_, name)| *name).collect::<Vec<_>>().join("|"));
    }
    text
}

fn condition(test: &Test) -> String {
    let one = |value: &Value| held(&Held::Value(value.clone()));
    let all = |values: &[Value]| values.iter().map(one).collect::<Vec<_>>().join("|");
    match test {
        Test::AnyOf(values) => format!("any of {}", all(values)),
        Test::NoneOf(values) => format!("none of {}", all(values)),
        Test::AtLeast(value) => format!("at least {}", one(value)),
        Test::Below(value) => format!("below {}", one(value)),
        Test::Set(_, parameter) => unreachable!("{parameter} is set before a window is planned"),
    }
}

fn span(span: &Span) -> String {
    match span {
        Span::Sliding { length: long, delay, closed, resolution } => {
            let delay = if *delay > 0 { format!(" delay {}", length(*delay)) } else { String::new() };
            let resolution = resolution.map_or(String::new(), |width| format!(" resolution {}", length(width)));
            format!("sliding {}{delay}{}{resolution}", length(*long), if *closed { " closed" } else { "" })
        }
        Span::Tumbling { length: long, offset: 0 } => format!("tumbling {}", length(*long)),
        Span::Tumbling { length: long, offset } => format!("tumbling {} offset {}", length(*long), length(*offset)),
        Span::Calendar { unit, zone } => {
            let word = UNITS.iter().find(|(_, known)| known == unit).expect("a unit").0;
            format!("{word} in {zone}")
        }
        Span::Session { gap, longest } => format!("session {} longest {}", length(*gap), length(*longest)),
    }
}
